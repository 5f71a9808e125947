"""The level that a metric keeps for some nights, where it ends, and the noise around it.

A level ends by the robust CUSUM of Lucas and Crosier ("Robust CUSUM: a robustness study for CUSUM quality
control schemes", Communications in Statistics 11, 1982) on Page's sums ("Continuous inspection schemes",
Biometrika 41, 1954): one outlier counts little, two in a row are a change, and small shifts and slow drifts
add up. An excess is a relative distance: 0.03 is 3 % above the level, -0.03 is 3 % below.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import sqrt
from typing import Final

WINDOW_NIGHTS: Final = 30
"""Nights that a level is taken from. Source: the window of rustc-perf, and of the published comparison."""
MEMORY_NIGHTS: Final = 60
"""Nights that noise is taken from. Chosen: twice as many, since spikes and slow modes are rare."""
MIN_NIGHTS: Final = 5
"""Fewest nights from which noise is known. Source: the shortest history that was scored."""
LEAST_WIDTH_RATIO: Final = 0.015
"""Slowdown that is always noise. Source: whole public runs are 0.7 to 1.1 % off, metrics wander by 1 %."""
MODE_NIGHTS: Final = 3
"""Nights in a row whose middle one is not a spike, and times that this has to happen to be a mode."""
WIDTHS: Final = 3.0
"""Standard deviations that are noise. Source: Shewhart's control chart (1931)."""
USUAL_SIGMA_RATIO: Final = 0.006
"""Standard deviation of a metric not known yet. Source: 0.1 to 0.9 % in public nightly runs on H100."""
USUAL_NIGHTS: Final = 5
"""Nights that the usual standard deviation counts for. Chosen: a history of `MIN_NIGHTS` is believed half."""
MAD_TO_SIGMA: Final = 1.4826
"""Median absolute deviation to standard deviation, for normal noise."""
MOST_EXCESS: Final = 1e6
"""Excesses are cut here: a million times slower is not a measurement, and the sums stay finite."""
STEP_NIGHTS: Final = 2
"""Nights beyond the noise, in a row and on one side, that are a change. Source: Lucas and Crosier 1982."""
STEP_RATIO: Final = 0.02
"""Change that is too small for two nights to show. Source: Perfherder's alert threshold."""
STEP_LIKENESS: Final = 0.5
"""Part of the larger excess that the smaller one is at least: a spike beside a slow night is not a level."""
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


@dataclass(frozen=True)
class Noise:
    """What nights did around their level, as excesses."""

    sigma_ratio: float
    """Standard deviation without the outliers, drawn towards the usual one when the nights are few."""
    slow_mode: float
    """What the machines do in their slower mode, at least 0; 0 where they have none."""
    fast_mode: float
    """What they do in their faster mode, at most 0."""

    @property
    def above(self) -> float:
        """Excess that is still noise."""
        return max(LEAST_WIDTH_RATIO, WIDTHS * self.sigma_ratio, self.slow_mode)

    @property
    def below(self) -> float:
        """The same for faster nights, as a positive number."""
        return max(LEAST_WIDTH_RATIO, WIDTHS * self.sigma_ratio, -self.fast_mode)


def noise(excesses: Sequence[float]) -> Noise:
    """Return the noise of nights, oldest first; of any number, also none."""
    nights = len(excesses)
    mad = middle([abs(excess) for excess in excesses]) if excesses else 0.0
    seen, usual = nights * (MAD_TO_SIGMA * mad) ** 2, USUAL_NIGHTS * USUAL_SIGMA_RATIO**2
    middles = [sorted(three)[1] for three in zip(excesses, excesses[1:], excesses[2:], strict=False)]
    modes = sorted([0.0] * MODE_NIGHTS + middles)
    return Noise(
        sigma_ratio=sqrt((seen + usual) / (nights + USUAL_NIGHTS)),
        slow_mode=modes[-MODE_NIGHTS],
        fast_mode=modes[MODE_NIGHTS - 1],
    )


def middle(values: Sequence[float]) -> float:
    """Return the median of at least one value; unlike `statistics.median` it cannot overflow."""
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low + (high - low) / 2


def lower_hinge(values: Sequence[float]) -> float:
    """Return the median of the lower half of at least one value, the middle one included.

    Source: Tukey, "Exploratory Data Analysis" (1977).
    """
    return middle(sorted(values)[: (len(values) + 1) // 2])


def excess(value: float, level: float) -> float:
    """Return how far a value is above a level; above a level of 0 everything is as far as can be."""
    if level <= 0:
        return MOST_EXCESS if value > 0 else 0.0
    return min(value / level, MOST_EXCESS) - 1.0


def excesses(values: Iterable[float], level: float) -> list[float]:
    """Return the `excess` of each value, which a call for each would make twice as slow."""
    if level <= 0:
        return [excess(value, level) for value in values]
    return [min(value / level, MOST_EXCESS) - 1.0 for value in values]


def guess_factor(nights: int) -> float:
    """Return by how much a width grows because the level is itself a guess from these many nights.

    Source: the prediction interval of a mean, s * sqrt(1 + 1/n).
    """
    return sqrt(1.0 + 1.0 / nights)


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


def present_level(series: Sequence[float]) -> PresentLevel | None:
    """Return the level at the end of a series, or None where it is empty or its level is not positive."""
    return _present_level(tuple(series))


@lru_cache(maxsize=MOST_KNOWN)
def _present_level(series: tuple[float, ...]) -> PresentLevel | None:
    levels = levels_of(series)
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


class Level:
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


def levels_of(series: Sequence[float]) -> list[Level]:
    """Return the levels of a series in its order; there is always one."""
    levels = [Level(series, 0, ())]
    for night in range(1, len(series)):
        begin = levels[-1].end(night)
        if begin is None:
            continue
        if len(levels) > 1 and _is_back(levels[-2], levels[-1].start, begin, night):
            levels.pop()
            levels[-1].resume()
        else:
            levels.append(Level(series, begin, levels[-1].excesses(begin)))
    return levels


def _is_back(old: Level, left: int, begin: int, night: int) -> bool:
    """Return whether the nights from `begin` are on a level that was left only a few nights before."""
    level = middle(old.nights(left))
    return (
        begin - left <= EXCURSION_NIGHTS
        and abs(excess(middle(old.series[begin : night + 1]), level)) <= STEP_RATIO
    )
