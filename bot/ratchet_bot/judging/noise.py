"""How much a measurement of an unchanged engine moves: the noise floor, and the chance to cross a limit.

A history holds valid nightly values of one metric of one scenario on one hardware, oldest first. Every value,
limit and level has the unit of the history, which is milliseconds for all that the bot stores.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, prod
from typing import Final

from ratchet_bot.data.history import Past
from ratchet_bot.judging.level import (
    LEAST_WIDTH_RATIO,
    MEMORY_NIGHTS,
    MIN_NIGHTS,
    PresentLevel,
    excess,
    guess_factor,
    lower_hinge,
    present_level,
)

SUSPECT_BELOW_RATIO: Final = 0.10
"""Below this slowdown one request is a suspicion only: rare spikes and two-mode runners are real."""
LONE_WIDTH_RATIO: Final = 0.02
"""Slowdown of a single request that is always noise: no other request bears witness."""
TOLERANCE_RATIO: Final = 0.25
"""What stands for the floor where it is not known. Source: sglang's tolerance of end to end."""
MARKED_RATIO: Final = 0.01
"""Chance from which on a proposal is marked. Chosen: of 67 such scenarios one breaks every other night."""


@dataclass(frozen=True)
class Floor:
    """What one metric does without a cause, from the nights that led to its present level."""

    level: float
    """The middle of the nights since the level last changed; 0 where there is none, or none above 0."""
    width_ratio: float
    """How far above its level an unchanged metric may be found, as a fraction of the level."""
    nights: int
    """How many nights the width is taken from."""

    @property
    def is_known(self) -> bool:
        """True when there are nights enough to judge by; otherwise the tolerance has to do."""
        return self.nights >= MIN_NIGHTS

    @property
    def limit(self) -> float | None:
        """The largest value that is still noise, in the unit of the history; None when it is not known."""
        return self.level * (1 + self.width_ratio) if self.is_known else None


def floor(history: Sequence[float], requests: int = 2) -> Floor:
    """Return the noise floor at the end of a history, of any length.

    The level is that of the nights since it last changed. The width is that of the last `MEMORY_NIGHTS`
    nights, each around the level of its own time: what a metric does without a cause outlives a change.

    Args:
        history: Valid nightly values, oldest first.
        requests: How many requests are judged; a single one is given a little more room.
    """
    present = present_level(_usable(history)[-MEMORY_NIGHTS:])
    if present is None:
        return Floor(0.0, LEAST_WIDTH_RATIO, 0)
    lone_ratio = LONE_WIDTH_RATIO * guess_factor(present.nights) if requests == 1 else 0.0
    return Floor(present.value, max(present.width_ratio, lone_ratio), len(present.excesses))


def score(
    history: Sequence[float], new: Sequence[float], *, tolerance_ratio: float = TOLERANCE_RATIO
) -> float:
    """Return how far new requests are above the level of a history, in units of its noise floor.

    Their lower hinge is what counts: of three requests, what is between the fastest and the second. So most
    of them have to be slow, and a spike is not enough.

    Args:
        history: Valid nightly values, oldest first; of any length.
        new: Requests of the runs that are judged, in any order.
        tolerance_ratio: What stands for the floor where the history is too short to know it (see
            `Floor.is_known`), as a fraction of the level.

    Returns:
        Above 1.0 is slower than noise makes it; 0 at the level or faster, and where nothing can be compared.
        Whether that may be a regression or only a suspicion: `may_fail`.
    """
    requests = _usable(new)
    noise_floor = floor(history, len(requests))
    if not requests or noise_floor.level <= 0:
        return 0.0
    width_ratio = noise_floor.width_ratio if noise_floor.is_known else tolerance_ratio
    return max(0.0, excess(lower_hinge(requests), noise_floor.level) / width_ratio)


def noise_limit_ms(history_ms: Sequence[float], requests: int = 2) -> float | None:
    """Return the most milliseconds that are still noise, or None where the history is too short to know.

    Args:
        history_ms: Valid nightly values, oldest first.
        requests: How many requests are judged.
    """
    return floor(history_ms, requests).limit


def may_fail(excess_ratio: float, requests: int) -> bool:
    """Return whether a slowdown may be called a regression, not only a suspicion.

    Args:
        excess_ratio: How far above the level or the baseline it is, as a fraction.
        requests: How many were measured.
    """
    return requests > 1 or excess_ratio >= SUSPECT_BELOW_RATIO


PRIOR_NIGHTS: Final = 5.0
"""Nights that the share of the other scenarios counts for. Source: the `beta` method with w = 5."""


USUAL_SHARE: Final = 0.05
"""Share of nights over a limit where no other scenario is known."""


def flake_rate(history: Sequence[float], limit: float, pooled_share: float = USUAL_SHARE) -> float | None:
    """Return the chance that one run of an unchanged engine exceeds a limit.

    Args:
        history: Valid nightly values, oldest first.
        limit: In the unit of the history.
        pooled_share: Share of the nights of other scenarios that are as far above their level.

    Returns:
        Between 0 and 1; None where the history is too short to know (`floor(history).nights` says how short).
    """
    present = present_level(_usable(history)[-MEMORY_NIGHTS:])
    if present is None or len(present.excesses) < MIN_NIGHTS:
        return None
    over = sum(night > excess(limit, present.value) for night in present.excesses)
    return (over + PRIOR_NIGHTS * pooled_share) / (len(present.excesses) + PRIOR_NIGHTS)


