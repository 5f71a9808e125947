"""A request seen as baseline values: all values of one scenario, from one request."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median
from typing import Any, Final

from ratchet_profiler.record import Clock, RequestRecord, StageTiming, StepTiming

from ratchet_bot.data.baselines import AGGREGATES, PSEUDO_STAGES, ScenarioBaseline

DECIMALS: Final = 2
"""Digits after the point in a baseline file: sglang writes hundredths of a millisecond."""
HONEST_GAP_MS: Final = 0.011
"""Largest honest gap in milliseconds between an aggregate and its steps: both are rounded to 0.01 ms.
Evidence: 208 of 372 scenario versions are within it, and only 8 between it and 0.1 ms."""
STEP_ROUNDING_MS: Final = 0.01
"""What rounding can add per value, in milliseconds, when values are summed."""


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
        return fmean(self.steps_ms) if self.steps_ms else 0.0

    @property
    def median_step_ms(self) -> float:
        """The median step, 0 without steps."""
        return median(self.steps_ms) if self.steps_ms else 0.0

    def values(self) -> dict[str, Any]:
        """Return the scenario as a baseline file holds it, unrounded."""
        return {
            "stages_ms": dict(self.stages_ms),
            "denoise_step_ms": {str(index): step for index, step in enumerate(self.steps_ms)},
            "expected_e2e_ms": self.e2e_ms,
            "expected_avg_denoise_ms": self.mean_step_ms,
            "expected_median_denoise_ms": self.median_step_ms,
        }

    def by_field(self) -> dict[str, float]:
        """Return every value by its place in a baseline file, in the order of `ScenarioBaseline.by_field`."""
        aggregates = dict(zip(AGGREGATES, (self.e2e_ms, self.mean_step_ms, self.median_step_ms), strict=True))
        stages = {f"stages_ms.{name}": ms for name, ms in self.stages_ms.items() if name not in PSEUDO_STAGES}
        return aggregates | stages | {f"denoise_step_ms.{i}": ms for i, ms in enumerate(self.steps_ms)}

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
    stages = [(stage.name, _on(clock, stage)) for stage in request.stages if stage.parent is None]
    steps = [_on(clock, step) for step in request.steps]
    if any(value is None for _, value in stages) or any(step is None for step in steps):
        return None
    return Snapshot(
        request_id=request.request_id,
        e2e_ms=request.total.host_ms,
        stages_ms=_summed((name, value) for name, value in stages if value is not None),
        steps_ms=tuple(step for step in steps if step is not None),
        frames=request.frames,
        step_stages=_step_stages(request),
    )


def rounded(value: Any) -> Any:  # noqa: ANN401 - a JSON value of any shape
    """Return a JSON value with every number rounded as a baseline file writes it."""
    if isinstance(value, dict):
        return {key: rounded(member) for key, member in value.items()}
    return round(value, DECIMALS) + 0.0 if isinstance(value, float) else value  # no "-0.0"


def is_denoising_stage(name: str) -> bool:
    """Return whether a stage of this name runs denoising steps.

    Source: sglang's names. Its refinement stage denoises; `...BeforeDenoisingStage` prepares.
    """
    prepares = name.endswith("BeforeDenoisingStage")
    return (name.endswith("DenoisingStage") and not prepares) or name.endswith("RefinementStage")


def is_decoding_stage(name: str) -> bool:
    """Return whether a stage of this name decodes latents into the output."""
    return name.endswith("DecodingStage")


def stage_of(field: str) -> str | None:
    """Return the stage that a place in a baseline file is of, or None where it is of no stage."""
    kind, _, name = field.partition(".")
    return name if kind == "stages_ms" else None


def step_of(field: str) -> str | None:
    """Return the index of the denoising step that a place in a baseline file is of, or None."""
    kind, _, index = field.partition(".")
    return index if kind == "denoise_step_ms" else None


def denoising_total_ms(stages_ms: Mapping[str, float]) -> float:
    """Return the sum of the denoising stages, in milliseconds."""
    return sum(value for name, value in stages_ms.items() if is_denoising_stage(name))


def _step_stages(request: RequestRecord) -> tuple[str | None, ...]:
    tops: dict[int | None, str | None] = {None: None}
    for stage in request.stages:  # a stage comes after the one that it is inside of
        tops[stage.id] = stage.name if stage.parent is None else tops[stage.parent]
    return tuple(tops[step.stage_id] for step in request.steps)


def _on(clock: Clock, timing: StageTiming | StepTiming) -> float | None:
    return timing.host_ms if clock == "host" else timing.device_ms


def _summed(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for name, value in pairs:
        sums[name] += value
    return dict(sums)
