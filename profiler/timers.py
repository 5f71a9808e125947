"""Where a boundary's time comes from: the host clock here, device events later, one interface for both."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Final, Protocol

from profiler.record import Clock

NS_PER_MS: Final = 1e6
"""Nanoseconds in a millisecond."""


@dataclass(slots=True)
class Mark:
    """One boundary in time. Only the timer that made it can tell how far two marks are apart.

    Not frozen: one is made at every boundary, and a frozen one takes twice as long.
    """

    host_ns: int
    """Nanoseconds on the host clock, from an arbitrary origin."""
    event: object | None = None
    """What the device records at this boundary; None when only the host clock is read."""


class Timer(Protocol):
    """Takes marks without waiting, and tells the time between them once the request is over."""

    @property
    def clock(self) -> Clock:
        """The best clock that this timer reads."""

    def mark(self) -> Mark:
        """Return this moment. Never blocks: it is called at every boundary."""

    def settle(self) -> Mark:
        """Wait until the device has done all it was given, once a request, and return that moment."""

    def host_ms(self, begin: Mark, end: Mark) -> float:
        """Return milliseconds from `begin` to `end` on the host clock."""

    def device_ms(self, begin: Mark, end: Mark) -> float | None:
        """Return milliseconds on the device clock, or None without one. Only after `settle`."""


class HostTimer:
    """Reads the host clock only: the truth on a CPU, where an operation ends before its call returns."""

    clock: Final = "host"

    def __init__(self, clock_ns: Callable[[], int] = perf_counter_ns) -> None:
        """Use `clock_ns`, a monotonic clock in nanoseconds."""
        self._clock_ns = clock_ns

    def mark(self) -> Mark:
        """Return this moment."""
        return Mark(self._clock_ns())

    def settle(self) -> Mark:
        """Return this moment: nothing is pending on a CPU."""
        return self.mark()

    def host_ms(self, begin: Mark, end: Mark) -> float:
        """Return milliseconds from `begin` to `end`."""
        return (end.host_ns - begin.host_ns) / NS_PER_MS

    def device_ms(self, begin: Mark, end: Mark) -> None:  # noqa: ARG002 - the Timer protocol names them
        """Return None: there is no device clock."""
        return
