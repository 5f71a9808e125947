"""Stands for nvidia-ml-py: the functions that we call, with its names, over devices that a test describes."""

from types import SimpleNamespace
from typing import Any

NVML_CLOCK_SM = 1
NVML_CLOCK_MEM = 2
NVML_TEMPERATURE_GPU = 0


class NVMLError(Exception):
    """What NVML refuses."""


driver = "570.86.15"
loads = True
"""Whether this machine has the library."""
refuses: set[str] = set()
"""Functions that this device does not support."""
open_sessions = 0
devices: list[dict[str, Any]] = []


def device(**values: Any) -> dict[str, Any]:
    """Return a healthy H100 that nobody uses, but for what the test says."""
    return {
        "uuid": "GPU-0",
        "name": "NVIDIA H100 80GB HBM3",
        "memory": 85_520_809_984,
        "clocks": {NVML_CLOCK_SM: 1755, NVML_CLOCK_MEM: 2619},
        "max_clocks": {NVML_CLOCK_SM: 1980, NVML_CLOCK_MEM: 2619},
        "celsius": 41,
        "reasons": 0x1,
        "heat_ns": 0,
        "pids": [],
    } | values


def nvmlInit() -> None:  # noqa: N802 - NVML's own names, here and below
    global open_sessions  # noqa: PLW0603 - the library counts its users
    if not loads:
        raise NVMLError("NVML Shared Library Not Found")
    open_sessions += 1


def nvmlShutdown() -> None:  # noqa: N802
    global open_sessions  # noqa: PLW0603
    open_sessions -= 1


def nvmlSystemGetDriverVersion() -> str:  # noqa: N802
    return driver


def nvmlDeviceGetCount() -> int:  # noqa: N802
    return len(devices)


def nvmlDeviceGetHandleByIndex(index: int) -> dict[str, Any]:  # noqa: N802
    if index >= len(devices):
        raise NVMLError("Invalid Argument")
    return devices[index]


def nvmlDeviceGetHandleByUUID(uuid: str) -> dict[str, Any]:  # noqa: N802
    for one in devices:
        if one["uuid"] == uuid:
            return one
    raise NVMLError("Not Found")


def nvmlDeviceGetName(handle: dict[str, Any]) -> str:  # noqa: N802
    return handle["name"]


def nvmlDeviceGetMemoryInfo(handle: dict[str, Any]) -> SimpleNamespace:  # noqa: N802
    return SimpleNamespace(total=handle["memory"])


def nvmlDeviceGetClockInfo(handle: dict[str, Any], kind: int) -> int:  # noqa: N802
    return handle["clocks"][kind]


def nvmlDeviceGetMaxClockInfo(handle: dict[str, Any], kind: int) -> int:  # noqa: N802
    return handle["max_clocks"][kind]


def nvmlDeviceGetTemperature(handle: dict[str, Any], _sensor: int) -> int:  # noqa: N802
    return handle["celsius"]


def nvmlDeviceGetCurrentClocksEventReasons(handle: dict[str, Any]) -> int:  # noqa: N802
    return supported("nvmlDeviceGetCurrentClocksEventReasons", handle["reasons"])


def nvmlDeviceGetViolationStatus(handle: dict[str, Any], policy: int) -> SimpleNamespace:  # noqa: N802
    assert policy == 1
    return SimpleNamespace(violationTime=supported("nvmlDeviceGetViolationStatus", handle["heat_ns"]))


def nvmlDeviceGetComputeRunningProcesses(handle: dict[str, Any]) -> list[SimpleNamespace]:  # noqa: N802
    pids = supported("nvmlDeviceGetComputeRunningProcesses", handle["pids"])
    return [SimpleNamespace(pid=pid) for pid in pids]


def supported(function: str, value: Any) -> Any:
    if function in refuses:
        raise NVMLError("Not Supported")
    return value
