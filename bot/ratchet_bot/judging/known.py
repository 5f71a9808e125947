"""What a night and the ones before it know together of one hardware."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ratchet_bot.data.history import HistoryLine, Past, Series, latest_keys, series_of, values_by_field
from ratchet_bot.judging.nights import alarms, overlap
from ratchet_bot.judging.runners import RunnerChange, runner_change


@dataclass(frozen=True)
class Known:
    """What this night and the ones before it know together of the scenarios of one hardware."""

    run_id: int
    lines: Sequence[HistoryLine]
    """Of this night."""
    series: Mapping[str, Series]
    """By scenario, this night's line among them where it counts."""

    @cached_property
    def past(self) -> Past:
        """The nights before."""
        return _values(
            {name: [it for it in lines if it.run_id != self.run_id] for name, lines in self.series.items()}
        )

    @cached_property
    def alarms(self) -> Sequence[str]:
        """The scenarios that are slower this night than their noise explains."""
        return alarms(self.past, [line for line in self.lines if line.counts])

    @property
    def runner_change(self) -> RunnerChange | None:
        """On which machine all that is slow this night was measured, where that is not the usual one."""
        lines = sorted(
            (line for name in self.alarms for line in self.series[name]), key=lambda line: line.captured_at
        )
        return runner_change(
            [line for line in lines if line.run_id != self.run_id],
            [line for line in lines if line.run_id == self.run_id],
        )

    @property
    def overlap_ratio(self) -> float | None:
        """Which part of the alarms this night and the last one before it share; None when neither has any."""
        before = [it for lines in self.series.values() for it in lines if it.run_id != self.run_id]
        last = max(before, key=lambda line: (line.captured_at, line.run_id), default=None)
        if last is None:
            return None
        older = {
            name: [it for it in lines if it.captured_at < last.captured_at]
            for name, lines in self.series.items()
        }
        return overlap(self.alarms, alarms(_values(older), [it for it in before if it.run_id == last.run_id]))


def known(lines: Sequence[HistoryLine], history: Iterable[HistoryLine], hardware: str, run_id: int) -> Known:
    """Return what the history and this night know together.

    Args:
        lines: Of this night.
        history: All that was read, of this run too if it was written before.
        hardware: Only lines of it are taken.
        run_id: The run of this night.
    """
    before = [line for line in history if line.run_id != run_id]
    now = {line.scenario: line.comparability for line in lines if line.comparability}
    keys = {**latest_keys(before, hardware), **now}
    return Known(run_id, lines, series_of([*before, *lines], hardware, keys))


def _values(series: Mapping[str, Series]) -> Past:
    return {name: values_by_field(lines) for name, lines in series.items()}
