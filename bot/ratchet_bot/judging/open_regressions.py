"""The regressions that have not come back: when they began, why they are over, and which issue reports them.

What is known is kept in the issue that reports it, so that a regression is not forgotten when the night on
which it began is older than the history that is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field, ValidationError
from ratchet_profiler.record import Frozen, ScenarioId

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.history import Series
from ratchet_bot.judging.level import present_level
from ratchet_bot.judging.regressions import Regression

MAX_REGRESSIONS: Final = 512
"""Most regressions of one hardware. Chosen: as many as a run may have scenarios."""
EVERYWHERE_RATIO: Final = 0.5
EVERYWHERE_LEAST: Final = 3
"""From half of the scenarios on, and at least three, everything moved at once. Source: rotki#13140."""
NEAR: Final = timedelta(days=2)
"""By how much two estimates of one beginning differ. Chosen: a night, and one that was not measured."""


class Remembered(Frozen):
    """What an issue knows of its regressions."""

    regressions: Annotated[tuple[Regression, ...], Field(max_length=MAX_REGRESSIONS)] = ()
    accepted: Annotated[tuple[ScenarioId, ...], Field(max_length=MAX_REGRESSIONS)] | None = None
    """The scenarios that were slower when a person accepted that; None: nobody has."""


@dataclass(frozen=True)
class Episode:
    """What began on one night."""

    regressions: tuple[Regression, ...]
    """At least one, the largest first."""
    is_everywhere: bool
    """Whether most scenarios moved at once: the machine, or something that all of them share."""

    @property
    def first(self) -> Regression:
        """The largest; all of them began on the same night."""
        return self.regressions[0]

    @property
    def environment(self) -> tuple[str, ...]:
        """What else changed on the machines on that night."""
        return tuple(
            dict.fromkeys(part for regression in self.regressions for part in regression.environment)
        )

    @property
    def is_shift(self) -> bool:
        """Whether the machine explains it better than the code."""
        return self.is_everywhere and bool(self.environment)


def remembered_and_current(
    remembered: Iterable[Regression], current: Sequence[Regression], series: Mapping[str, Series]
) -> list[Regression]:
    """Return all regressions, each once.

    Args:
        remembered: What the issues remember.
        current: In the history that was read; it is right about everything that it reaches back to.
        series: That history, by scenario.
    """
    scenarios = {regression.scenario for regression in current}
    older = [
        regression
        for regression in remembered
        if regression.scenario not in scenarios
        or all(line.captured_at > regression.since for line in series[regression.scenario])
    ]
    return [*older, *current]


def why_over(regression: Regression, lines: Series, file: BaselineFile) -> str:
    """Return why a regression is over, or "" while it holds: not measured is not recovered.

    Args:
        regression: The regression.
        lines: The series of its scenario, this night's line among them; none when it was not measured.
        file: The baselines of the default branch.
    """
    field, since, middle_ms = regression.field, regression.since, regression.middle_ms
    baseline = file.scenarios.get(regression.scenario)
    if baseline is None:
        return "the scenario has no baseline any more"
    captured_at = baseline.provenance.captured_at if baseline.provenance else since
    if captured_at > since and baseline.by_field().get(field, 0.0) > middle_ms:
        return "its baseline has since been captured again, at the new level"
    values = [line.values[field] for line in lines if field in line.values]
    if not values:
        return ""
    if lines[-1].comparability != regression.comparability:
        return "the machine has changed since, so its times are not comparable"
    level = present_level(values)
    return "it is as fast as before" if level is not None and level.value <= middle_ms else ""


def episodes(regressions: Iterable[Regression], series: Mapping[str, Series]) -> list[Episode]:
    """Return the regressions by the night on which they began, the oldest night first."""
    by_run: dict[int, list[Regression]] = {}
    for regression in sorted(regressions, key=lambda item: (item.since, -item.change_ratio)):
        by_run.setdefault(regression.bad_run_id, []).append(regression)
    return [Episode(tuple(group), _is_everywhere(group, run_id, series)) for run_id, group in by_run.items()]


