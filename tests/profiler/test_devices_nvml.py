import importlib
import inspect
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from ratchet_profiler.devices import GUEST, HIDDEN, Family
from ratchet_profiler.devices.nvml import report, throttle_names
from ratchet_profiler.environment import Watch

OURS, THEIRS = 100, 200
BEFORE = Family(frozenset({OURS}), begun=False)
AFTER = Family(frozenset({OURS}), begun=True)


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """NVML with one healthy H100."""
    monkeypatch.syspath_prepend(Path(__file__).with_name("nvml_fake"))
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    fake = importlib.import_module("pynvml")
    fake.devices.append(fake.device())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    yield fake
    del sys.modules["pynvml"]
    assert fake.open_sessions == 0, "each look ends its session, also when NVML refuses something"


@pytest.mark.usefixtures("nvml")
def test_a_healthy_device_says_everything():
    """Product, memory, driver, clocks, temperature; an idle device is not throttled; nothing is absent."""
    found = report(BEFORE, {})
    assert (found.accelerator.name, found.accelerator.count) == ("NVIDIA H100 80GB HBM3", 1)
    assert found.accelerator.memory_bytes == 85_520_809_984
    assert (found.driver, dict(found.absent)) == ("570.86.15", {})
    assert found.state.model_dump() == {
        "clock_mhz": 1755,
        "max_clock_mhz": 1980,
        "memory_clock_mhz": 2619,
        "max_memory_clock_mhz": 2619,
        "temperature_celsius": 41.0,
        "throttle_reasons": (),
        "other_processes": 0,
    }


@pytest.mark.parametrize(
    ("bits", "names"),
    [
        (0x0, ()),
        (0x1, ()),
        (0x4, ("sw_power_cap",)),
        (0x48, ("hw_slowdown", "hw_thermal_slowdown")),
        (0x1FF, (
            "applications_clocks_setting", "sw_power_cap", "hw_slowdown", "sync_boost", "sw_thermal_slowdown",
            "hw_thermal_slowdown", "hw_power_brake_slowdown", "display_clock_setting",
        )),
        (0x1404, ("sw_power_cap", "reason_0x1400")),
    ],
)  # fmt: skip
def test_throttle_bits_have_names(bits: int, names: tuple[str, ...]):
    """By NVML's documentation; idle is no reason, and a bit of the future is not swallowed."""
    assert throttle_names(bits) == names


def test_only_visible_devices_count(nvml: ModuleType):
    """By index and by UUID, in that order; a throttled device that is not visible is not ours."""
    nvml.devices[:] = [
        nvml.device(reasons=0x40, pids=[THEIRS]),
        nvml.device(uuid="GPU-1", celsius=50, clocks={1: 1500, 2: 2619}),
        nvml.device(uuid="GPU-2", celsius=70, clocks={1: 1980, 2: 2619}),
    ]
    found = report(BEFORE, {"CUDA_VISIBLE_DEVICES": "GPU-2, 1"})
    assert found.accelerator.count == 2
    assert (found.state.temperature_celsius, found.state.clock_mhz) == (70.0, 1980)
    assert (found.state.throttle_reasons, found.state.other_processes) == ((), 0)


def test_the_worst_of_all_devices_is_told(nvml: ModuleType):
    """Reasons are gathered and processes of others are those of the fullest device."""
    nvml.devices[:] = [
        nvml.device(reasons=0x4, pids=[THEIRS]),
        nvml.device(reasons=0x24, pids=[THEIRS, THEIRS + 1]),
    ]
    found = report(BEFORE, {})
    assert found.state.throttle_reasons == ("sw_power_cap", "sw_thermal_slowdown")
    assert found.state.other_processes == 2


@pytest.mark.parametrize(
    ("family", "pids", "others", "reason"),
    [
        (BEFORE, [], 0, None),
        (BEFORE, [THEIRS], 1, None),
        (AFTER, [OURS], 0, None),
        (AFTER, [OURS, THEIRS], 1, None),
        (AFTER, [], 0, None),
        (AFTER, [THEIRS], None, HIDDEN),
        (Family(frozenset({OURS}), begun=False, has_guest=True), [THEIRS], None, GUEST),
    ],
)
def test_others_are_told_from_ours(
    nvml: ModuleType, family: Family, pids: list[int], others: int | None, reason: str | None
):
    """Before the run all are others'; later only when ours is seen; an engine of ours may run already."""
    nvml.devices[0]["pids"] = pids
    found = report(family, {})
    assert found.state.other_processes == others
    assert found.absent.get("other_processes") == reason


