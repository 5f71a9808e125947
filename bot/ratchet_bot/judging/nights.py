"""What the last nights agree on: improvements that held, baselines that went stale, alarms of one night."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Final

from ratchet_bot.data.baselines import END_TO_END, BaselineFile
from ratchet_bot.data.history import HistoryLine, Past, Series
from ratchet_bot.judging.limits import gates, has_improved
from ratchet_bot.judging.noise import score
from ratchet_bot.judging.proposals import Proposal

STALE_RATIO: Final = 0.10
"""Slack of a baseline that hides regressions: the smallest tolerance in use for end to end is 15 %."""


@dataclass(frozen=True)
class Waiting:
    """An improvement that has not yet held for long enough."""

    scenario: str
    nights: int
    """For how many nights it has held."""


@dataclass(frozen=True)
class Stale:
    """A baseline far above what is measured, night after night."""

    scenario: str
    baseline_ms: float
    measured_ms: float
    """End to end, this night."""

    @property
    def slack_ratio(self) -> float:
        """How far the baseline is above what is measured, as a fraction of that."""
        return self.baseline_ms / self.measured_ms - 1 if self.measured_ms else 0.0


def nights_in_a_row(lines: Series, is_shown: Callable[[HistoryLine], bool]) -> int:
    """Return on how many nights, counted back from the last one, every line shows something.

    A night is a day in UTC: three runs of one day are one night.
    """
    nights = [list(found) for _, found in groupby(reversed(lines), key=lambda line: line.night)]
    return len(list(takewhile(lambda night: all(map(is_shown, night)), nights)))


def held(
    proposals: Iterable[Proposal], series: Mapping[str, Series], nights: int, least: float
) -> tuple[list[Proposal], list[Waiting]]:
    """Return the proposals whose improvement held for so many nights, and those that wait.

    Args:
        proposals: Of this night; each knows the end-to-end time that it replaces.
        series: By scenario, this night's line among them.
        nights: At least 1.
        least: Fraction by which end to end must be below the baseline.
    """
    counted = [
        (one, _improved_nights(series.get(one.scenario, ()), one.top_level[0].old_ms, least))
        for one in proposals
    ]
    enough = [one for one, count in counted if count >= nights]
    return enough, [Waiting(one.scenario, count) for one, count in counted if count < nights]


def is_forgotten(lines: Series, baseline_ms: float, nights: int, least: float) -> bool:
    """Return whether none of the last nights shows an improvement any more, as far as they were measured."""
    shown = nights_in_a_row(lines, lambda line: not _is_improved(line, baseline_ms, least))
    return shown >= nights


def stale(series: Mapping[str, Series], file: BaselineFile, nights: int) -> list[Stale]:
    """Return the baselines that were loose by more than `STALE_RATIO` on each of the last nights."""
    found = []
    for scenario, lines in series.items():
        baseline = file.scenarios.get(scenario)
        e2e_ms = baseline.aggregate(END_TO_END) if baseline else None
        if e2e_ms and _loose_nights(lines, e2e_ms) >= nights:
            found.append(Stale(scenario, e2e_ms, _e2e(lines[-1])))
    return sorted(found, key=lambda one: one.slack_ratio, reverse=True)


def alarms(past: Past, lines: Iterable[HistoryLine]) -> list[str]:
    """Return the scenarios that are slower on a night than their noise explains.

    Args:
        past: The nights before.
        lines: Those of the night that count.
    """
    return [
        line.scenario
        for line in lines
        if any(
            gates(field) and score(past.get(line.scenario, {}).get(field, ()), [value] * line.requests) > 1
            for field, value in line.values.items()
        )
    ]


def overlap(first: Iterable[str], second: Iterable[str]) -> float | None:
    """Return which part of the alarms of two nights both have; None when neither has any.

    Source: react_on_rails#3168, where sets of alarms with an overlap of 1 to 8 % were noise.
    """
    one, other = set(first), set(second)
    return len(one & other) / len(one | other) if one | other else None


def _improved_nights(lines: Series, baseline_ms: float | None, least: float) -> int:
    if not baseline_ms:
        return 0
    return nights_in_a_row(lines, lambda line: _is_improved(line, baseline_ms, least))


def _loose_nights(lines: Series, baseline_ms: float) -> int:
    return nights_in_a_row(lines, lambda line: _e2e(line) * (1 + STALE_RATIO) < baseline_ms)


def _is_improved(line: HistoryLine, baseline_ms: float, least: float) -> bool:
    return END_TO_END in line.values and has_improved((_e2e(line) - baseline_ms) / baseline_ms, least)


def _e2e(line: HistoryLine) -> float:
    return line.values.get(END_TO_END, float("inf"))
