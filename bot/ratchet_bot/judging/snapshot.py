"""A request seen as baseline values: all values of one scenario, from one request."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ratchet_profiler.record import Clock, RequestRecord, StageTiming, StepTiming

from ratchet_bot.data.baselines import (
    AVERAGE_STEP,
    END_TO_END,
    MEDIAN_STEP,
    PSEUDO_STAGES,
    ScenarioBaseline,
)
from ratchet_bot.judging.metrics import DECIMALS, STEP_STATISTICS

_CLOCKS: Final[tuple[Clock, ...]] = ("host", "device-events")


@dataclass(frozen=True)
class Snapshot:
    """All values of one scenario, from one request, in milliseconds, unrounded."""

    request_id: str
    e2e_ms: float
    """On the host clock: what a user waits."""
    stages_ms: Mapping[str, float]
    """By name, top level only; stages of one name are summed."""
    steps_ms: Sequence[float]
    """Every denoising step, in execution order."""
    frames: int | None
    """Frames of the output video; None for images."""
    step_stages: Sequence[str | None] = ()
    """By step: the top-level stage that it ran in; None where the record does not say."""

    @property
    def mean_step_ms(self) -> float:
        """The mean step, 0 without steps."""
        return STEP_STATISTICS[AVERAGE_STEP].of(self.steps_ms) if self.steps_ms else 0.0

    @property
    def median_step_ms(self) -> float:
        """The median step, 0 without steps."""
        return STEP_STATISTICS[MEDIAN_STEP].of(self.steps_ms) if self.steps_ms else 0.0

    @property
    def aggregates(self) -> dict[str, float]:
        """End to end, average and median by their field of a baseline file, in that order."""
        return {
            END_TO_END: self.e2e_ms,
            AVERAGE_STEP: self.mean_step_ms,
            MEDIAN_STEP: self.median_step_ms,
        }

    def values(self) -> dict[str, Any]:
        """Return the scenario as a baseline file holds it, unrounded."""
        return {
            "stages_ms": dict(self.stages_ms),
            "denoise_step_ms": {str(index): step for index, step in enumerate(self.steps_ms)},
            **self.aggregates,
        }

    def by_field(self) -> dict[str, float]:
        """Return every value by its place in a baseline file, in the order of `ScenarioBaseline.by_field`."""
        stages = {f"stages_ms.{name}": ms for name, ms in self.stages_ms.items() if name not in PSEUDO_STAGES}
        steps = {f"denoise_step_ms.{index}": ms for index, ms in enumerate(self.steps_ms)}
        return self.aggregates | stages | steps

    @cached_property
    def as_baseline(self) -> ScenarioBaseline:
        """The scenario as if a baseline file held it, unrounded: to judge it by the file's rules."""
        return ScenarioBaseline.model_validate(self.values())


def snapshot(request: RequestRecord, clock: Clock) -> Snapshot | None:
    """Return what this request measured, on the clock that a baseline file names.

    End to end is the host's time on every clock. Stages inside of others are part of those.

    Returns:
        None when the request does not have that clock everywhere.
    """
    stages = [(stage.name, _time_on(clock, stage)) for stage in request.stages if stage.parent is None]
    steps = [_time_on(clock, step) for step in request.steps]
    if any(value is None for _, value in stages) or any(step is None for step in steps):
        return None
    stages_ms: dict[str, float] = defaultdict(float)
    for name, value in stages:
        stages_ms[name] += value or 0.0
    return Snapshot(
        request_id=request.request_id,
        e2e_ms=request.total.host_ms,
        stages_ms=dict(stages_ms),
        steps_ms=tuple(step for step in steps if step is not None),
        frames=request.frames,
        step_stages=_step_stages(request),
    )


def clocks_of(request: RequestRecord) -> Sequence[Clock]:
    """Return the clocks that a request has everywhere, the host's first."""
    clocks = _CLOCKS[:1] if request.clock == "host" else _CLOCKS
    return [clock for clock in clocks if snapshot(request, clock)]


def rounded(value: Any) -> Any:  # noqa: ANN401 - a JSON value of any shape
    """Return a JSON value with every number rounded as a baseline file writes it."""
    if isinstance(value, dict):
        return {key: rounded(member) for key, member in value.items()}
    return round(value, DECIMALS) + 0.0 if isinstance(value, float) else value  # no "-0.0"


def _step_stages(request: RequestRecord) -> tuple[str | None, ...]:
    tops: dict[int | None, str | None] = {None: None}
    for stage in request.stages:  # a stage comes after the one that it is inside of
        tops[stage.id] = stage.name if stage.parent is None else tops[stage.parent]
    return tuple(tops[step.stage_id] for step in request.steps)


def _time_on(clock: Clock, timing: StageTiming | StepTiming) -> float | None:
    return timing.host_ms if clock == "host" else timing.device_ms