def test_what_a_device_does_not_support_is_absent_with_its_reason(nvml: ModuleType):
    """The other values are there all the same."""
    nvml.refuses |= {"nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetViolationStatus"}
    found = report(BEFORE, {})
    assert dict(found.absent) == {"throttle_reasons": "NVML: Not Supported"}
    assert (found.state.clock_mhz, found.thermal_violation_ns) == (1755, 0)


def test_a_machine_without_nvml_says_so(nvml: ModuleType):
    """Every value has the reason."""
    nvml.loads = False
    found = report(BEFORE, {})
    assert set(found.absent.values()) == {"no NVML on this machine: NVML Shared Library Not Found"}
    assert {"accelerator", "driver", "clock_mhz", "throttle_reasons"} < set(found.absent)


@pytest.mark.usefixtures("nvml")
@pytest.mark.parametrize(
    ("visible", "reason"),
    [
        ("", "CUDA_VISIBLE_DEVICES leaves no device visible"),
        ("7", "NVML finds no device: Invalid Argument"),
        ("GPU-9", "NVML finds no device: Not Found"),
    ],
)
def test_a_device_that_is_not_there_is_no_crash(visible: str, reason: str):
    """A wrong CUDA_VISIBLE_DEVICES is told, not raised: the engine will say it louder."""
    assert set(report(BEFORE, {"CUDA_VISIBLE_DEVICES": visible}).absent.values()) == {reason}


def test_without_the_package_it_is_named(monkeypatch: pytest.MonkeyPatch):
    """And how to get it."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    reason = "nvidia-ml-py is not installed; pip install nvidia-ml-py"
    assert set(report(BEFORE, {}).absent.values()) == {reason}


def test_the_fake_has_the_functions_of_the_real_binding(nvml: ModuleType):
    """What we call exists there, and takes what we give it."""
    del sys.modules["pynvml"]
    fake_folder = sys.path.pop(0)
    real = pytest.importorskip("pynvml")
    sys.path.insert(0, fake_folder)
    ours = {name: value for name, value in vars(nvml).items() if name.startswith("nvml") and callable(value)}
    for name, function in ours.items():
        inspect.signature(getattr(real, name)).bind(*inspect.signature(function).parameters)
    assert (real.NVML_CLOCK_SM, real.NVML_CLOCK_MEM, real.NVML_TEMPERATURE_GPU) == (1, 2, 0)
    assert real.NVML_PERF_POLICY_THERMAL == 1


def test_a_throttle_seen_once_stays(nvml: ModuleType):
    """Hot in the middle, cool at the end: the run was throttled; clocks are the last ones."""
    watch = Watch("h100", "cuda", {})
    nvml.devices[0] |= {"reasons": 0x40, "celsius": 88, "pids": [os.getpid()]}
    watch.look()
    nvml.devices[0] |= {"reasons": 0x1, "celsius": 60, "clocks": {1: 345, 2: 2619}}
    state = watch.look().state
    assert state.throttle_reasons == ("hw_thermal_slowdown",)
    assert (state.temperature_celsius, state.clock_mhz, state.other_processes) == (88.0, 345, 0)


@pytest.mark.parametrize(("grown_ns", "reasons"), [(10_000_000, ()), (10_000_001, ("thermal_violation",))])
def test_heat_between_two_looks_is_seen(nvml: ModuleType, grown_ns: int, reasons: tuple[str, ...]):
    """By the device's own counter, of which what it had before the run does not count."""
    nvml.devices[0]["heat_ns"] = 5_000_000_000
    watch = Watch("h100", "cuda", {})
    nvml.devices[0]["heat_ns"] += grown_ns
    assert watch.look().state.throttle_reasons == reasons


@pytest.mark.usefixtures("nvml")
def test_the_environment_has_the_device():
    """Device, driver and what is absent; torch of this machine has no CUDA, and that is said too."""
    variables = {"PERF_RATCHET_IMAGE": "lmsys/sglang:v1", "RUNNER_NAME": "gpu-07"}
    found = Watch("h100", "cuda", variables).look()
    assert (found.accelerator.name, found.driver) == ("NVIDIA H100 80GB HBM3", "570.86.15")
    assert (found.cuda, found.image, found.runner) == (None, "lmsys/sglang:v1", "gpu-07")
    assert dict(found.absent) == {
        "cuda": "torch has no CUDA device here",
        "cann": "the device is not Ascend's",
    }
