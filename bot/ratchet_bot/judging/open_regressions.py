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
        return tuple(dict.fromkeys(part for one in self.regressions for part in one.environment))

    @property
    def is_shift(self) -> bool:
        """Whether the machine explains it better than the code."""
        return self.is_everywhere and bool(self.environment)


def known_and_found(
    known: Iterable[Regression], found: Sequence[Regression], series: Mapping[str, Series]
) -> list[Regression]:
    """Return all regressions that there are to tell, each once.

    Args:
        known: What an issue remembers.
        found: In the history that was read. It knows better of all that it reaches back to.
        series: That history, by scenario.
    """
    seen = {one.scenario for one in found}
    older = [
        one
        for one in known
        if one.scenario not in seen or all(line.captured_at > one.since for line in series[one.scenario])
    ]
    return [*older, *found]


def why_over(one: Regression, lines: Series, file: BaselineFile) -> str:
    """Return why a regression is over, or "" while it holds: not measured is not recovered.

    Args:
        one: The regression.
        lines: The series of its scenario, this night's line among them; none when it was not measured.
        file: The baselines of the default branch.
    """
    baseline = file.scenarios.get(one.scenario)
    if baseline is None:
        return "the scenario has no baseline any more"
    captured_at = baseline.provenance.captured_at if baseline.provenance else one.since
    if captured_at > one.since and baseline.by_field().get(one.field, 0.0) > one.middle_ms:
        return "its baseline was captured anew since, at the new level"
    values = [line.values[one.field] for line in lines if one.field in line.values]
    if not values:
        return ""
    if lines[-1].comparability != one.comparability:
        return "the machine has changed since, and its times do not compare"
    level = present_level(values)
    return "it is as fast as before" if level is not None and level.value <= one.middle_ms else ""


def episodes(regressions: Iterable[Regression], series: Mapping[str, Series]) -> list[Episode]:
    """Return the regressions by the night on which they began, the oldest night first."""
    by_run: dict[int, list[Regression]] = {}
    for one in sorted(regressions, key=lambda one: (one.since, -one.change_ratio)):
        by_run.setdefault(one.bad_run_id, []).append(one)
    return [Episode(tuple(found), _is_everywhere(found, run_id, series)) for run_id, found in by_run.items()]


def remembered_from_json(text: str) -> Remembered:
    """Return what an issue remembers; nothing where it was edited beyond recognition."""
    try:
        return Remembered.model_validate_json(text)
    except ValidationError:
        return Remembered()


def is_most(count: int, of: int) -> bool:
    """Return whether so many of the scenarios are everything, for all one can tell."""
    return count >= EVERYWHERE_LEAST and count >= EVERYWHERE_RATIO * of


def _is_everywhere(found: Sequence[Regression], run_id: int, series: Mapping[str, Series]) -> bool:
    measured = [name for name, lines in series.items() if any(line.run_id == run_id for line in lines)]
    return is_most(len({one.scenario for one in found}), len(measured))


@dataclass(frozen=True)
class Told:
    """What an open issue has told."""

    beginning: int
    """The run with which its regressions began when they were first told: it never changes."""
    regressions: Sequence[Regression]
    """What it remembers."""
    is_whole: bool
    """Whether it remembers all that it told."""


@dataclass(frozen=True)
class Sharing:
    """Every regression in one place."""

    told: Sequence[Sequence[Regression]]
    """By issue, in the order of the issues; none where it is over."""
    fresh: Mapping[int, Sequence[Regression]]
    """What no issue tells of so far, by the run with which it began, the first one first."""


def shared_out(regressions: Sequence[Regression], issues: Sequence[Told]) -> Sharing:
    """Return which issue tells of which regression.

    An issue keeps the scenarios that it has told of, each with the regression whose beginning is nearest to
    what it told: estimates move by a night as more nights are known, and a drift goes on. What is new to all
    issues goes to the one whose regressions began with the same run, else it is fresh.

    Args:
        regressions: Each once.
        issues: The open ones of the hardware, the oldest first.
    """
    homes = _told_before(regressions, issues)
    begun = {one.beginning: number for number, one in reversed([*enumerate(issues)])}
    for place, number in homes.items():
        begun.setdefault(regressions[place].bad_run_id, number)
    told: list[list[Regression]] = [[] for _ in issues]
    fresh: dict[int, list[Regression]] = {}
    for place, one in sorted(enumerate(regressions), key=lambda it: it[1].since):
        home = homes.get(place, begun.get(one.bad_run_id, _near(one, issues)))
        (fresh.setdefault(one.bad_run_id, []) if home is None else told[home]).append(one)
    return Sharing(told, fresh)


def _told_before(regressions: Sequence[Regression], issues: Sequence[Told]) -> dict[int, int]:
    """Return issues by the regression's place: each regression, and each that is remembered, at most once."""
    known: dict[str, list[tuple[int, int, Regression]]] = {}
    for number, issue in enumerate(issues):
        for row, was in enumerate(issue.regressions):
            known.setdefault(was.scenario, []).append((number, row, was))
    pairs = sorted(
        (abs(one.since - was.since), number, row, place)
        for place, one in enumerate(regressions)
        for number, row, was in known.get(one.scenario, ())
    )
    homes: dict[int, int] = {}
    used: set[tuple[int, int]] = set()
    for _, number, row, place in pairs:
        if place not in homes and (number, row) not in used:
            homes[place] = number
            used.add((number, row))
    return homes


def _near(one: Regression, issues: Sequence[Told]) -> int | None:
    """Return the issue that may have told of a regression, and could not remember all that it told."""
    return next(
        (
            number
            for number, issue in enumerate(issues)
            if not issue.is_whole and any(abs(one.since - was.since) <= NEAR for was in issue.regressions)
        ),
        None,
    )
