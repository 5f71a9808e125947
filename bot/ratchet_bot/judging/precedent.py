"""What the history says of a run that is about to be judged: how noisy it is, and on what it ran before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ratchet_profiler.record import Clock, RunRecord

from ratchet_bot.data.baselines import MAX_KEY
from ratchet_bot.data.history import HistoryLine, Past, past
from ratchet_bot.judging.comparability import Setting, setting
from ratchet_bot.judging.evidence import Recorded, by_scenario


@dataclass(frozen=True)
class Precedent:
    """The nights before a run."""

    past: Past
    """Values of the same comparability key."""
    last_night: dict[str, Setting]
    """What each scenario was measured on the last time, whether that compares or not."""


def precedent(
    lines: Iterable[HistoryLine], hardware: str, records: Sequence[RunRecord], clock: Clock
) -> Precedent:
    """Return what the history says of the scenarios of a run.

    Args:
        lines: Of any hardware, in any order. Those of the run itself are left out.
        hardware: What the run was measured on.
        records: The run.
        clock: The clock that the baseline file names.
    """
    own = {record.source.run_id for record in records}
    before = [one for one in lines if one.counts and one.hardware == hardware and one.run_id not in own]
    before.sort(key=lambda line: (line.captured_at, line.run_id))
    keys = {scenario: _key(runs[0], clock) for scenario, runs in by_scenario(records).items()}
    last_night = {one.scenario: Setting(one.comparability, one.environment) for one in before}
    return Precedent(past(before, hardware, keys), last_night)


def _key(run: Recorded, clock: Clock) -> str:
    """Return the comparability key of a run's scenario, as a line of the history has it."""
    return setting(run.record.environment, clock, run.scenario.config_hash).comparability[:MAX_KEY]