def pooled_share(others: Iterable[Sequence[float]], limit_ratio: float) -> float:
    """Return the share of nights of other scenarios that are above their level by more than a fraction.

    It is never 0: what was not seen yet may still come.

    Args:
        others: Histories of the same metric of the other scenarios, each in its own unit.
        limit_ratio: The fraction: limit / level - 1.

    Source: the estimate of a share under Jeffreys' prior, (k + 1/2) / (n + 1).
    """
    levels = (present_level(_usable(history)[-MEMORY_NIGHTS:]) for history in others)
    nights = [night for level in levels if level for night in level.excesses]
    over = sum(night > limit_ratio for night in nights)
    return (over + 0.5) / (len(nights) + 1) if nights else USUAL_SHARE


def run_flake_rate(rates: Iterable[float]) -> float:
    """Return the chance that at least one of several limits is exceeded, if they are independent.

    Source: on 89 public runs, 26 exceeded a limit of 3 % somewhere where independence expects 26.0.
    """
    return 1.0 - prod(1.0 - rate for rate in rates)


def _usable(values: Sequence[float]) -> list[float]:
    """Return the values that can be a time: finite and not negative."""
    return [value for value in values if isfinite(value) and value >= 0]


@dataclass(frozen=True)
class Chance:
    """The predicted chance that one run of an unchanged engine breaks a scenario's new limits."""

    ratio: float | None = None
    """Between 0 and 1, for the metric that is likeliest to: the metrics of one request move together. None
    where too few nights are known."""
    nights: int = 0
    """How many nights are known of it."""
    field: str = ""
    """That metric, by its place in a baseline file; "" where too few nights are known."""

    @property
    def is_marked(self) -> bool:
        """True when a reader should look: see `MARKED_RATIO`."""
        return self.ratio is not None and self.ratio > MARKED_RATIO


UNKNOWN: Final = Chance()


@dataclass(frozen=True)
class NewLimit:
    """A limit to come, and where the engine is that it is for."""

    limit_ms: float
    level_ms: float
    """What the engine takes as it is: the middle of the requests measured."""


def chances(past: Past, wanted: Mapping[str, Mapping[str, NewLimit]]) -> dict[str, Chance]:
    """Return, by scenario, the chance that one run of the engine as it is breaks any of its new limits.

    Noise is taken from the nights. Where the engine has left their level by more than their noise, as it does
    when a change makes it faster, they are scaled to where it is now: what is noisy stays noisy.

    Args:
        past: Nights of the same comparability key, also of other scenarios: their share of outliers stands in
            for what a short history has not seen.
        wanted: The new limits by scenario and field.
    """
    fields = {field for limits in wanted.values() for field in limits}
    pools = {field: _MetricPool(past, field) for field in fields}
    return {scenario: _likeliest(scenario, limits, pools) for scenario, limits in wanted.items()}


class _MetricPool:
    """The nights of one metric in all scenarios."""

    def __init__(self, past: Past, field: str) -> None:
        self.histories = {
            name: _usable(fields[field])[-MEMORY_NIGHTS:] for name, fields in past.items() if field in fields
        }
        self.levels = {name: present_level(history) for name, history in self.histories.items()}
        self.excesses = sorted(night for level in self.levels.values() if level for night in level.excesses)

    def chance(self, scenario: str, new: NewLimit, field: str) -> Chance:
        """Return the chance for one scenario."""
        history, level = self.histories.get(scenario, ()), self.levels.get(scenario)
        if level is None or new.level_ms <= 0:
            return UNKNOWN
        is_there = abs(new.level_ms / level.value - 1) <= level.width_ratio
        limit_ms = new.limit_ms if is_there else new.limit_ms / new.level_ms * level.value
        share = self._share_of_others(level, limit_ms / level.value - 1)
        ratio = flake_rate(history, limit_ms, share)
        return Chance(ratio, len(level.excesses), "" if ratio is None else field)

    def _share_of_others(self, own: PresentLevel, limit_ratio: float) -> float:
        """Return the share of the other scenarios' nights that are further above their level."""
        total = len(self.excesses) - len(own.excesses)
        over = len(self.excesses) - bisect_right(self.excesses, limit_ratio)
        return (over - sum(night > limit_ratio for night in own.excesses)) / total if total else USUAL_SHARE


def _likeliest(scenario: str, limits: Mapping[str, NewLimit], pools: Mapping[str, _MetricPool]) -> Chance:
    chances = [pools[field].chance(scenario, new, field) for field, new in limits.items()]
    predicted = [chance for chance in chances if chance.ratio is not None]
    if predicted:
        return max(predicted, key=lambda chance: chance.ratio or 0.0)
    return max(chances, key=lambda chance: chance.nights, default=UNKNOWN)
