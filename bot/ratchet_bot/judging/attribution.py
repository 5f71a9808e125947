"""Where a change of end to end is: an exact sum over the stages and, inside of denoising, over its steps.

Every part is milliseconds, positive is slower. The parts of each sum add up to the whole, whatever they are:
what the named parts do not explain has a name too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from statistics import median
from typing import Final, Literal, TypeAlias

from ratchet_bot.data.baselines import END_TO_END, ScenarioBaseline
from ratchet_bot.judging.metrics import is_denoising_stage
from ratchet_bot.judging.snapshot import Snapshot

FIRST_STEPS: Final = 2
"""First steps, which are a part of their own: they meet an empty launch queue (see `early-steps-fast`)."""
LEAST_DRIFT_RATIO: Final = 0.01
"""Smallest change between the halves of the steps that is a drift, as a fraction of the median step.
Chosen: below it nothing is visible in a plot of steps."""
LEAST_STEPS: Final = 6
"""Fewest steps that can drift: the halves of fewer are single steps."""
DRIFT_WIDTHS: Final = 2.0
"""How many median deviations of a step such a change must have. Chosen: two halves of an unchanged run of 50
noisy steps differ by a third of one."""


LEVEL_RATIO: Final = 0.5
"""Share of the steps' change from which "every step is slower" is what there is to say."""
MOST_RATIO: Final = 0.8
MOST_PARTS: Final = 3
"""Parts are named until they explain this share of the change, and no more of them. Chosen: one sentence."""
WHOLE_RATIO: Final = 1.05
"""Up to here a part is all of the change, though something small became faster."""

StepPart: TypeAlias = Literal["level", "first", "drift", "spikes", "outside"]


@dataclass(frozen=True)
class StageChange:
    """What one stage adds to the change."""

    name: str
    old_ms: float | None
    """None where the baseline has no such stage."""
    new_ms: float | None
    """None where it was not measured."""

    @property
    def ms(self) -> float:
        """How much slower it is; a stage that one side lacks counts as nothing there."""
        return (self.new_ms or 0.0) - (self.old_ms or 0.0)


@dataclass(frozen=True)
class StepChanges:
    """What the change of a denoising stage consists of: the five parts add up to `total_ms`."""

    stage: str
    total_ms: float
    """The change of the stage."""
    level_ms: float
    """Every step is slower by the same time: that time, times the number of steps."""
    first_ms: float
    """What the first steps add to that."""
    drift_ms: float
    """What the later ones of the other steps add, where steps become slower one after the other."""
    spikes_ms: float
    """What single steps add: the rest of the change of the steps."""
    outside_ms: float
    """What the stage takes outside of its steps."""
    steps: int
    """How many steps it has."""
    first: int
    """How many of them are first steps."""
    old_step_ms: float
    """The middle one of the other steps, in the baseline."""
    new_step_ms: float
    """The same, as measured."""

    @property
    def main(self) -> StepPart:
        """The part that explains most of the change: the level where it is half of it, else the largest."""
        if self.level_ms * self.total_ms >= LEVEL_RATIO * self.total_ms**2:
            return "level"
        parts: dict[StepPart, float] = {
            "level": self.level_ms,
            "first": self.first_ms,
            "drift": self.drift_ms,
            "spikes": self.spikes_ms,
            "outside": self.outside_ms,
        }
        return max(parts, key=lambda name: parts[name] * self.total_ms)

    @property
    def main_ms(self) -> float:
        """How much that part is."""
        return float(getattr(self, f"{self.main}_ms"))


@dataclass(frozen=True)
class ChangePart:
    """A part of the change of end to end that is worth naming."""

    stage: str
    """"" for what is outside of any stage."""
    ms: float
    share_ratio: float
    """Of the whole change: above 1 where something else went the other way."""
    steps: StepChanges | None
    """What is inside of it, where it is a denoising stage whose steps are known on both sides."""


