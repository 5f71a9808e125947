"""The level that a metric keeps for some nights, and the noise around it.

An excess is a relative distance: 0.03 is 3 % above the level, -0.03 is 3 % below.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
"""Nights in a row whose middle one is no spike, and times that this happened: then it is a mode."""
WIDTHS: Final = 3.0
"""Standard deviations that are noise. Source: Shewhart's control chart (1931)."""
USUAL_SIGMA_RATIO: Final = 0.006
"""Standard deviation of a metric not known yet. Source: 0.1 to 0.9 % in public nightly runs on H100."""
USUAL_NIGHTS: Final = 5
"""Nights that the usual standard deviation counts for. Chosen: a history of `MIN_NIGHTS` is believed half."""
MAD_TO_SIGMA: Final = 1.4826
"""Median absolute deviation to standard deviation, for normal noise."""
MOST_EXCESS: Final = 1e6
"""Excesses are cut here: a million times slower is no measurement, and the sums stay finite."""


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
    known, usual = nights * (MAD_TO_SIGMA * mad) ** 2, USUAL_NIGHTS * USUAL_SIGMA_RATIO**2
    middles = [sorted(three)[1] for three in zip(excesses, excesses[1:], excesses[2:], strict=False)]
    modes = sorted([0.0] * MODE_NIGHTS + middles)
    return Noise(
        sigma_ratio=sqrt((known + usual) / (nights + USUAL_NIGHTS)),
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
