"""Which issue tells of which regression: the one that told of it before, whatever is known better since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ratchet_bot.judging.regressions import Regression

NEAR: Final = timedelta(days=2)
"""By how much two estimates of one beginning differ. Chosen: a night, and one that was not measured."""


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
