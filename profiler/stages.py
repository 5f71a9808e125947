"""Spans in, one request record out: which stages and denoising steps a request had, and how long each took.

A span is a denoising step when it says so (`record_as_step=True`) or when its name begins with
`denoising_step_`; every other span is a stage.
Source: https://github.com/sgl-project/sglang/pull/21955.
"""

import warnings
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

from profiler.record import MAX_MESSAGE, RequestRecord, StageTiming, StepTiming, Total
from profiler.timers import HostTimer, Mark, Timer

STEP_PREFIX: Final = "denoising_step_"
"""What the name of a denoising step begins with."""


class StepNameMisplaced(UserWarning):
    """A span's name contains `denoising_step_` without beginning with it, so it counts as a stage."""


class Span:
    """What happened between two marks. A step that did not finish keeps no end."""

    __slots__ = ("begin", "end", "error", "forwards", "is_step", "name", "outer")

    def __init__(
        self,
        name: str,
        outer: "Span | None",
        begin: Mark,
        is_step: bool,  # noqa: FBT001 - a keyword would cost a tenth of a boundary
    ) -> None:
        """Begin at `begin`, inside of `outer`."""
        self.name = name
        self.outer = outer
        self.begin = begin
        self.is_step = is_step
        self.end: Mark | None = None
        self.error: str | None = None
        self.forwards: dict[str, int] | None = None

    def owner(self) -> "Span | None":
        """Return the nearest stage around this span, or None at the top level."""
        span = self.outer
        while span is not None and span.is_step:
            span = span.outer
        return span


class RequestProfiler:
    """One request: `with RequestProfiler() as request:` around it, then `request.record(...)`.

    A request belongs to one thread. After an exception the record exists all the same: every stage that was
    open has ended with the error.
    """

    def __init__(self, timer: Timer | None = None) -> None:
        """Take boundaries from `timer`; None is the host clock."""
        self.timer: Timer = timer or HostTimer()
        self._spans: list[Span] = []
        self._current: Span | None = None
        self._begin: Mark | None = None
        self._end: Mark | None = None
        self._warned: set[str] = set()

    def __enter__(self) -> Self:
        """Begin the request."""
        self._begin = self.timer.mark()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the request, and with it every stage that is still open."""
        end = self._end = self.timer.settle()
        for span in self._spans:
            if span.end is None and not span.is_step:
                self.close(span, end, error)
        self._current = None

    def stage(self, name: str, *, record_as_step: bool = False) -> "StageProfiler":
        """Return a context manager that records its block as a stage, or as a denoising step."""
        return StageProfiler(name, self, record_as_step=record_as_step)

    def loop(self, name: str, steps: int | None) -> "StepLoop":
        """Begin a stage of denoising steps that share boundaries; `steps` is how many, None if unknown."""
        return StepLoop(name, self, steps)

    def open(self, name: str, *, is_step: bool, begin: Mark | None = None) -> Span:
        """Begin a span inside of the innermost open one, at `begin` or now."""
        span = Span(name, self._current, begin or self.timer.mark(), is_step)
        self._spans.append(span)
        self._current = span
        return span

    def close(self, span: Span, end: Mark, error: BaseException | None = None) -> None:
        """End a span at `end`, with what was raised in it."""
        span.end = end
        self._current = span.outer
        if error is not None:
            span.error = error_line(error)

    def count_forward(self, denoiser: str) -> None:
        """Count one forward pass of `denoiser` in the running step; outside of steps it is not kept."""
        span = self._current
        while span is not None and not span.is_step:
            span = span.outer
        if span is None:
            return
        forwards = span.forwards = span.forwards or {}
        forwards[denoiser] = forwards.get(denoiser, 0) + 1

    def warn_if_misplaced(self, name: str) -> None:
        """Warn, once a name, the caller of the span that wanted to be a step but is a stage."""
        if STEP_PREFIX not in name or name in self._warned:
            return
        self._warned.add(name)
        message = (
            f"{name!r} is recorded as a stage, not as a denoising step: begin its name with {STEP_PREFIX!r}, "
            "or pass record_as_step=True"
        )
        warnings.warn(message, StepNameMisplaced, stacklevel=3)

    def record(self, request_id: str, *, warmup: bool = False, frames: int | None = None) -> RequestRecord:
        """Return what the request took.

        Args:
            request_id: Unique in its scenario.
            warmup: Whether it only warmed up: such a request is kept and never judged.
            frames: Frames of the output video; None for images.

        Raises:
            RuntimeError: the request's `with` block has not ended.
        """
        if self._begin is None or self._end is None:
            raise RuntimeError("a request has a record once its with block has ended")
        stage_ids = {span: number for number, span in enumerate(s for s in self._spans if not s.is_step)}
        return RequestRecord(
            request_id=request_id,
            clock=self.timer.clock,
            warmup=warmup,
            total=Total(
                host_ms=self.timer.host_ms(self._begin, self._end),
                device_ms=self.timer.device_ms(self._begin, self._end),
            ),
            stages=tuple(self._stage_timings(self._begin, self._end, stage_ids)),
            steps=tuple(self._step_timings(self._begin, stage_ids)),
            frames=frames,
        )

    def _stage_timings(self, begin: Mark, end: Mark, stage_ids: dict[Span, int]) -> Iterator[StageTiming]:
        occurrences: Counter[str] = Counter()
        for span, number in stage_ids.items():
            owner = span.owner()
            stop = span.end or end
            yield StageTiming(
                id=number,
                name=span.name,
                occurrence=occurrences[span.name],
                parent=None if owner is None else stage_ids[owner],
                start_ms=self.timer.host_ms(begin, span.begin),
                host_ms=self.timer.host_ms(span.begin, stop),
                device_ms=self.timer.device_ms(span.begin, stop),
                error=span.error,
            )
            occurrences[span.name] += 1

    def _step_timings(self, begin: Mark, stage_ids: dict[Span, int]) -> Iterator[StepTiming]:
        indices: Counter[Span | None] = Counter()
        for span in self._spans:
            if not span.is_step or span.end is None or span.error is not None:
                continue
            owner = span.owner()
            yield StepTiming(
                stage_id=None if owner is None else stage_ids[owner],
                index=indices[owner],
                host_ms=self.timer.host_ms(span.begin, span.end),
                device_ms=self.timer.device_ms(span.begin, span.end),
                lead_ms=self._lead_ms(begin, span.begin),
                forwards=span.forwards or {},
            )
            indices[owner] += 1

    def _lead_ms(self, begin: Mark, mark: Mark) -> float | None:
        """Return how far the host was ahead of the device at `mark`: the device was idle at `begin`."""
        device_ms = self.timer.device_ms(begin, mark)
        return None if device_ms is None else device_ms - self.timer.host_ms(begin, mark)


class StageProfiler:
    """Context manager that records its block in a request. What the block raises is recorded and goes on."""

    __slots__ = ("_is_step", "_name", "_request", "_span")

    def __init__(self, stage_name: str, request: RequestProfiler, *, record_as_step: bool = False) -> None:
        """Name the block; it is a denoising step with `record_as_step` or a name in `denoising_step_*`."""
        self._name = stage_name
        self._request = request
        self._is_step = record_as_step or stage_name.startswith(STEP_PREFIX)

    def __enter__(self) -> Self:
        """Begin the span."""
        if not self._is_step:
            self._request.warn_if_misplaced(self._name)
        self._span = self._request.open(self._name, is_step=self._is_step)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the span. A step in which something was raised is no finished step and gets no time."""
        self._request.close(self._span, self._request.timer.mark(), error)


