"""Regressions of the default branch: levels that rose and stayed, since which commit, in which stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Annotated, Final

from pydantic import AwareDatetime, Field
from ratchet_profiler.record import Frozen, Milliseconds, ScenarioId, Sha

from ratchet_bot.data.baselines import END_TO_END
from ratchet_bot.data.history import FieldName, Key, Series
from ratchet_bot.judging.changepoints import ChangePoint, changes
from ratchet_bot.judging.comparability import Setting, machine_changes
from ratchet_bot.judging.level import LEAST_WIDTH_RATIO, WINDOW_NIGHTS
from ratchet_bot.judging.metrics import gates
from ratchet_bot.judging.nights import runner_change

MAX_STAGES: Final = 3
"""Stages named of one regression, those that grew most. Chosen: one or two explain nearly all."""
MAX_PARTS: Final = 8
"""Parts of a machine that are named. Chosen: as many as are kept of it."""
RECOVERED_RATIO: Final = 0.5
"""Part of a slowdown that has to be gone for it to be over. Chosen: the nearer of the two levels counts."""
LEAST_STAGE_SHARE: Final = 0.1
"""Smallest part of a slowdown for which a stage is named."""
LONGEST_PART: Final = 200
"""Characters shown of what changed about a machine."""


class StageGrowth(Frozen):
    """By how much a stage grew in a regression."""

    name: FieldName
    before_ms: Milliseconds
    after_ms: Milliseconds
    share_ratio: float
    """Part of the scenario's whole slowdown, at most 1."""


class Regression(Frozen):
    """A level of one scenario that rose and stayed."""

    scenario: ScenarioId
    field: FieldName
    """Where the metric stands in a baseline file; end to end wherever that has risen."""
    comparability: Key
    before_ms: Milliseconds
    after_ms: Milliseconds
    good_sha: Sha
    """The last commit that was measured at the old level."""
    bad_sha: Sha
    """The first commit that was measured at the new level."""
    bad_run_id: Annotated[int, Field(ge=0, le=2**53)]
    since: AwareDatetime
    """When that run began."""
    stages: Annotated[tuple[StageGrowth, ...], Field(max_length=MAX_STAGES)] = ()
    """The stages that grew most, the largest first."""
    environment: Annotated[tuple[Key, ...], Field(max_length=MAX_PARTS)] = ()
    """What else changed on the machine on that night."""

    @property
    def change_ratio(self) -> float:
        """Relative change, positive is slower."""
        return (self.after_ms - self.before_ms) / self.before_ms if self.before_ms else 0.0

    @property
    def middle_ms(self) -> float:
        """Below this it is over."""
        return self.before_ms + RECOVERED_RATIO * (self.after_ms - self.before_ms)

    @property
    def identity(self) -> tuple[str, str, int]:
        """What makes it one of its own."""
        return self.scenario, self.field, self.bad_run_id


@dataclass(frozen=True)
class _Rise:
    """From one level to a higher one, in one step or in several small ones."""

    start: int
    """Place of the first night after the old level."""
    end: int
    """Place of the first night of the new level."""
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """Relative change."""
        return (self.after - self.before) / self.before

    @property
    def middle(self) -> float:
        """A level below this has come back."""
        return self.before + RECOVERED_RATIO * (self.after - self.before)


def held_regressions(series: Mapping[str, Series], nights: int) -> list[Regression]:
    """Return the regressions that have lasted for so many nights, in the order of the scenarios.

    A scenario is reported by end to end where that has risen, otherwise by the metric that has risen most.

    Args:
        series: By scenario, this night's line among them.
        nights: Nights on the new level, in the history.
    """
    values = {
        (scenario, field): [line.values[field] for line in lines if field in line.values]
        for scenario, lines in series.items()
        for field in dict.fromkeys(field for line in lines for field in line.values)
        if gates(field)
    }
    by_scenario: dict[str, dict[str, list[Regression]]] = {}
    for (scenario, field), moved in changes(values).items():
        lines = [line for line in series[scenario] if field in line.values]
        lasting = [_regression(lines, field, rise, moved) for rise in _rises(moved)]
        held = [
            regression
            for regression in lasting
            if len({line.night for line in lines if line.captured_at >= regression.since}) >= nights
        ]
        by_scenario.setdefault(scenario, {})[field] = held
    return [regression for by_field in by_scenario.values() for regression in _reported(by_field)]


