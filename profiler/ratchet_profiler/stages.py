"""Spans in, one request record out: which stages and denoising steps a request had, and how long each took.

A span is a denoising step when it is marked as one (`record_as_step=True`) or when its name begins with
`denoising_step_`; every other span is a stage.
Source: https://github.com/sgl-project/sglang/pull/21955.
"""

import warnings
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from ratchet_profiler.record import MAX_MESSAGE, RequestRecord, Total
from ratchet_profiler.spans import DeviceMemory, Span, nearest_stage, stage_timings, step_timings
from ratchet_profiler.timers import HostTimer, Mark, Timer

STEP_PREFIX: Final = "denoising_step_"
"""What the name of a denoising step begins with."""


class StepNameMisplaced(UserWarning):
    """A span's name contains `denoising_step_` without beginning with it, so it counts as a stage."""


class RequestProfiler:
    """One request: `with RequestProfiler() as request:` around it, then `request.record(...)`.

    A request belongs to one thread. After an exception the record exists all the same: every stage that was
    open has ended with the error.
    """

    def __init__(self, timer: Timer | None = None, memory: DeviceMemory | None = None) -> None:
        """Take boundaries from `timer`, None is the host clock, and bytes from `memory`, None is none.

        The device is idle when the request begins, or what it still has to do is part of every lead.
        """
        self.timer: Timer = timer or HostTimer()
        self._memory = memory
        self._spans: list[Span] = []
        self._current: Span | None = None
        self._begin: Mark = None
        self._end: Mark = None
        self._warned: set[str] = set()

    def __enter__(self) -> Self:
        """Begin the request."""
        self._begin = self.timer.mark()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the device, once, and end the request and every stage that is still open.

        Raises:
            RuntimeError: the device has failed. Never in the place of what the request itself raised.
        """
        open_stages = [span for span in self._spans if span.end is None and not span.is_step]
        for span in open_stages:
            if error is not None and span.error is None:
                span.error = error_line(error)
        try:
            self._end = self.timer.settle(self._begin)
            for span in reversed(open_stages):
                self.close(span, self._end)
        except Exception:
            if error is None:
                raise
        self._current = None

    @property
    def failed_stage(self) -> str | None:
        """The name of the last stage in which something was raised, or None."""
        return next((s.name for s in reversed(self._spans) if s.error and not s.is_step), None)

    def stage(self, name: str, *, record_as_step: bool = False) -> "StageProfiler":
        """Return a context manager that records its block as a stage, or as a denoising step."""
        return StageProfiler(name, self, record_as_step=record_as_step)

    def loop(self, name: str, steps: int | None) -> "StepLoop":
        """Begin a stage of denoising steps that share boundaries; `steps` is how many, None if unknown."""
        return StepLoop(name, self, steps)

    def open(self, span: Span, begin: Mark = None) -> None:
        """Begin a span inside of the innermost open one, at `begin` or now."""
        if self._memory is not None and not span.is_step:
            self._note_peak(self._memory)
        span.outer = self._current
        span.begin = self.timer.mark() if begin is None else begin
        self._spans.append(span)
        self._current = span

    def close(self, span: Span, end: Mark) -> None:
        """End a span at `end`."""
        span.end = end
        if self._memory is not None and not span.is_step:
            self._note_memory(self._memory, span)
        self._current = span.outer

    def abort(self, span: Span, error: BaseException) -> None:
        """End a span, now, in which something was raised: that is what the caller must see.

        A device that has failed may refuse its mark: then the span ends with the request.
        """
        span.error = error_line(error)
        self._current = span.outer
        with suppress(Exception):
            self.close(span, self.timer.mark(span.begin))

    def count_forward(self, denoiser: str) -> None:
        """Count one forward pass of `denoiser` in the running step; outside of steps it is not kept."""
        span = self._current
        while span is not None and not span.is_step:
            span = span.outer
        if span is None:
            return
        forwards = span.forwards = span.forwards or {}
        forwards[denoiser] = forwards.get(denoiser, 0) + 1

    def warn_misplaced(self, name: str) -> None:
        """Warn, once a name, the caller of the span that wanted to be a step but is a stage."""
        if name in self._warned:
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
            RuntimeError: the request's `with` block has not ended, or it was released, or the device cannot
                report a time: no record is better than a wrong one.
        """
        if self._begin is None or self._end is None:
            raise RuntimeError("a request has a record once its with block has ended, and until its release")
        return RequestRecord(
            request_id=request_id,
            clock=self.timer.clock,
            warmup=warmup,
            total=Total(
                host_ms=self.timer.host_ms(self._begin, self._end),
                device_ms=self.timer.device_ms(self._begin, self._end),
            ),
            stages=tuple(stage_timings(self._spans, self.timer, self._begin, self._end)),
            steps=tuple(step_timings(self._spans, self.timer, self._begin)),
            frames=frames,
        )

    def release(self) -> None:
        """Give the device's events to the next request, after `record`: from here on there is no record.

        The events of a request that did not settle are given up: they may be pending.
        """
        if self._end is not None:
            marks = [mark for span in self._spans for mark in (span.begin, span.end) if mark is not None]
            self.timer.release([self._begin, *marks, self._end])
        self._begin = self._end = None
        self._spans.clear()

    def _note_peak(self, memory: DeviceMemory) -> None:
        """Give the innermost open stage the peak since the last boundary; from here on it is counted anew."""
        peak_bytes = memory.take_peak_bytes()
        stage = nearest_stage(self._current)
        if stage is not None:
            stage.peak_bytes = max(stage.peak_bytes, peak_bytes)

    def _note_memory(self, memory: DeviceMemory, span: Span) -> None:
        """Give a stage that ends its memory, and its peak to the stage around it too."""
        span.peak_bytes = max(span.peak_bytes, memory.take_peak_bytes())
        span.memory = memory.now(span.peak_bytes)
        owner = span.owner()
        if owner is not None:
            owner.peak_bytes = max(owner.peak_bytes, span.peak_bytes)


