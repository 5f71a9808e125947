import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_profiler.machine import SPOILING, worst
from ratchet_profiler.record import Accelerator, Environment, MachineState, comparability_key, spoilt_by

GIB = 2**30
H100 = Environment(
    hardware="h100",
    accelerator=Accelerator(name="NVIDIA H100 80GB HBM3", count=2, memory_bytes=85_520_809_984),
    driver="570.86.15",
    cuda="12.8",
    torch="2.13.0+cu128",
    python="3.11.7",
)
ASCEND = Environment(
    hardware="ascend",
    accelerator=Accelerator(name="Ascend 910B3", count=1, memory_bytes=64 * GIB),
    driver="24.1.rc2",
    cann="8.3.RC1",
    torch="2.10.0",
    python="3.11.7",
)
CPU = Environment(hardware="cpu", torch="2.13.0+cpu", python="3.11.7")

STATES = st.builds(
    MachineState,
    clock_mhz=st.none() | st.integers(0, 3000),
    temperature_celsius=st.none() | st.floats(0, 120),
    throttle_reasons=st.lists(st.sampled_from([*sorted(SPOILING), "sw_power_cap"]), max_size=4).map(tuple),
    other_processes=st.none() | st.integers(0, 9),
)


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        (
            H100,
            "NVIDIA H100 80GB HBM3 x2 80 GiB | driver 570 | cuda 12.8 | torch 2.13 | device-events | 0123abc",
        ),
        (ASCEND, "Ascend 910B3 x1 64 GiB | driver 24 | cann 8.3.RC1 | torch 2.10 | device-events | 0123abc"),
        (CPU, "cpu | no driver | no cuda | torch 2.13 | device-events | 0123abc"),
        (
            Environment(hardware="x", accelerator=Accelerator(name="X", count=1), python="3.11.7"),
            "X x1 ? | driver ? | cuda or cann ? | torch ? | device-events | 0123abc",
        ),
    ],
)
def test_the_key_reads_as_a_line(environment: Environment, key: str):
    """Everything by which times are compared, and a question mark for what is unknown."""
    assert comparability_key(environment, "device-events", "0123abc") == key


def test_the_key_of_a_run_has_no_configuration():
    """It is the beginning of its scenarios' keys."""
    whole = comparability_key(H100, "host")
    assert whole == "NVIDIA H100 80GB HBM3 x2 80 GiB | driver 570 | cuda 12.8 | torch 2.13 | host"
    assert comparability_key(H100, "host", "0123abcd") == f"{whole} | 0123abcd"


@pytest.mark.parametrize(
    "change",
    [
        {"driver": "570.124.06"},
        {"torch": "2.13.1+cu128"},
        {"python": "3.12.1"},
        {"image": "other"},
        {"runner": "gpu-07"},
        {"state": MachineState(temperature_celsius=80.0)},
        {"accelerator": Accelerator(name="NVIDIA H100 80GB HBM3", count=2, memory_bytes=84_900_000_000)},
    ],
)
def test_what_does_not_change_times_leaves_the_key(change: dict):
    """Patch versions, Python, the names of image and runner, the moment's state, a driver that keeps more."""
    assert comparability_key(H100.model_copy(update=change), "host") == comparability_key(H100, "host")


@pytest.mark.parametrize(
    "change",
    [
        {"driver": "580.65.06"},
        {"torch": "2.14.0"},
        {"cuda": "13.0"},
        {"accelerator": Accelerator(name="NVIDIA H100 80GB HBM3", count=1, memory_bytes=85_520_809_984)},
        {"accelerator": Accelerator(name="NVIDIA H100 NVL", count=2, memory_bytes=85_520_809_984)},
        {"accelerator": Accelerator(name="NVIDIA H100 80GB HBM3", count=2, memory_bytes=94 * GIB)},
    ],
)
def test_what_changes_times_changes_the_key(change: dict):
    """Another device, another number of them, another major driver, toolkit, or minor torch."""
    assert comparability_key(H100.model_copy(update=change), "host") != comparability_key(H100, "host")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (MachineState(), ""),
        (MachineState(other_processes=0, throttle_reasons=("applications_clocks_setting",)), ""),
        (MachineState(throttle_reasons=("sw_power_cap",)), ""),
        (MachineState(throttle_reasons=("health_warning",)), ""),
        (
            MachineState(throttle_reasons=("sw_power_cap", "sw_thermal_slowdown", "hw_slowdown")),
            "the device was throttled: hw_slowdown, sw_thermal_slowdown",
        ),
        (MachineState(throttle_reasons=("health_alarm",)), "the device was throttled: health_alarm"),
        (MachineState(other_processes=1), "the device was shared with 1 other process"),
        (MachineState(other_processes=3), "the device was shared with 3 other processes"),
    ],
)
def test_heat_power_faults_and_company_spoil_times(state: MachineState, reason: str):
    """A power cap and chosen clocks do not: that is how a healthy device runs a large model."""
    assert spoilt_by(state) == reason


@given(st.lists(STATES, min_size=1, max_size=5))
def test_the_worst_forgives_nothing(states: list[MachineState]):
    """It is spoilt when one of its states is, in whatever order, and looking twice changes nothing."""
    whole = worst(states)
    assert bool(spoilt_by(whole)) == any(spoilt_by(state) for state in states)
    assert spoilt_by(worst(states[::-1])) == spoilt_by(whole)
    assert worst([whole, whole]) == whole
    for state in states:
        assert set(state.throttle_reasons) <= set(whole.throttle_reasons)