def _rises(moved: Sequence[ChangePoint]) -> list[_Rise]:
    """Return the rises worth telling that have not come back; small ones in a row are one drift."""
    rises: list[_Rise] = []
    drift: list[ChangePoint] = []
    for number, change in enumerate(moved):
        is_small = 0 < change.relative_change < LEAST_WIDTH_RATIO
        drift = [*drift, change] if is_small else []
        together = drift or [change]
        rise = _Rise(together[0].index, change.index, together[0].before, change.after)
        if rises and rises[-1].start == rise.start:  # the drift goes on
            rises.pop()
        if rise.ratio >= LEAST_WIDTH_RATIO and all(
            later.after > rise.middle for later in moved[number + 1 :]
        ):
            rises.append(rise)
    return rises


def _reported(by_field: Mapping[str, Sequence[Regression]]) -> Sequence[Regression]:
    if by_field.get(END_TO_END):
        return by_field[END_TO_END]
    return max(
        by_field.values(),
        key=lambda several: max((regression.change_ratio for regression in several), default=0.0),
    )


def _regression(lines: Series, field: str, rise: _Rise, moved: Sequence[ChangePoint]) -> Regression:
    bounds = [0, *(change.index for change in moved), len(lines)]
    start = max(bound for bound in bounds if bound < rise.start)
    end = min(bound for bound in bounds if bound > rise.end)
    good, bad = lines[rise.start - 1], lines[rise.end]
    return Regression(
        scenario=bad.scenario,
        field=field,
        comparability=bad.comparability,
        before_ms=rise.before,
        after_ms=rise.after,
        good_sha=good.head_sha,
        bad_sha=bad.head_sha,
        bad_run_id=bad.run_id,
        since=bad.captured_at,
        stages=_growth(lines[start : rise.start], lines[rise.end : end]),
        environment=_changed(lines[: rise.start], lines[rise.end :]),
    )


def _growth(before: Series, after: Series) -> tuple[StageGrowth, ...]:
    """Return the stages that grew most between the nights of two levels."""
    old, new = _middles(before), _middles(after)
    whole = new.get(END_TO_END, 0.0) - old.get(END_TO_END, 0.0)
    names = [field for field in new if field.startswith("stages_ms.") and new[field] > old.get(field, 0.0)]
    grown = sorted(names, key=lambda field: old.get(field, 0.0) - new[field])
    growths = [
        StageGrowth(
            name=field.removeprefix("stages_ms."),
            before_ms=old.get(field, 0.0),
            after_ms=new[field],
            share_ratio=min((new[field] - old.get(field, 0.0)) / whole, 1.0) if whole > 0 else 1.0,
        )
        for field in grown[:MAX_STAGES]
    ]
    return tuple(growth for growth in growths if growth.share_ratio >= LEAST_STAGE_SHARE)


def _middles(lines: Series) -> dict[str, float]:
    """Return the lower median of each value over the nights next to the change."""
    fields = dict.fromkeys(field for line in lines for field in line.values)
    near = lines[-WINDOW_NIGHTS:]
    values = {field: [line.values[field] for line in near if field in line.values] for field in fields}
    return {field: median_low(several) for field, several in values.items() if several}


def _changed(before: Series, since: Series) -> tuple[str, ...]:
    """Return what is another on the machine, such as "driver 570.1 -> driver 570.2"."""
    was, now = (Setting(line.comparability, line.environment) for line in (before[-1], since[0]))
    runner = runner_change(before, since)
    changes = [f"measured on {runner.since} since then, on {runner.before} before"] if runner else []
    return tuple(part[:LONGEST_PART] for part in [*changes, *machine_changes(was, now)][:MAX_PARTS])
