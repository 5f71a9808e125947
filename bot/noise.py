"""How much a measurement of an unchanged engine moves: the noise floor, and the chance to cross a limit.

A history holds valid nightly values of one metric of one scenario on one hardware, oldest first. Every value,
limit and level has the unit of the history, which is milliseconds for all that the bot stores.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, prod
from statistics import median
from typing import Final, TypeAlias

from bot.changepoints import change_points

Past: TypeAlias = Mapping[str, Mapping[str, Sequence[float]]]
"""Valid nightly values, oldest first: scenario -> field of a baseline file -> values.

A field is named by its place, such as "expected_e2e_ms" or "stages_ms.DenoisingStage".
"""

MIN_NIGHTS: Final = 5
"""Fewest values at the present level from which noise is known. Source: the shortest history scored."""
WIDTHS: Final = 4.0
"""Standard deviations from the level to the floor. Source: the published comparison's candidate h."""
LEAST_RATIO: Final = 0.02
"""Smallest slowdown beyond the noise: below it, drivers and images move a metric."""
USUAL_RATIO: Final = 0.006
"""Standard deviation of a series of which little is known, as a fraction of its level."""
USUAL_WEIGHT: Final = 5.0
"""Nights that the usual width counts for."""
SUSPECT_BELOW_RATIO: Final = 0.10
"""Below this slowdown one request is a suspicion only: rare spikes and two-mode runners are real."""
MAD_TO_SIGMA: Final = 1.4826
"""Median absolute deviation to standard deviation, for normal noise."""


@dataclass(frozen=True)
class Floor:
    """What one metric does without a cause, from the nights since its level last changed."""

    level: float
    """The middle of those nights; 0 without any."""
    width_ratio: float
    """How far above its level an unchanged metric may be found, as a fraction of the level."""
    nights: int
    """How many nights since the level last changed."""

    @property
    def is_known(self) -> bool:
        """True when there are nights enough to judge by; otherwise the tolerance has to decide."""
        return self.nights >= MIN_NIGHTS and self.level > 0

    @property
    def limit(self) -> float | None:
        """The largest value that is still noise, in the unit of the history; None when it is not known."""
        return self.level * (1 + self.width_ratio) if self.is_known else None


def floor(history: Sequence[float]) -> Floor:
    """Return the noise floor at the end of a history; of any length, also empty."""
    values = [value for value in history if isfinite(value) and value >= 0]
    changes = change_points(values)
    nights = values[changes[-1].index :] if changes else values
    if not nights:
        return Floor(0.0, LEAST_RATIO, 0)
    level = median(nights)
    if level <= 0:
        return Floor(0.0, LEAST_RATIO, len(nights))
    mad_ratio = MAD_TO_SIGMA * median([abs(value - level) for value in nights]) / level
    known, usual = len(nights) * mad_ratio**2, USUAL_WEIGHT * USUAL_RATIO**2
    sigma_ratio = ((known + usual) / (len(nights) + USUAL_WEIGHT)) ** 0.5
    return Floor(level, max(LEAST_RATIO, WIDTHS * sigma_ratio), len(nights))


def score(history: Sequence[float], new: Sequence[float], *, tolerance_ratio: float = 0.25) -> float:
    """Return how far new requests are above the level of a history, in units of its noise floor.

    Args:
        history: Valid nightly values, oldest first; of any length.
        new: Requests of the run that is judged, in any order.
        tolerance_ratio: What stands for the floor where the history is too short to know it (see
            `Floor.is_known`), as a fraction of the level.

    Returns:
        Above 1.0 is slower than noise makes it; 0 at the level or faster, and where nothing can be compared.
        Whether that may be a regression or only a suspicion: `may_fail`.
    """
    found = floor(history)
    values = [value for value in new if isfinite(value) and value >= 0]
    if not values or found.level <= 0:
        return 0.0
    excess_ratio = median(values) / found.level - 1
    width_ratio = found.width_ratio if found.is_known else tolerance_ratio
    return max(0.0, min(excess_ratio / width_ratio, inf))


def noise_limit_ms(history_ms: Sequence[float]) -> float | None:
    """Return the most milliseconds that are still noise, or None where the history is too short to know."""
    return floor(history_ms).limit


def may_fail(excess_ratio: float, requests: int) -> bool:
    """Return whether a slowdown may be called a regression, not only a suspicion.

    Args:
        excess_ratio: How far above the level or the baseline it is, as a fraction.
        requests: How many were measured.
    """
    return requests > 1 or excess_ratio >= SUSPECT_BELOW_RATIO


PRIOR_NIGHTS: Final = 5.0
"""Nights that the share of the other scenarios counts for. Source: the `beta` method with w = 5."""
POOLED_SHARE: Final = 0.05
"""Share of runs over a limit where nothing is known of the other scenarios."""


def flake_rate(history: Sequence[float], limit: float, pooled_share: float = POOLED_SHARE) -> float | None:
    """Return the chance that one run of an unchanged engine exceeds a limit.

    Args:
        history: Valid nightly values, oldest first.
        limit: In the unit of the history.
        pooled_share: Share of the runs of other scenarios that exceed a limit as far above their level, see
            `pooled_share`.

    Returns:
        Between 0 and 1; None with too few nights at the present level, see `Floor.is_known`.
    """
    found = floor(history)
    if not found.is_known:
        return None
    nights = history[-found.nights :]
    over = sum(value > limit for value in nights)
    return (over + PRIOR_NIGHTS * pooled_share) / (len(nights) + PRIOR_NIGHTS)


def pooled_share(others: Iterable[Sequence[float]], limit_ratio: float) -> float:
    """Return the share of nights of other scenarios that are above their level by more than a fraction.

    Args:
        others: Histories of the same metric of the other scenarios, each in its own unit.
        limit_ratio: The fraction: limit / level - 1.
    """
    over = total = 0
    for history in others:
        found = floor(history)
        nights = history[-found.nights :] if found.is_known else ()
        over += sum(value > found.level * (1 + limit_ratio) for value in nights)
        total += len(nights)
    return over / total if total else POOLED_SHARE


def run_flake_rate(rates: Iterable[float]) -> float:
    """Return the chance that at least one of several independent limits is exceeded."""
    return 1.0 - prod(1.0 - rate for rate in rates)
