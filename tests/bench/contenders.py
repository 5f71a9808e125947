"""Ways to time a stage or a step, each as a loop that does it many times and tells how long that took."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.util import find_spec
from time import perf_counter, perf_counter_ns, thread_time_ns
from types import TracebackType
from typing import Any, Final, Self

from ratchet_profiler.engine import StageProfiler as EngineStageProfiler
from ratchet_profiler.stages import STEP_PREFIX, RequestProfiler

Loop = Callable[[int], int]
"""Passes so many boundaries and returns the nanoseconds of this thread that it took, set-up not counted.

Not the wall's: what another process takes of the core in between is not the boundary's.
"""

STAGE: Final = "DenoisingStage"
FLOOR: Final = "floor: two perf_counter_ns calls"
OURS: Final = "ours, host clock"
OURS_LOOP: Final = "ours, steps that share boundaries"
OURS_OFF: Final = "ours, off"
OFF_FLOOR: Final = "floor of off: an empty function, an empty with"
SGLANG: Final = "equivalent of sglang's StageProfiler"


@dataclass(frozen=True)
class Contender:
    """One way; what it does not have is None."""

    name: str
    stage: Loop | None
    step: Loop | None


def contenders() -> Iterator[Contender]:
    """Yield the ways that can be tried here. Imports torch."""
    yield Contender(FLOOR, _floor, _floor)
    yield Contender(OURS, _ours(record_as_step=False), _ours(record_as_step=True))
    yield Contender(OURS_LOOP, None, _our_loop)
    yield Contender(OURS_OFF, _ours_off(record_as_step=False), _ours_off(record_as_step=True))
    yield Contender(OFF_FLOOR, _off_floor, _off_floor)
    yield Contender(SGLANG, _sglang(record_as_step=False), _sglang(record_as_step=True))
    yield from _torch_and_opentelemetry()


def missing() -> Iterator[str]:
    """Yield what cannot be tried here, and why."""
    if find_spec("opentelemetry.sdk" if find_spec("opentelemetry") else "opentelemetry") is None:
        yield "OpenTelemetry span: opentelemetry-sdk is not installed"


def empty_loop(count: int) -> int:
    """Do nothing so many times: what every other loop takes for going round."""
    begin = thread_time_ns()
    for _ in range(count):
        pass
    return thread_time_ns() - begin


def _floor(count: int) -> int:
    begin = thread_time_ns()
    for _ in range(count):
        perf_counter_ns()
        perf_counter_ns()
    return thread_time_ns() - begin


def _ours(*, record_as_step: bool) -> Loop:
    name = STEP_PREFIX if record_as_step else STAGE

    def loop(count: int) -> int:
        with RequestProfiler() as request:
            begin = thread_time_ns()
            for _ in range(count):
                with request.stage(name, record_as_step=record_as_step):
                    pass
            return thread_time_ns() - begin

    return loop


def _our_loop(count: int) -> int:
    with RequestProfiler() as request:
        steps = request.loop(STAGE, count)
        begin = thread_time_ns()
        for _ in range(count):
            steps.boundary()
        taken_ns = thread_time_ns() - begin
        steps.finish()
    return taken_ns


def _ours_off(*, record_as_step: bool) -> Loop:
    def loop(count: int) -> int:
        metrics = Metrics()
        begin = thread_time_ns()
        for _ in range(count):
            with EngineStageProfiler(STAGE, None, metrics, record_as_step=record_as_step):
                pass
        return thread_time_ns() - begin

    return loop


class _Nothing:
    __slots__ = ()
    __enter__: Callable[..., object] = "".format
    __exit__: Callable[..., Any] = "".format


def _off_floor(count: int) -> int:
    nothing = _Nothing()

    def stage(_name: str, _logger: object, _metrics: object, *, record_as_step: bool) -> _Nothing:  # noqa: ARG001 - taking it is what is measured
        return nothing

    begin = thread_time_ns()
    for _ in range(count):
        with stage(STAGE, None, None, record_as_step=False):
            pass
    return thread_time_ns() - begin


@dataclass
class Metrics:
    """What an engine keeps of a request."""

    stages: dict[str, float] = field(default_factory=dict)
    steps: list[float] = field(default_factory=list)


class LoggedStage:
    """Does what sglang's StageProfiler does at a boundary, written anew from its description.

    Two looks at the environment (whether to synchronise, whether to log), two reads of `perf_counter`, and a
    write to the request's dictionary of stages or list of steps, in milliseconds.
    """

    def __init__(self, name: str, metrics: Metrics, *, record_as_step: bool = False) -> None:
        """Name the block."""
        self.name = name
        self.metrics = metrics
        self.is_step = record_as_step or name.startswith("denoising_step_")
        self.begin = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        if os.environ.get("ENGINE_LOG_STAGES") == "1":
            sys.stderr.write(f"{self.name} begins\n")
        self.begin = perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        if os.environ.get("ENGINE_SYNC_STAGES") == "1":
            sys.stderr.write(f"{self.name}: there is no device to wait for\n")
        taken_ms = (perf_counter() - self.begin) * 1000.0
        if self.is_step:
            self.metrics.steps.append(taken_ms)
        else:
            self.metrics.stages[self.name] = taken_ms


def _sglang(*, record_as_step: bool) -> Loop:
    def loop(count: int) -> int:
        metrics = Metrics()
        begin = thread_time_ns()
        for _ in range(count):
            with LoggedStage(STAGE, metrics, record_as_step=record_as_step):
                pass
        return thread_time_ns() - begin

    return loop


def _torch_and_opentelemetry() -> Iterator[Contender]:
    from torch.profiler import record_function  # noqa: PLC0415 - two seconds, for this command only

    torch_loop = _blocks(record_function)
    yield Contender("torch.profiler.record_function, no profiler", torch_loop, torch_loop)
    if any(missing()):
        return
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an optional package

    span_loop = _blocks(TracerProvider().get_tracer("perf-ratchet").start_as_current_span)
    yield Contender("OpenTelemetry span, SDK without exporter", span_loop, span_loop)


def _blocks(block: Callable[[str], AbstractContextManager[object]]) -> Loop:
    def loop(count: int) -> int:
        begin = thread_time_ns()
        for _ in range(count):
            with block(STAGE):
                pass
        return thread_time_ns() - begin

    return loop
