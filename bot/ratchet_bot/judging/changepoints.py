"""Where the level of a series of nightly values changes, and to what."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Final, TypeVar

from ratchet_bot.judging.level import (
    LEAST_UNIT_RATIO,
    WINDOW_NIGHTS,
    Level,
    excess,
    levels_of,
    middle,
    noise,
)

Name = TypeVar("Name", bound=Hashable)
FALSE_SHARE: Final = 0.05
"""Part of the changes of many series that may be noise. Chosen: one of twenty that a person reads."""


@dataclass(frozen=True)
class ChangePoint:
    """A change of level that stayed."""

    index: int
    """Place of the first value of the new level in the series, counted from 0."""
    before: float
    """The level of the nights before, in the unit of the series."""
    after: float
    """The level of the nights from then on, in the unit of the series."""
    relative_change: float
    """(after - before) / before; positive is slower."""
    confidence: float
    """Between 0 and 1: 1 minus the chance that noise alone looks like this in `WINDOW_NIGHTS` nights."""


def change_points(series: Sequence[float]) -> list[ChangePoint]:
    """Return the changes of level in a series, in its order.

    Args:
        series: Values of at least 0, oldest first, of any length. A night without a value is left out.

    Returns:
        Changes of at least `LEAST_UNIT_RATIO` that stayed, to slower and to faster. A change of more than the
        noise is found on its second night; a smaller one, or a drift, when six nights or more add up to it.
        What is found by a night depends on that night and those before it only.
    """
    levels = levels_of(series)
    ends = [level.start for level in levels[1:]] + [len(series)]
    candidates = [_change(old, new, end) for (old, new), end in zip(pairwise(levels), ends[1:], strict=True)]
    return [change for change in candidates if abs(change.relative_change) >= LEAST_UNIT_RATIO]


def changes(
    by_series: Mapping[Name, Sequence[float]], *, false_share: float = FALSE_SHARE
) -> dict[Name, list[ChangePoint]]:
    """Return the changes of many series, of which at most a share is expected to be noise.

    Args:
        by_series: Any name -> series, see `change_points`.
        false_share: That share, as a fraction.

    Returns:
        Name -> changes, for the series that have any, in the order given.

    Source: Benjamini and Hochberg, "Controlling the false discovery rate", J. R. Statist. Soc. B 57, 1995.
    Every `WINDOW_NIGHTS` nights of a series are one test, so a long history asks for more than a short one.
    """
    by_name = {name: change_points(series) for name, series in by_series.items()}
    chances = sorted(1.0 - change.confidence for changed in by_name.values() for change in changed)
    tests = sum(max(1, len(series) // WINDOW_NIGHTS) for series in by_series.values())
    most = max(
        (chance for rank, chance in enumerate(chances, 1) if chance <= false_share * rank / tests),
        default=-1.0,
    )
    sure = (
        (name, [change for change in changed if 1.0 - change.confidence <= most])
        for name, changed in by_name.items()
    )
    return {name: changed for name, changed in sure if changed}


def _change(old: Level, new: Level, end: int) -> ChangePoint:
    nights = new.series[new.start : min(end, new.start + WINDOW_NIGHTS)]
    before, after = middle(old.nights(new.start)), middle(nights)
    change = excess(after, before)
    error = noise(old.excesses(new.start)).sigma_ratio
    error *= sqrt(1.0 / len(nights) + 1.0 / len(old.nights(new.start)))
    return ChangePoint(new.start, before, after, change, 1.0 - _chance(abs(change) / error))


def _chance(errors: float) -> float:
    """Return the chance of a value so many standard errors off, on either side, if noise has heavy tails.

    Source: the distribution of Student's t with four degrees of freedom, in its closed form.
    """
    squared = 1.0 + errors**2 / 4.0
    share = errors / sqrt(squared)
    return max(0.0, 1.0 - 0.75 * share * (1.0 - share**2 / 12.0))
