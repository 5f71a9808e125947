"""Where a boundary's time comes from: the host clock, or events that the device stamps itself.

An accelerator works behind the host's back: on the host's clock a step is over when the last kernel has been
asked for, not when it has run. So every boundary is an event in the device's own queue beside a stamp of the
host's clock. Nothing waits for them until the request is over; then one synchronize, and all are read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any, Final, Protocol, TypeAlias, cast

from ratchet_profiler.machine import Clock

NS_PER_MS: Final = 1e6
"""Nanoseconds in a millisecond."""

Mark: TypeAlias = Any
"""One boundary in time. What is in it is the affair of the timer that made it."""


class Timer(Protocol):
    """Takes marks without waiting, and returns the time between them once the request is over."""

    @property
    def clock(self) -> Clock:
        """The best clock that this timer reads."""

    def mark(self, since: Mark | None = None) -> Mark:
        """Return this moment, on the stream of `since` or on the current one. Never waits for the device."""

    def settle(self, since: Mark) -> Mark:
        """Wait until the device has done all it was given, once a request, and return that moment."""

    def host_ms(self, begin: Mark, end: Mark) -> float:
        """Return milliseconds from `begin` to `end` on the host clock."""

    def device_ms(self, begin: Mark, end: Mark) -> float | None:
        """Return milliseconds on the device clock, or None without one. Only after `settle`."""

    def release(self, marks: Iterable[Mark]) -> None:
        """Take back marks that nobody reads any more."""


class HostTimer:
    """Reads the host clock only: the truth on a CPU, where an operation ends before its call returns.

    Its marks are nanoseconds.
    """

    clock: Final = "host"

    def __init__(self, clock_ns: Callable[[], int] = perf_counter_ns) -> None:
        """Use `clock_ns`, a monotonic clock in nanoseconds."""
        self._clock_ns = clock_ns

    def mark(self, since: int | None = None) -> int:  # noqa: ARG002 - the Timer protocol names it
        """Return this moment."""
        return self._clock_ns()

    def settle(self, since: int) -> int:  # noqa: ARG002 - the Timer protocol names it
        """Return this moment: nothing is pending on a CPU."""
        return self._clock_ns()

    def host_ms(self, begin: int, end: int) -> float:
        """Return milliseconds from `begin` to `end`."""
        return (end - begin) / NS_PER_MS

    def device_ms(self, begin: int, end: int) -> None:  # noqa: ARG002 - the Timer protocol names them
        """Return None: there is no device clock."""
        return

    def release(self, marks: Iterable[int]) -> None:
        """Do nothing: a number is not a resource."""


class Event(Protocol):
    """A moment in a device's queue, such as a `torch.cuda.Event`."""

    def record(self, stream: object) -> None:
        """Put the event at the end of what `stream` was given so far."""

    def elapsed_time(self, end_event: Any, /) -> float:  # noqa: ANN401 - an event of its own class
        """Return milliseconds from this event to `end_event`."""


class DeviceModule(Protocol):
    """What is asked of a device module: torch.cuda, torch.npu and torch.xpu have it."""

    Event: Callable[..., Event]

    def current_stream(self, device: Any, /) -> object:  # noqa: ANN401 - torch takes names, indices, devices
        """Return the stream that the calling thread gives its work to."""

    def synchronize(self, device: Any, /) -> None:  # noqa: ANN401 - torch takes names, indices, devices
        """Wait until every stream of the device is idle."""


@dataclass(slots=True)
class DeviceMark:
    """One boundary on both clocks. Not frozen: a frozen one takes twice as long to make."""

    host_ns: int
    """Nanoseconds on the host clock, when the event was put into the queue."""
    event: Event | None
    """None where a graph was being captured, and once it was released."""
    stream: object
    """The stream whose work this boundary bounds."""


class DeviceEventTimer:
    """Reads the device's own clock, through events that are made once and used by one request after another.

    An interval ends on the stream on which it began: events of two streams bound nobody's work. While a graph
    is being captured no event is recorded, because it would become a part of the graph: a span with a
    boundary there has a host time and no device time.

    `torch.Event` is not used: on torch_npu before 26.0.0 it cannot measure times.
    """

    clock: Final = "device-events"

    def __init__(
        self,
        device: str,
        module: DeviceModule | None = None,
        clock_ns: Callable[[], int] = perf_counter_ns,
    ) -> None:
        """Measure `device`.

        Args:
            device: As torch names it, such as "cuda" or "npu:1".
            module: Its device module; None asks torch for it.
            clock_ns: The host's clock, monotonic, in nanoseconds.
        """
        self._device = device
        self._module = module or cast("DeviceModule", device_module(device))
        self._is_capturing = getattr(self._module, "is_current_stream_capturing", lambda: False)
        self._clock_ns = clock_ns
        self._pool: list[Event] = []

    def mark(self, since: DeviceMark | None = None) -> DeviceMark:
        """Return this moment, on the stream of `since` or on the current one."""
        stream = self._module.current_stream(self._device) if since is None else since.stream
        if self._is_capturing():
            return DeviceMark(self._clock_ns(), None, stream)
        event = self._pool.pop() if self._pool else self._module.Event(enable_timing=True)
        mark = DeviceMark(self._clock_ns(), event, stream)
        event.record(stream)
        return mark

    def settle(self, since: DeviceMark) -> DeviceMark:
        """Wait for all streams of the device, and return when it was done on the stream of `since`.

        The host's stamp is taken after the wait: until then a user has nothing.
        """
        mark = self.mark(since)
        self._module.synchronize(self._device)
        mark.host_ns = self._clock_ns()
        return mark

    def host_ms(self, begin: DeviceMark, end: DeviceMark) -> float:
        """Return milliseconds from `begin` to `end` on the host clock."""
        return (end.host_ns - begin.host_ns) / NS_PER_MS

    def device_ms(self, begin: DeviceMark, end: DeviceMark) -> float | None:
        """Return milliseconds from `begin` to `end` on the device clock; None where a graph was captured.

        Raises:
            RuntimeError: an event is still pending, or the device has failed.
            ValueError: an event belongs to another device.
        """
        if begin.event is None or end.event is None:
            return None
        return begin.event.elapsed_time(end.event)

    def release(self, marks: Iterable[DeviceMark]) -> None:
        """Take events back for the next request. Devices have few: 1023 on some Ascend products.

        Source: CANN, aclrtCreateEventExWithFlag.
        """
        for mark in marks:
            if mark.event is not None:
                self._pool.append(mark.event)
                mark.event = None


def timer_for(device: str) -> Timer:
    """Return the timer that tells the truth on `device`, as torch names it: the CPU has no other clock."""
    return HostTimer() if is_cpu(device) else DeviceEventTimer(device)


def is_cpu(device: str) -> bool:
    """Return whether torch's name of a device means the CPU, such as "cpu" or "cpu:0"."""
    return device.partition(":")[0] == "cpu"


def device_module(device: str) -> object:
    """Return torch's module for a device, such as torch.cuda. Imports torch."""
    import torch  # noqa: PLC0415 - two seconds that only measuring pays

    return torch.get_device_module(device)