def remembered_from_json(text: str) -> Remembered:
    """Return what an issue remembers; nothing where it was edited beyond recognition."""
    try:
        return Remembered.model_validate_json(text)
    except ValidationError:
        return Remembered()


def is_most(count: int, of: int) -> bool:
    """Return whether so many of the scenarios are everything, for all one can tell."""
    return count >= EVERYWHERE_LEAST and count >= EVERYWHERE_RATIO * of


def _is_everywhere(group: Sequence[Regression], run_id: int, series: Mapping[str, Series]) -> bool:
    measured = [name for name, lines in series.items() if any(line.run_id == run_id for line in lines)]
    return is_most(len({regression.scenario for regression in group}), len(measured))


@dataclass(frozen=True)
class ReportedIssue:
    """What an open issue has reported."""

    beginning: int
    """The run with which its regressions began when they were first reported: it never changes."""
    regressions: Sequence[Regression]
    """What it remembers."""
    is_whole: bool
    """Whether it remembers all that it reported."""


@dataclass(frozen=True)
class IssueShares:
    """Every regression in one place."""

    by_issue: Sequence[Sequence[Regression]]
    """In the order of the issues; an empty share where the issue is over."""
    fresh: Mapping[int, Sequence[Regression]]
    """What no issue has reported so far, by the run with which it began, the first one first."""


def issue_shares(regressions: Sequence[Regression], issues: Sequence[ReportedIssue]) -> IssueShares:
    """Return which issue reports which regression.

    An issue keeps the scenarios that it has reported, each with the regression whose beginning is nearest to
    what it reported: estimates move by a night as more nights are known, and a drift goes on. What is new to
    all issues goes to the one whose regressions began with the same run, else it is fresh.

    Args:
        regressions: Each once.
        issues: The open ones of the hardware, the oldest first.
    """
    homes = _reported_before(regressions, issues)
    by_beginning = {issue.beginning: number for number, issue in reversed([*enumerate(issues)])}
    for place, number in homes.items():
        by_beginning.setdefault(regressions[place].bad_run_id, number)
    by_issue: list[list[Regression]] = [[] for _ in issues]
    fresh: dict[int, list[Regression]] = {}
    for place, regression in sorted(enumerate(regressions), key=lambda item: item[1].since):
        same_run = by_beginning.get(regression.bad_run_id, _near(regression, issues))
        home = homes.get(place, same_run)
        share = fresh.setdefault(regression.bad_run_id, []) if home is None else by_issue[home]
        share.append(regression)
    return IssueShares(by_issue, fresh)


def _reported_before(regressions: Sequence[Regression], issues: Sequence[ReportedIssue]) -> dict[int, int]:
    """Return issues by the regression's place: each regression, and each that is remembered, at most once."""
    remembered: dict[str, list[tuple[int, int, Regression]]] = {}
    for number, issue in enumerate(issues):
        for row, old in enumerate(issue.regressions):
            remembered.setdefault(old.scenario, []).append((number, row, old))
    pairs = sorted(
        (abs(regression.since - old.since), number, row, place)
        for place, regression in enumerate(regressions)
        for number, row, old in remembered.get(regression.scenario, ())
    )
    homes: dict[int, int] = {}
    used: set[tuple[int, int]] = set()
    for _, number, row, place in pairs:
        if place not in homes and (number, row) not in used:
            homes[place] = number
            used.add((number, row))
    return homes


def _near(regression: Regression, issues: Sequence[ReportedIssue]) -> int | None:
    """Return the issue that may have reported a regression, and could not remember all that it reported."""
    return next(
        (
            number
            for number, issue in enumerate(issues)
            if not issue.is_whole
            and any(abs(regression.since - old.since) <= NEAR for old in issue.regressions)
        ),
        None,
    )