class StageProfiler(Span):
    """Context manager that records its block in a request. What the block raises is recorded and goes on."""

    __slots__ = ("_request",)

    def __init__(self, stage_name: str, request: RequestProfiler, *, record_as_step: bool = False) -> None:
        """Name the block; it is a denoising step with `record_as_step` or a name in `denoising_step_*`."""
        Span.__init__(self, stage_name, record_as_step or stage_name.startswith(STEP_PREFIX))
        self._request = request

    def __enter__(self) -> Self:
        """Begin the span."""
        if not self.is_step and STEP_PREFIX in self.name:
            self._request.warn_misplaced(self.name)
        self._request.open(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the span. A step in which something was raised did not finish and gets no time."""
        if error is None:
            self._request.close(self, self._request.timer.mark(self.begin))
        else:
            self._request.abort(self, error)


class StepLoop:
    """A stage of denoising steps where one mark ends a step and begins the next.

    The stage opens on the first step's mark, and the last step ends with the stage: the steps' times add up
    to the stage's. When the loop is left early, what remains belongs to the stage and to no step. All marks
    are on the stream on which the stage began.
    """

    __slots__ = ("_done", "_last", "_request", "_stage", "_step", "_steps")

    def __init__(self, stage_name: str, request: RequestProfiler, steps: int | None) -> None:
        """Begin the stage and its first step."""
        self._request = request
        self._steps = steps
        self._done = 0
        self._stage = Span(stage_name, is_step=False)
        request.open(self._stage)
        self._step = Span(STEP_PREFIX, is_step=True)
        request.open(self._step, self._stage.begin)
        self._last: Span | None = None

    def boundary(self, steps: int = 1) -> None:
        """End the running step and begin the next. `steps` > 1: they ended together and get one time."""
        request, step = self._request, self._step
        mark = request.timer.mark(step.begin)
        request.close(step, mark)
        self._last = step
        self._done += steps
        self._step = Span(STEP_PREFIX, is_step=True)
        request.open(self._step, mark)

    def finish(self, error: BaseException | None = None) -> None:
        """End the stage, with what was raised in it. A second call changes nothing."""
        request, stage = self._request, self._stage
        if stage.end is not None or stage.error is not None:
            return
        request.close(self._step, None)
        if error is not None:
            request.abort(stage, error)
            return
        end = request.timer.mark(stage.begin)
        if self._last is not None and self._done == self._steps:
            self._last.end = end
        request.close(stage, end)


def error_line(error: BaseException) -> str:
    """Return `TypeName: message` on one line, at most `MAX_MESSAGE` characters, always valid UTF-8."""
    words = " ".join(str(error).encode(errors="replace").decode().split())
    line = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return line[:MAX_MESSAGE]
