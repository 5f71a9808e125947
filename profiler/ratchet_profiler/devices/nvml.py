"""NVIDIA devices, asked through NVML, the library of nvidia-smi, by its binding nvidia-ml-py."""

import os
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from ratchet_profiler.devices import DeviceReport, Family, nothing_known
from ratchet_profiler.machine import Accelerator, MachineState, worst

THROTTLE_BITS: Final = (
    (0x2, "applications_clocks_setting"),
    (0x4, "sw_power_cap"),
    (0x8, "hw_slowdown"),
    (0x10, "sync_boost"),
    (0x20, "sw_thermal_slowdown"),
    (0x40, "hw_thermal_slowdown"),
    (0x80, "hw_power_brake_slowdown"),
    (0x100, "display_clock_setting"),
)
"""Bits of NVML's clocks event reasons. 0x1 is an idle device, which holds nothing back.

Source: https://docs.nvidia.com/deploy/nvml-api/group__nvmlClocksEventReasons.html
"""
THERMAL_POLICY: Final = 1
"""NVML_PERF_POLICY_THERMAL: how long heat kept the device below its clocks, in nanoseconds."""


def report(family: Family, variables: Mapping[str, str] = os.environ) -> DeviceReport:
    """Return what NVML says of the devices that CUDA_VISIBLE_DEVICES leaves visible; without it, of all."""
    try:
        import pynvml  # noqa: PLC0415 - an optional package
    except ImportError:
        return nothing_known("nvidia-ml-py is not installed; pip install nvidia-ml-py")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return nothing_known(f"no NVML on this machine: {error}")
    try:
        return _report(pynvml, family, variables.get("CUDA_VISIBLE_DEVICES"))
    except pynvml.NVMLError as error:
        return nothing_known(f"NVML finds no device: {error}")
    finally:
        pynvml.nvmlShutdown()


def _report(nvml: ModuleType, family: Family, visible: str | None) -> DeviceReport:
    handles = _handles(nvml, visible)
    if not handles:
        return nothing_known("CUDA_VISIBLE_DEVICES leaves no device visible")
    asked = _Asked(nvml)
    # The first device's last: clocks are those of the last state, and the run's device is the first.
    states = [_state(nvml, asked, handle, family) for handle in reversed(handles)]
    violations = [_thermal_violation_ns(nvml, handle) for handle in handles]
    return DeviceReport(
        accelerator=_accelerator(nvml, asked, handles),
        driver=asked.ask("driver", nvml.nvmlSystemGetDriverVersion),
        state=worst(states),
        absent=asked.absent,
        thermal_violation_ns=sum(violations),
    )


class _Asked:
    """Questions to NVML: what it refuses to answer is kept, with its reason."""

    def __init__(self, nvml: ModuleType) -> None:
        self._refusal: type[Exception] = nvml.NVMLError
        self.absent: dict[str, str] = {}

    def ask(self, name: str, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        """Return the answer, or None; NVML's functions have no types."""
        try:
            return function(*arguments)
        except self._refusal as error:
            self.absent[name] = f"NVML: {error}"
            return None


def _handles(nvml: ModuleType, visible: str | None) -> Sequence[object]:
    """Return the visible devices. Equal devices have one order, by PCI bus, for CUDA and for NVML."""
    if visible is None:
        return [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    names = [name.strip() for name in visible.split(",") if name.strip()]
    return [
        nvml.nvmlDeviceGetHandleByIndex(int(name))
        if name.isdecimal()
        else nvml.nvmlDeviceGetHandleByUUID(name)
        for name in names
    ]


def _accelerator(nvml: ModuleType, asked: _Asked, handles: Sequence[object]) -> Accelerator | None:
    name = asked.ask("accelerator", nvml.nvmlDeviceGetName, handles[0])
    memory = asked.ask("memory_bytes", nvml.nvmlDeviceGetMemoryInfo, handles[0])
    if name is None:
        return None
    return Accelerator(name=name, count=len(handles), memory_bytes=memory and int(memory.total))


def _state(nvml: ModuleType, asked: _Asked, handle: object, family: Family) -> MachineState:
    reasons = asked.ask("throttle_reasons", nvml.nvmlDeviceGetCurrentClocksEventReasons, handle)
    processes = asked.ask("other_processes", nvml.nvmlDeviceGetComputeRunningProcesses, handle)
    pids = frozenset(process.pid for process in processes or ())
    if family.doubt(pids):
        asked.absent["other_processes"] = family.doubt(pids)
    return MachineState(
        clock_mhz=asked.ask("clock_mhz", nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM),
        max_clock_mhz=asked.ask("max_clock_mhz", nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_SM),
        memory_clock_mhz=asked.ask(
            "memory_clock_mhz", nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_MEM
        ),
        max_memory_clock_mhz=asked.ask(
            "max_memory_clock_mhz", nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_MEM
        ),
        temperature_celsius=_temperature_celsius(nvml, asked, handle),
        throttle_reasons=throttle_names(reasons or 0),
        other_processes=None if processes is None else family.others(pids),
    )


def _temperature_celsius(nvml: ModuleType, asked: _Asked, handle: object) -> float | None:
    celsius = asked.ask(
        "temperature_celsius", nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU
    )
    return None if celsius is None else float(celsius)


def throttle_names(bits: int) -> tuple[str, ...]:
    """Return the names of the set bits, by bit; a bit without a name is given as a number."""
    names = tuple(name for bit, name in THROTTLE_BITS if bits & bit)
    unnamed = bits & ~(sum(bit for bit, _ in THROTTLE_BITS) | 0x1)
    return (*names, f"reason_{unnamed:#x}") if unnamed else names


def _thermal_violation_ns(nvml: ModuleType, handle: object) -> int:
    """Return how long heat has slowed the device down; 0 where NVML does not count it."""
    try:
        return int(nvml.nvmlDeviceGetViolationStatus(handle, THERMAL_POLICY).violationTime)
    except nvml.NVMLError:
        return 0
