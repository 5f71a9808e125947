"""How much of a device's memory a stage needs, from the counters of torch's allocator."""

from typing import Any, Protocol, cast

from ratchet_profiler.record import Memory
from ratchet_profiler.timers import device_module, is_cpu


class MemoryCounters(Protocol):
    """What is asked of a device module: torch.cuda, torch.npu and torch.xpu have it."""

    def memory_allocated(self, device: Any, /) -> int:  # noqa: ANN401 - torch takes names, indices, devices
        """Return bytes in tensors."""

    def memory_reserved(self, device: Any, /) -> int:  # noqa: ANN401 - torch takes names, indices, devices
        """Return bytes that the allocator holds."""

    def max_memory_allocated(self, device: Any, /) -> int:  # noqa: ANN401 - torch takes names, indices, devices
        """Return the most bytes in tensors since the counter was reset."""

    def reset_peak_memory_stats(self, device: Any, /) -> None:  # noqa: ANN401 - torch takes names, indices, devices
        """Count the most bytes anew, from what there is now."""


class DeviceMemory:
    """Reads the counters of one device. They are the host's own books: to read them waits for nothing.

    There is one peak counter a device, and every stage needs its own. So it is reset at each boundary of a
    stage: an engine that reads it as well finds the peak of the last stage there, not its own.
    """

    def __init__(self, device: str, counters: MemoryCounters | None = None) -> None:
        """Watch `device`, as torch names it, through `counters`; None asks torch for them."""
        self._device = device
        self._counters = counters or cast("MemoryCounters", device_module(device))

    def take_peak_bytes(self) -> int:
        """Return the most bytes in tensors since the last call, and count anew."""
        peak_bytes = self._counters.max_memory_allocated(self._device)
        self._counters.reset_peak_memory_stats(self._device)
        return peak_bytes

    def now(self, peak_bytes: int) -> Memory:
        """Return what the counters say now, with a peak that was taken before."""
        return Memory(
            allocated_bytes=self._counters.memory_allocated(self._device),
            reserved_bytes=self._counters.memory_reserved(self._device),
            peak_bytes=peak_bytes,
        )


def memory_for(device: str) -> DeviceMemory | None:
    """Return the counters of `device`, as torch names it; None on a CPU, where torch counts nothing."""
    return None if is_cpu(device) else DeviceMemory(device)
