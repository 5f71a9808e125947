"""What the devices' own tools report: NVML for NVIDIA, npu-smi for Ascend. No torch is needed."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ratchet_profiler.machine import Accelerator, MachineState

STATE_FIELDS: Final = tuple(MachineState.model_fields)
HIDDEN: Final = "this process is not among those on the device: a container has process ids of its own"
GUEST: Final = "the engine was running already, and cannot be distinguished from other processes"


@dataclass(frozen=True)
class DeviceReport:
    """What a device's own tool says at one moment. What it does not say is in `absent`, with the reason."""

    accelerator: Accelerator | None = None
    driver: str | None = None
    cann: str | None = None
    state: MachineState = field(default_factory=MachineState)
    absent: Mapping[str, str] = field(default_factory=dict)
    """Reasons by the name of a field of `Environment` or of `MachineState`."""
    thermal_violation_ns: int = 0
    """For how long, since it was switched on, the device was slowed down by heat."""


@dataclass(frozen=True)
class Family:
    """The processes of this run: it, what it started, and the other ranks beside it."""

    pids: frozenset[int]
    begun: bool
    """Whether the run may be on the device by now."""
    has_guest: bool = False
    """Whether an engine that this run did not start works for it."""

    def others(self, pids: frozenset[int]) -> int | None:
        """Return how many of a device's processes are somebody else's, or None when that is unknown."""
        return None if self.doubt(pids) else len(pids - self.pids)

    def doubt(self, pids: frozenset[int]) -> str:
        """Return why it is unknown whose a device's processes are, or "" when it is known."""
        if self.has_guest:
            return GUEST
        return HIDDEN if self.begun and pids and not pids & self.pids else ""


Tool = Callable[[Family], DeviceReport]
"""Asks one kind of device."""


def tool_for(device: str) -> Tool:
    """Return what asks about a device, which torch calls for example "cpu", "cuda" or "npu:1"."""
    # Here and not above: each needs something that only its machines have.
    match device.partition(":")[0]:
        case "cpu":
            return lambda _family: nothing_known("there is no accelerator: the device is the CPU")
        case "cuda":
            from ratchet_profiler.devices.nvml import report as nvml_report  # noqa: PLC0415

            return nvml_report
        case "npu":
            from ratchet_profiler.devices.npu_smi import report as npu_smi_report  # noqa: PLC0415

            return npu_smi_report
        case kind:
            return lambda _family: nothing_known(f"no tool is known that reports on a device of kind {kind}")


def nothing_known(reason: str) -> DeviceReport:
    """Return the report of a tool that is not there."""
    return DeviceReport(absent=dict.fromkeys(("accelerator", "driver", *STATE_FIELDS), reason))


def family(
    variables: Mapping[str, str] = os.environ,
    *,
    begun: bool,
    has_guest: bool = False,
    proc: Path = Path("/proc"),
) -> Family:
    """Return the processes of this run.

    Args:
        variables: Environment variables; torchrun sets WORLD_SIZE, and starts the ranks side by side.
        begun: Whether the run may be on the device by now.
        has_guest: Whether an engine that this run did not start works for it.
        proc: Where Linux lists which process started which; elsewhere only this one is known.
    """
    has_siblings = variables.get("WORLD_SIZE", "1") != "1"
    parents = dict(_parents(proc))
    pids = {os.getpid(), os.getppid()} if has_siblings else {os.getpid()}
    while children := {pid for pid, parent in parents.items() if parent in pids} - pids:
        pids |= children
    return Family(frozenset(pids), begun, has_guest)


def _parents(proc: Path) -> Mapping[int, int]:
    """Return the parent of every process that can be seen."""
    parents = {}
    for status in proc.glob("[0-9]*/stat"):
        try:
            # The name stands in brackets and may hold anything, brackets too.
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue  # it has ended meanwhile
    return MappingProxyType(parents)
