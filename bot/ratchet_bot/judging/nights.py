"""The nights of one hardware: how long something has lasted, stale baselines, alarms, another runner.

The name of a runner is not part of the comparability key: an ephemeral runner has a new one every time. So a
change of names means something only where names last.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, takewhile
from typing import Final

from ratchet_bot.data.baselines import END_TO_END, BaselineFile
from ratchet_bot.data.history import HistoryLine, Past, Series, latest_keys, series_of, values_by_field
from ratchet_bot.judging.limits import has_improved
from ratchet_bot.judging.metrics import gates
from ratchet_bot.judging.noise import score

STALE_RATIO: Final = 0.10
"""Slack of a baseline that hides regressions: the smallest tolerance in use for end to end is 15 %."""
LASTING_NIGHTS: Final = 2
"""Nights before on which a runner's name must have been seen to be one that lasts. Chosen: the fewest that
show it."""


@dataclass(frozen=True)
class StaleBaseline:
    """A baseline far above what is measured, night after night."""

    scenario: str
    baseline_ms: float
    measured_ms: float
    """End to end, this night."""

    @property
    def slack_ratio(self) -> float:
        """How far the baseline is above what is measured, as a fraction of that."""
        return self.baseline_ms / self.measured_ms - 1 if self.measured_ms else 0.0


@dataclass(frozen=True)
class RunnerChange:
    """Measured on one runner since then, on another before."""

    before: str
    """The runner of most nights before."""
    since: str


@dataclass(frozen=True)
class NightSeries:
    """This night's and earlier history lines of one hardware."""

    run_id: int
    lines: Sequence[HistoryLine]
    """Of this night."""
    series: Mapping[str, Series]
    """By scenario, this night's line among them where it counts."""

    @cached_property
    def past(self) -> Past:
        """The values of the nights before."""
        return _values_where(self.series, lambda line: line.run_id != self.run_id)

    @cached_property
    def alarms(self) -> Sequence[str]:
        """The scenarios that are slower this night than their noise explains."""
        return alarms(self.past, [line for line in self.lines if line.counts])

    @property
    def runner_change(self) -> RunnerChange | None:
        """The runner of all that is slow this night, where that is not the usual one."""
        lines = sorted(
            (line for name in self.alarms for line in self.series[name]), key=lambda line: line.captured_at
        )
        return runner_change(
            [line for line in lines if line.run_id != self.run_id],
            [line for line in lines if line.run_id == self.run_id],
        )

    @property
    def overlap_ratio(self) -> float | None:
        """The part of the alarms that this night and the last one before share; None when neither has any."""
        before = [line for lines in self.series.values() for line in lines if line.run_id != self.run_id]
        last = max(before, key=lambda line: (line.captured_at, line.run_id), default=None)
        if last is None:
            return None
        older = _values_where(self.series, lambda line: line.captured_at < last.captured_at)
        return overlap(self.alarms, alarms(older, [line for line in before if line.run_id == last.run_id]))


def night_series(
    lines: Sequence[HistoryLine], history: Iterable[HistoryLine], hardware: str, run_id: int
) -> NightSeries:
    """Return this night's lines and the history's, in the series that this night continues.

    Args:
        lines: Of this night.
        history: All that was read, of this run too if it was written before.
        hardware: Only lines of it count.
        run_id: The run of this night.
    """
    before = [line for line in history if line.run_id != run_id]
    now = {line.scenario: line.comparability for line in lines if line.comparability}
    keys = {**latest_keys(before, hardware), **now}
    return NightSeries(run_id, lines, series_of([*before, *lines], hardware, keys))


def nights_in_a_row(lines: Series, is_shown: Callable[[HistoryLine], bool]) -> int:
    """Return on how many nights, counted back from the last one, every line shows something.

    A night is a day in UTC: three runs of one day are one night.
    """
    nights = [list(group) for _, group in groupby(reversed(lines), key=lambda line: line.night)]
    return len(list(takewhile(lambda night: all(map(is_shown, night)), nights)))


def improved_nights(lines: Series, baseline_ms: float | None, least: float) -> int:
    """Return for how many nights in a row end to end has been below a baseline by at least a fraction."""
    if not baseline_ms:
        return 0
    return nights_in_a_row(lines, lambda line: _is_improved(line, baseline_ms, least))


def is_forgotten(lines: Series, baseline_ms: float, nights: int, least: float) -> bool:
    """Return whether none of the last nights shows an improvement any more, as far as they were measured."""
    return nights_in_a_row(lines, lambda line: not _is_improved(line, baseline_ms, least)) >= nights


def stale_baselines(series: Mapping[str, Series], file: BaselineFile, nights: int) -> list[StaleBaseline]:
    """Return the baselines that were loose by more than `STALE_RATIO` on each of the last nights."""
    stale = []
    for scenario, lines in series.items():
        baseline = file.scenarios.get(scenario)
        e2e_ms = baseline.aggregate(END_TO_END) if baseline else None
        if e2e_ms and _loose_nights(lines, e2e_ms) >= nights:
            stale.append(StaleBaseline(scenario, e2e_ms, _e2e_ms(lines[-1])))
    return sorted(stale, key=lambda baseline: baseline.slack_ratio, reverse=True)


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


def overlap(alarms: Iterable[str], others: Iterable[str]) -> float | None:
    """Return which part of the alarms of two nights both have; None when neither has any.

    Source: react_on_rails#3168, where sets of alarms with an overlap of 1 to 8 % were noise.
    """
    first, second = set(alarms), set(others)
    return len(first & second) / len(first | second) if first | second else None


def runner_change(before: Series, since: Series) -> RunnerChange | None:
    """Return which runner took over, or None where names do not last or it had measured before.

    Args:
        before: The nights before something moved, oldest first, of one scenario or of several.
        since: The nights since then.
    """
    names = {line.runner for line in since}
    nights = {(line.run_id, line.runner): line.runner for line in reversed(before) if line.runner}
    usual, count = next(iter(Counter(nights.values()).most_common(1)), ("", 0))
    now = names.pop() if len(names) == 1 else None
    if now is None or now in nights.values() or count < LASTING_NIGHTS:
        return None
    return RunnerChange(usual, now)


def _values_where(series: Mapping[str, Series], is_wanted: Callable[[HistoryLine], bool]) -> Past:
    return {
        name: values_by_field([line for line in lines if is_wanted(line)]) for name, lines in series.items()
    }


def _loose_nights(lines: Series, baseline_ms: float) -> int:
    return nights_in_a_row(lines, lambda line: _e2e_ms(line) * (1 + STALE_RATIO) < baseline_ms)


def _is_improved(line: HistoryLine, baseline_ms: float, least: float) -> bool:
    return END_TO_END in line.values and has_improved((_e2e_ms(line) - baseline_ms) / baseline_ms, least)


def _e2e_ms(line: HistoryLine) -> float:
    return line.values.get(END_TO_END, float("inf"))
