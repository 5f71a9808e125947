"""How likely an unchanged engine is to break limits that are not yet in force. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

from ratchet_bot.data.history import Past
from ratchet_bot.judging.changepoints import PresentLevel, present_level
from ratchet_bot.judging.level import MEMORY_NIGHTS
from ratchet_bot.judging.noise import USUAL_SHARE, flake_rate
from ratchet_bot.judging.proposals import Chance

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
    pools = {field: _Pool(past, field) for field in fields}
    return {scenario: _likeliest(scenario, limits, pools) for scenario, limits in wanted.items()}


class _Pool:
    """The nights of one metric in all scenarios."""

    def __init__(self, past: Past, field: str) -> None:
        self.histories = {name: _usable(fields[field]) for name, fields in past.items() if field in fields}
        self.levels = {name: present_level(history) for name, history in self.histories.items()}
        self.excesses = sorted(_excesses(self.levels.values()))

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
        return (over - sum(one > limit_ratio for one in own.excesses)) / total if total else USUAL_SHARE


def _likeliest(scenario: str, limits: Mapping[str, NewLimit], pools: Mapping[str, _Pool]) -> Chance:
    found = [pools[field].chance(scenario, new, field) for field, new in limits.items()]
    known = [one for one in found if one.ratio is not None]
    if known:
        return max(known, key=lambda one: one.ratio or 0.0)
    return max(found, key=lambda one: one.nights, default=UNKNOWN)


def _usable(history: Sequence[float]) -> Sequence[float]:
    return [value for value in history if isfinite(value) and value >= 0][-MEMORY_NIGHTS:]


def _excesses(levels: Iterable[PresentLevel | None]) -> list[float]:
    return [one for level in levels if level for one in level.excesses]