class StepLoop:
    """A stage of denoising steps where one mark ends a step and begins the next.

    The stage opens on the first step's mark, and the last step ends with the stage: the steps' times add up
    to the stage's. When the loop is left early, what remains belongs to the stage and to no step.
    """

    __slots__ = ("_done", "_last", "_request", "_stage", "_step", "_steps")

    def __init__(self, stage_name: str, request: RequestProfiler, steps: int | None) -> None:
        """Begin the stage and its first step."""
        begin = request.timer.mark()
        self._request = request
        self._steps = steps
        self._done = 0
        self._stage = request.open(stage_name, is_step=False, begin=begin)
        self._step = request.open(STEP_PREFIX, is_step=True, begin=begin)
        self._last: Span | None = None

    def boundary(self, steps: int = 1) -> None:
        """End the running step and begin the next. `steps` > 1: they ended together and get one time."""
        request, step = self._request, self._step
        mark = request.timer.mark()
        request.close(step, mark)
        self._last = step
        self._done += steps
        self._step = request.open(STEP_PREFIX, is_step=True, begin=mark)

    def finish(self, error: BaseException | None = None) -> None:
        """End the stage, with what was raised in it. A second call changes nothing."""
        if self._stage.end is not None:
            return
        end = self._request.timer.mark()
        if error is None and self._last is not None and self._done == self._steps:
            self._last.end = end
        self._request.close(self._stage, end, error)


def error_line(error: BaseException) -> str:
    """Return `TypeName: message` on one line, at most `MAX_MESSAGE` characters, always valid UTF-8."""
    words = " ".join(str(error).encode(errors="replace").decode().split())
    line = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return line[:MAX_MESSAGE]