@dataclass(frozen=True)
class Attribution:
    """The change of end to end: that of every stage, and what no stage explains, add up to `total_ms`."""

    total_ms: float
    stages: tuple[StageChange, ...]
    """The largest change first."""
    unattributed_ms: float
    """What is outside of any stage."""
    steps: tuple[StepChanges, ...]
    """Of each denoising stage; empty where one side does not have every step, or their numbers differ."""

    @cached_property
    def leading(self) -> tuple[ChangePart, ...]:
        """The largest parts in the direction of the change, until they explain most of it; at most three."""
        parts = [(stage.name, stage.ms) for stage in self.stages] + [("", self.unattributed_ms)]
        along = sorted(
            ((name, ms) for name, ms in parts if ms * self.total_ms > 0), key=lambda part: -abs(part[1])
        )
        chosen: list[tuple[str, float]] = []
        for part in along[:MOST_PARTS]:
            if sum(abs(ms) for _, ms in chosen) < MOST_RATIO * abs(self.total_ms):
                chosen.append(part)
        inside = {steps.stage: steps for steps in self.steps}
        return tuple(ChangePart(name, ms, ms / self.total_ms, inside.get(name)) for name, ms in chosen)

    @property
    def rest_ms(self) -> float:
        """What the leading parts do not explain."""
        return self.total_ms - sum(part.ms for part in self.leading)

    @property
    def is_one_sided(self) -> bool:
        """True when the leading parts are shares of the change: none is clearly larger than the whole."""
        return all(part.share_ratio <= WHOLE_RATIO for part in self.leading)


def attribution(baseline: ScenarioBaseline, measured: Snapshot) -> Attribution | None:
    """Return where the change from a baseline to a request is, or None where it cannot be attributed.

    That is where the baseline has no end to end, or nothing inside.

    Args:
        baseline: What was expected.
        measured: One request: its values belong together.
    """
    old_e2e_ms = baseline.aggregate(END_TO_END)
    if not old_e2e_ms or baseline.is_end_to_end_only:
        return None
    stages_ms = measured.as_baseline.stages
    names = dict.fromkeys([*baseline.stages, *stages_ms])
    changes = [StageChange(name, baseline.stages.get(name), stages_ms.get(name)) for name in names]
    total_ms = measured.e2e_ms - old_e2e_ms
    return Attribution(
        total_ms,
        tuple(sorted(changes, key=lambda change: -abs(change.ms))),
        fsum([total_ms, *(-change.ms for change in changes)]),
        _inside(baseline, measured),
    )


def _inside(baseline: ScenarioBaseline, measured: Snapshot) -> tuple[StepChanges, ...]:
    """Return the parts of each denoising stage's change, from the steps that ran in it."""
    old, new = list(baseline.steps.values()), list(measured.steps_ms)
    if not baseline.has_every_step or len(old) != len(new):
        return ()
    stages = [name for name in baseline.stages if is_denoising_stage(name)]
    if set(stages) != set(filter(is_denoising_stage, measured.stages_ms)):
        return ()
    owners = stages * len(old) if len(stages) == 1 else measured.step_stages
    if not set(owners) <= set(stages):
        return ()
    parts = []
    for name in stages:
        indices = [index for index, owner in enumerate(owners) if owner == name]
        if indices:
            total_ms = measured.stages_ms[name] - baseline.stages[name]
            parts.append(_step_changes(name, total_ms, [old[i] for i in indices], [new[i] for i in indices]))
    return tuple(parts)


def _step_changes(stage: str, total_ms: float, old: Sequence[float], new: Sequence[float]) -> StepChanges:
    first = min(FIRST_STEPS, len(old) // 2)
    changes = [after - before for before, after in zip(old, new, strict=True)]
    later = changes[first:]
    slope_ms = _slope(later, median(old[first:]))
    level_ms = median(change - slope_ms * index for index, change in enumerate(later))
    drift_ms = fsum(slope_ms * index for index in range(len(later)))
    return StepChanges(
        stage=stage,
        total_ms=total_ms,
        level_ms=level_ms * len(changes),
        first_ms=fsum(change - level_ms for change in changes[:first]),
        drift_ms=drift_ms,
        spikes_ms=fsum([*later, -drift_ms, -level_ms * len(later)]),
        outside_ms=fsum([total_ms, *(-change for change in changes)]),
        steps=len(changes),
        first=first,
        old_step_ms=median(old[first:]),
        new_step_ms=median(new[first:]),
    )


def _slope(changes: Sequence[float], step_ms: float) -> float:
    """Return by how many milliseconds each step is slower than the one before, 0 unless that is a drift.

    Args:
        changes: How much slower each step is than in the baseline, in the order of the steps.
        step_ms: What a step takes.
    """
    if len(changes) < LEAST_STEPS:
        return 0.0
    half = len(changes) // 2
    before, after = median(changes[:half]), median(changes[-half:])
    slope_ms = (after - before) / (len(changes) - half)
    straightened = [change - slope_ms * index for index, change in enumerate(changes)]
    middle = median(straightened)
    spread_ms = median(abs(change - middle) for change in straightened)
    least_ms = max(LEAST_DRIFT_RATIO * step_ms, DRIFT_WIDTHS * spread_ms)
    return slope_ms if abs(after - before) > least_ms else 0.0
