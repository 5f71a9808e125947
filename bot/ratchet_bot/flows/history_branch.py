"""The history on its branch: the lines that a run adds, written without losing those of another run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median_low
from typing import Any, Final

from ratchet_profiler.record import Clock, RunRecord

from ratchet_bot.adoption.scaffold import history_files
from ratchet_bot.data.baselines import MAX_KEY
from ratchet_bot.data.history import (
    HISTORY_DECIMALS,
    MAX_FIELDS,
    MAX_REASON,
    History,
    HistoryLine,
    appended,
    history_from_files,
    path_of,
    text_of,
)
from ratchet_bot.hosts.port import BranchMoved, Host, HostReads
from ratchet_bot.hosts.states import BranchSnapshot, Run
from ratchet_bot.judging.comparability import setting
from ratchet_bot.judging.evidence import Evidence, NotJudgeable, RecordedScenario, by_scenario, evidence

APPEND_TRIES: Final = 6
"""How often lines are added to a branch that moves on meanwhile. Chosen: more runs never end at once."""


def lines_of(run: Run, hardware: str, records: Sequence[RunRecord], clock: Clock) -> list[HistoryLine]:
    """Return a line for every scenario of these records: its values, or why it has none.

    Args:
        run: The run, as the host knows it.
        hardware: What its records were measured on.
        records: Of that hardware: the requests of a scenario are pooled.
        clock: The clock that the baseline file names.
    """
    return [
        _line(run, hardware, scenario=scenario, **_measured_fields(recorded, clock))
        for scenario, recorded in by_scenario(records).items()
    ]


def rejected_line(run: Run, hardware: str, reasons: Iterable[str]) -> HistoryLine:
    """Return the line of a run whose artifacts could not be read, so that no scenario of them is known."""
    return _line(run, hardware, reason="; ".join(reasons)[:MAX_REASON] or "no artifact")


def _line(run: Run, hardware: str, **fields: Any) -> HistoryLine:  # noqa: ANN401 - the model checks each
    """Return a line of a run, validated as it will be when it is read."""
    of_run = {
        "hardware": hardware,
        "run_id": run.run_id,
        "run_attempt": run.attempt,
        "head_sha": run.head_sha,
        "captured_at": run.created_at,
        "valid": False,
    }
    return HistoryLine(**{**of_run, **fields})


def _measured_fields(recorded: Sequence[RecordedScenario], clock: Clock) -> dict[str, Any]:
    """Return the fields of a line that the requests of a scenario decide."""
    result = evidence(recorded, clock)
    if isinstance(result, NotJudgeable):
        record, scenario = recorded[0]
        where = setting(record.environment, clock, scenario.config_hash)
        fields: dict[str, Any] = {"reason": result.reason[:MAX_REASON]}
    else:
        where = result.requests[0].setting(clock)
        fields = {"valid": True, "requests": len(result.requests), "values": _values(result)}
    runners = {part.record.environment.runner for part in recorded}
    return {
        "comparability": where.comparability[:MAX_KEY],
        "environment": where.versions[:MAX_KEY],
        "runner": runners.pop() if len(runners) == 1 else None,
        **fields,
    }


def _values(requests: Evidence) -> dict[str, float]:
    """Return the lower median over the requests of each value that all of them have."""
    each = [
        {
            **snapshot.aggregates,
            **{f"stages_ms.{name}": value for name, value in snapshot.stages_ms.items()},
        }
        for snapshot in requests.snapshots
    ]
    shared = [field for field in each[0] if all(field in values for values in each)]
    return {
        field: round(median_low(values[field] for values in each), HISTORY_DECIMALS)
        for field in shared[:MAX_FIELDS]
    }


@dataclass(frozen=True)
class HistorySnapshot:
    """Files of the branch, as they were when they were read."""

    branch: str
    head: str | None
    """None: there is no such branch yet."""
    files: Mapping[str, bytes | None]
    """By path; None where there is no such file."""

    @classmethod
    def of(cls, seen: BranchSnapshot) -> "HistorySnapshot":
        """Return the files that were seen of the branch."""
        return cls(seen.name, seen.head, seen.files)

    @cached_property
    def history(self) -> History:
        """Every line of these files."""
        return history_from_files(self.files.values())


def append(host: Host, snapshot: HistorySnapshot, lines: Sequence[HistoryLine], message: str) -> None:
    """Add lines to the branch, which is made where it is missing; lines that are there are not added again.

    Only the files of the lines' months are written. Where another run was faster, they are read again.

    Args:
        host: Where the branch is.
        snapshot: The branch as it was read.
        lines: What to add.
        message: Of the commit.

    Raises:
        HostRefused: the host would not, did not answer, or the branch moves faster than we do.
    """
    branch = snapshot.branch
    for tries_left in reversed(range(APPEND_TRIES)):
        if snapshot.head is None:
            head = host.start_branch(branch, history_files(), "Begin the history of the nights")
            # another run may have made it, with lines of its own
            snapshot = _read(host, branch, head, lines)
        files = _changed_files(snapshot, lines)
        try:
            if files:
                host.commit_files(branch, str(snapshot.head), files, message)
        except BranchMoved:
            if not tries_left:
                raise
            snapshot = _read(host, branch, host.head(branch), lines)
        else:
            return


def _changed_files(snapshot: HistorySnapshot, lines: Sequence[HistoryLine]) -> dict[str, bytes]:
    """Return the files of the branch that these lines change, by path."""
    files: dict[str, bytes] = {}
    for path, of_month in _by_path(lines).items():
        before = text_of(snapshot.files.get(path))
        after = appended(before, of_month)
        if after != before:
            files[path] = after.encode()
    return files


def _read(host: HostReads, branch: str, head: str | None, lines: Sequence[HistoryLine]) -> HistorySnapshot:
    places = [(head or "", path) for path in _by_path(lines)]
    files = host.files_at(places) if head else {}
    return HistorySnapshot(branch, head, {path: files.get((ref, path)) for ref, path in places})


def _by_path(lines: Iterable[HistoryLine]) -> dict[str, list[HistoryLine]]:
    by_path: dict[str, list[HistoryLine]] = {}
    for line in lines:
        by_path.setdefault(path_of(line.hardware, line.captured_at), []).append(line)
    return by_path
