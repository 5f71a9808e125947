"""Where a change of end to end is: an exact sum over the stages and, inside of denoising, over its steps.

Every part is milliseconds, positive is slower. The parts of each sum add up to the whole, whatever they are:
what the named parts do not explain has a name too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from statistics import median
from typing import Final, Literal, TypeAlias

from bot.baselines import ScenarioBaseline
from bot.snapshot import Snapshot, denoising_total_ms, is_denoising_stage

FIRST_STEPS: Final = 2
"""Steps at the beginning that are told apart: they meet an empty launch queue (see `early-steps-fast`)."""
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
    """What the denoising stages' change consists of: the five parts add up to `total_ms`."""

    total_ms: float
    """The change of all denoising stages."""
    level_ms: float
    """Every step is slower by the same time: that time, times the number of steps."""
    first_ms: float
    """What the first steps add to that."""
    drift_ms: float
    """What the later ones of the other steps add, where steps become slower one after the other."""
    spikes_ms: float
    """What single steps add: the rest of the change of the steps."""
    outside_ms: float
    """What the stages take outside of their steps."""
    steps: int
    """How many steps there are."""
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
class Part:
    """A part of the change of end to end that is worth naming."""

    stage: str
    """"" for what is outside of any stage."""
    ms: float
    share_ratio: float
    """Of the whole change: above 1 where something else became faster."""
    steps: StepChanges | None
    """What is inside of it; only with the first denoising stage, and for all of those together."""


@dataclass(frozen=True)
class Attribution:
    """The change of end to end: that of every stage, and what no stage explains, add up to `total_ms`."""

    total_ms: float
    stages: tuple[StageChange, ...]
    """The largest change first."""
    unattributed_ms: float
    """What is outside of any stage."""
    steps: StepChanges | None
    """None where one side does not have every step, or where their numbers differ."""

    @property
    def leading(self) -> tuple[Part, ...]:
        """The largest parts in the direction of the change, until they explain most of it; at most three."""
        parts = [(one.name, one.ms) for one in self.stages] + [("", self.unattributed_ms)]
        along = sorted((one for one in parts if one[1] * self.total_ms > 0), key=lambda one: -abs(one[1]))
        chosen: list[tuple[str, float]] = []
        for part in along[:MOST_PARTS]:
            if sum(abs(ms) for _, ms in chosen) < MOST_RATIO * abs(self.total_ms):
                chosen.append(part)
        inside = next((name for name, _ in chosen if is_denoising_stage(name)), None)
        return tuple(
            Part(name, ms, ms / self.total_ms, self.steps if name == inside else None) for name, ms in chosen
        )

    @property
    def rest_ms(self) -> float:
        """What the leading parts do not explain."""
        return self.total_ms - sum(one.ms for one in self.leading)

    @property
    def is_one_sided(self) -> bool:
        """True when the leading parts are shares of the change: none is larger than the whole."""
        return all(one.share_ratio <= 1.0 for one in self.leading)


def attribution(baseline: ScenarioBaseline, taken: Snapshot) -> Attribution | None:
    """Return where the change from a baseline to a request is, or None where the baseline has no end to end.

    Args:
        baseline: What was expected.
        taken: One request: its values belong together.
    """
    old_e2e_ms = baseline.aggregate("expected_e2e_ms")
    if not old_e2e_ms:
        return None
    measured = taken.as_baseline().stages
    names = dict.fromkeys([*baseline.stages, *measured])
    changes = [StageChange(name, baseline.stages.get(name), measured.get(name)) for name in names]
    total_ms = taken.e2e_ms - old_e2e_ms
    return Attribution(
        total_ms,
        tuple(sorted(changes, key=lambda one: -abs(one.ms))),
        fsum([total_ms, *(-one.ms for one in changes)]),
        _step_changes(baseline, taken),
    )


def _step_changes(baseline: ScenarioBaseline, taken: Snapshot) -> StepChanges | None:
    old, new = list(baseline.steps.values()), list(taken.steps_ms)
    if not old or not baseline.has_every_step or len(old) != len(new):
        return None
    if not any(map(is_denoising_stage, baseline.stages)):
        return None
    total_ms = denoising_total_ms(taken.stages_ms) - denoising_total_ms(baseline.stages)
    first = min(FIRST_STEPS, len(old) // 2)
    changes = [after - before for before, after in zip(old, new, strict=True)]
    later = changes[first:]
    slope_ms = _slope(later, median(old[first:]))
    level_ms = median(change - slope_ms * index for index, change in enumerate(later))
    first_ms = fsum(change - level_ms for change in changes[:first])
    drift_ms = fsum(slope_ms * index for index in range(len(later)))
    spikes_ms = fsum([*later, -drift_ms, -level_ms * len(later)])
    return StepChanges(
        total_ms=total_ms,
        level_ms=level_ms * len(changes),
        first_ms=first_ms,
        drift_ms=drift_ms,
        spikes_ms=spikes_ms,
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
    half = len(changes) // 2
    if len(changes) < LEAST_STEPS:
        return 0.0
    before, after = median(changes[:half]), median(changes[-half:])
    slope_ms = (after - before) / (len(changes) - half)
    straightened = [change - slope_ms * index for index, change in enumerate(changes)]
    middle = median(straightened)
    spread_ms = median(abs(change - middle) for change in straightened)
    least_ms = max(LEAST_DRIFT_RATIO * step_ms, DRIFT_WIDTHS * spread_ms)
    return slope_ms if abs(after - before) > least_ms else 0.0
