"""Where the level of a series of nightly values changes, and to what.

The method is the robust CUSUM of Lucas and Crosier ("Robust CUSUM: a robustness study for CUSUM quality
control schemes", Communications in Statistics 11, 1982) on Page's sums ("Continuous inspection schemes",
Biometrika 41, 1954): one outlier counts little, two in a row are a change, and small shifts and slow drifts
add up.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from math import sqrt
from typing import Final, TypeVar

from ratchet_bot.judging.level import (
    MEMORY_NIGHTS,
    MIN_NIGHTS,
    WINDOW_NIGHTS,
    excess,
    excesses,
    guess_factor,
    middle,
    noise,
)

Name = TypeVar("Name", bound=Hashable)

STEP_NIGHTS: Final = 2
"""Nights beyond the noise, in a row and on one side, that are a change. Source: Lucas and Crosier 1982."""
STEP_RATIO: Final = 0.02
"""Change that is too small for two nights to show. Source: Perfherder's alert threshold."""
STEP_LIKENESS: Final = 0.5
"""Part of the larger excess that the smaller one is at least: a spike beside a slow night is no level."""
LEAST_UNIT_RATIO: Final = 0.01
"""Unit of the sums where the noise is smaller, and the least change: a metric wanders by as much."""
ALLOWANCE_UNITS: Final = 0.5
"""What a night has to exceed to add to a sum. Source: Page's k is half of the shift that is looked for."""
QUIET_RATIO: Final = LEAST_UNIT_RATIO * ALLOWANCE_UNITS
"""A night this near to its level adds to no sum."""
MOST_UNITS: Final = 1.0
"""What one night counts for at most, so that no outlier makes a sum."""
DECISION_UNITS: Final = 3.0
"""Sum that is a change. Chosen: six nights that are all a unit off; five are an excursion."""
EXCURSION_NIGHTS: Final = 5
"""Nights after which a level that goes back to the old one has been a change; until then it was a mode."""
MOST_KNOWN: Final = 2048
"""Series whose level is kept: score, limit and chance ask in turn. Chosen: 67 scenarios of 12 metrics on
two hardwares."""
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


@dataclass(frozen=True)
class PresentLevel:
    """The level at the end of a series."""

    value: float
    """In the unit of the series."""
    nights: int
    """How many nights it has lasted, at most `WINDOW_NIGHTS`."""
    excesses: tuple[float, ...]
    """Of the last `MEMORY_NIGHTS` nights, oldest first, each over the level of its own time."""

    @cached_property
    def width_ratio(self) -> float:
        """How far above the level an unchanged metric may be found, as a fraction of it."""
        return noise(self.excesses).above * guess_factor(self.nights)


