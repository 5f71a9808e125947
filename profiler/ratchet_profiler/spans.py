"""A span: what happened between two marks, the memory it needed, and what the record says of both."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, cast

from ratchet_profiler.record import Memory, StageTiming, StepTiming
from ratchet_profiler.timers import Mark, Timer, device_module, is_cpu


class Span:
    """One stage, or one denoising step, of a request. A step that did not finish keeps no end."""

    __slots__ = ("begin", "end", "error", "forwards", "is_step", "memory", "name", "outer", "peak_bytes")

    def __init__(self, name: str, is_step: bool) -> None:  # noqa: FBT001 - a keyword costs a boundary time
        """Name it; it begins when a request opens it."""
        self.name = name
        self.is_step = is_step
        self.outer: Span | None = None
        self.begin: Mark = None
        self.end: Mark = None
        self.error: str | None = None
        self.forwards: dict[str, int] | None = None
        self.memory: Memory | None = None
        self.peak_bytes = 0

    def owner(self) -> "Span | None":
        """Return the nearest stage around this span, or None at the top level."""
        return nearest_stage(self.outer)


def nearest_stage(span: Span | None) -> Span | None:
    """Return the span if it is a stage, else the nearest stage around it, or None at the top level."""
    while span is not None and span.is_step:
        span = span.outer
    return span


def stage_timings(spans: Sequence[Span], timer: Timer, begin: Mark, end: Mark) -> Iterator[StageTiming]:
    """Yield the stages among the spans of a request that lasted from `begin` to `end`.

    A stage without an end of its own ends with the request.
    """
    occurrences: Counter[str] = Counter()
    numbers = _stage_numbers(spans)
    for span, number in numbers.items():
        owner = span.owner()
        stop = end if span.end is None else span.end
        yield StageTiming(
            id=number,
            name=span.name,
            occurrence=occurrences[span.name],
            parent=None if owner is None else numbers[owner],
            start_ms=timer.host_ms(begin, span.begin),
            host_ms=timer.host_ms(span.begin, stop),
            device_ms=timer.device_ms(span.begin, stop),
            memory=span.memory,
            error=span.error,
        )
        occurrences[span.name] += 1


def step_timings(spans: Sequence[Span], timer: Timer, begin: Mark) -> Iterator[StepTiming]:
    """Yield the finished denoising steps among the spans of a request that began at `begin`."""
    indices: Counter[Span | None] = Counter()
    numbers = _stage_numbers(spans)
    for span in spans:
        if not span.is_step or span.end is None or span.error is not None:
            continue
        owner = span.owner()
        yield StepTiming(
            stage_id=None if owner is None else numbers[owner],
            index=indices[owner],
            host_ms=timer.host_ms(span.begin, span.end),
            device_ms=timer.device_ms(span.begin, span.end),
            lead_ms=_lead_ms(timer, begin, span.begin),
            forwards=span.forwards or {},
        )
        indices[owner] += 1


def _stage_numbers(spans: Iterable[Span]) -> dict[Span, int]:
    """Return the stages among the spans, each with its id: its place among them."""
    return {span: number for number, span in enumerate(span for span in spans if not span.is_step)}


def _lead_ms(timer: Timer, begin: Mark, mark: Mark) -> float | None:
    """Return how far the host was ahead of the device at `mark`: the device was idle at `begin`.

    Each difference is within one clock: the two clocks have different origins.
    """
    device_ms = timer.device_ms(begin, mark)
    return None if device_ms is None else device_ms - timer.host_ms(begin, mark)


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