def change_points(series: Sequence[float]) -> list[ChangePoint]:
    """Return the changes of level in a series, in its order.

    Args:
        series: Values of at least 0, oldest first, of any length. A night without a value is left out.

    Returns:
        Changes of at least `LEAST_UNIT_RATIO` that stayed, to slower and to faster. A change of more than the
        noise is found on its second night; a smaller one, or a drift, when six nights or more add up to it.
        What is found by a night depends on that night and those before it only.
    """
    levels = _levels(series)
    ends = [level.start for level in levels[1:]] + [len(series)]
    found = [_change(old, new, end) for (old, new), end in zip(pairwise(levels), ends[1:], strict=True)]
    return [change for change in found if abs(change.relative_change) >= LEAST_UNIT_RATIO]


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
    found = {name: change_points(series) for name, series in by_series.items()}
    chances = sorted(1.0 - change.confidence for changed in found.values() for change in changed)
    tests = sum(max(1, len(series) // WINDOW_NIGHTS) for series in by_series.values())
    most = max(
        (chance for rank, chance in enumerate(chances, 1) if chance <= false_share * rank / tests),
        default=-1.0,
    )
    sure = (
        (name, [one for one in changed if 1.0 - one.confidence <= most]) for name, changed in found.items()
    )
    return {name: changed for name, changed in sure if changed}


def present_level(series: Sequence[float]) -> PresentLevel | None:
    """Return the level at the end of a series, or None where it is empty or its level is not positive."""
    return _present_level(tuple(series))


@lru_cache(maxsize=MOST_KNOWN)
def _present_level(series: tuple[float, ...]) -> PresentLevel | None:
    levels = _levels(series)
    nights = levels[-1].nights(len(series))
    value = middle(nights) if nights else 0.0
    if value <= 0:
        return None
    return PresentLevel(value, len(nights), tuple(levels[-1].excesses(len(series))))


class _Sum:
    """One of Page's two sums."""

    def __init__(self) -> None:
        self.units = 0.0
        self.since = 0
        """The first of the nights that it is made of."""

    def add(self, units: float, night: int) -> int | None:
        """Add a night, so far on this side of the level; return the first of the change if it makes one."""
        if self.units <= 0.0:
            self.since = night
        self.units = max(0.0, self.units + min(units, MOST_UNITS) - ALLOWANCE_UNITS)
        return self.since if self.units >= DECISION_UNITS else None


class _Level:
    """A level, from the night on which it starts until a night is found that ends it."""

    def __init__(self, series: Sequence[float], start: int, older: Sequence[float]) -> None:
        """`older` are the excesses of the nights before `start`, each over the level of its own time."""
        self.series, self.start, self.older = series, start, older
        self.resume()

    def resume(self) -> None:
        """Forget what has spoken for a change."""
        self.slower, self.faster = _Sum(), _Sum()
        self.noise, self.noise_night = noise(()), -MIN_NIGHTS

    def nights(self, end: int) -> Sequence[float]:
        """Return the values of the last `WINDOW_NIGHTS` nights of this level before `end`."""
        return self.series[max(self.start, end - WINDOW_NIGHTS) : end]

    def excesses(self, end: int) -> list[float]:
        """Return the excesses of the last `MEMORY_NIGHTS` nights before `end`, also of older levels."""
        nights, level = self.series[max(self.start, end - MEMORY_NIGHTS) : end], middle(self.nights(end))
        return [*self.older, *excesses(nights, level)][-MEMORY_NIGHTS:]

    def end(self, night: int) -> int | None:
        """Return the first night of another level if this night shows that there is one."""
        nights = self.nights(night)
        if len(nights) < STEP_NIGHTS or len(nights) + len(self.older) < MIN_NIGHTS:
            return None
        level = middle(nights)
        now = excess(self.series[night], level)
        if abs(now) <= QUIET_RATIO and not self.slower.units and not self.faster.units:
            return None
        self._renew_noise(night)
        factor = guess_factor(len(nights))
        if abs(now) > STEP_RATIO and self._is_step(excess(self.series[night - 1], level), now, factor):
            return night - 1 if night - 1 > self.start else None
        unit = factor * max(LEAST_UNIT_RATIO, self.noise.sigma_ratio)
        slower, faster = self.slower.add(now / unit, night), self.faster.add(-now / unit, night)
        return slower if slower is not None else faster

    def _renew_noise(self, night: int) -> None:
        """Learn from the nights until now, if some are new: noise changes slowly, and takes the longest."""
        if night - self.noise_night >= MIN_NIGHTS:
            self.noise, self.noise_night = noise(self.excesses(night)), night

    def _is_step(self, last: float, now: float, factor: float) -> bool:
        """Return whether two excesses in a row, on one side of the noise, are a level of their own."""
        width = self.noise.above if now > 0 else self.noise.below
        low, high = sorted((last, now) if now > 0 else (-last, -now))
        return low > factor * max(STEP_RATIO, width) and low >= STEP_LIKENESS * high


def _levels(series: Sequence[float]) -> list[_Level]:
    """Return the levels of a series in its order; there is always one."""
    levels = [_Level(series, 0, ())]
    for night in range(1, len(series)):
        begin = levels[-1].end(night)
        if begin is None:
            continue
        if len(levels) > 1 and _is_back(levels[-2], levels[-1].start, begin, night):
            levels.pop()
            levels[-1].resume()
        else:
            levels.append(_Level(series, begin, levels[-1].excesses(begin)))
    return levels


def _is_back(old: _Level, left: int, begin: int, night: int) -> bool:
    """Return whether the nights from `begin` are on a level that was left only a few nights before."""
    level = middle(old.nights(left))
    return (
        begin - left <= EXCURSION_NIGHTS
        and abs(excess(middle(old.series[begin : night + 1]), level)) <= STEP_RATIO
    )


def _change(old: _Level, new: _Level, end: int) -> ChangePoint:
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
