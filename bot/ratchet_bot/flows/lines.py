"""What a run adds to the history: a line for every scenario that it measured or tried to measure."""

from collections.abc import Iterable, Sequence
from statistics import median_low
from typing import Any

from ratchet_profiler.record import Clock, RunRecord

from ratchet_bot.data.baselines import AGGREGATES
from ratchet_bot.data.history import DECIMALS, MAX_FIELDS, MAX_KEY, MAX_REASON, HistoryLine
from ratchet_bot.hosts.host import Run
from ratchet_bot.judging.comparability import setting
from ratchet_bot.judging.evidence import Evidence, Obstacle, Recorded, by_scenario, evidence


def lines_of(run: Run, hardware: str, records: Sequence[RunRecord], clock: Clock) -> list[HistoryLine]:
    """Return a line for every scenario of these records: its values, or why it has none.

    Args:
        run: The run, as the host knows it.
        hardware: What its records were measured on.
        records: Of that hardware: the requests of a scenario are pooled.
        clock: The clock that the baseline file names.
    """
    return [
        _line(run, hardware, scenario=scenario, **_said(recorded, clock))
        for scenario, recorded in by_scenario(records).items()
    ]


def rejected_line(run: Run, hardware: str, reasons: Iterable[str]) -> HistoryLine:
    """Return the line of a run whose artifacts could not be read, so that no scenario of them is known."""
    return _line(run, hardware, reason="; ".join(reasons)[:MAX_REASON] or "no artifact")


def _line(run: Run, hardware: str, **said: Any) -> HistoryLine:  # noqa: ANN401 - the model checks each
    """Return a line of a run: what the host says of it and what else is said, validated as it is read."""
    return HistoryLine(
        **{
            "hardware": hardware,
            "run_id": run.run_id,
            "run_attempt": run.attempt,
            "head_sha": run.head_sha,
            "captured_at": run.created_at,
            "valid": False,
            **said,
        }
    )


def _said(recorded: Sequence[Recorded], clock: Clock) -> dict[str, Any]:
    """Return the fields of a line that the requests of a scenario decide."""
    found = evidence(recorded, clock)
    if isinstance(found, Obstacle):
        record, scenario = recorded[0]
        where = setting(record.environment, clock, scenario.config_hash)
        said: dict[str, Any] = {"reason": found.reason[:MAX_REASON]}
    else:
        where = found.witnesses[0].setting(clock)
        said = {"valid": True, "requests": len(found.witnesses), "values": _values(found)}
    return {
        "comparability": where.comparability[:MAX_KEY],
        "environment": where.versions[:MAX_KEY],
        "runner": _runner(recorded),
        **said,
    }


def _runner(recorded: Sequence[Recorded]) -> str | None:
    """Return the machine that measured it; None where there were several, or none is named."""
    names = {one.record.environment.runner for one in recorded}
    return names.pop() if len(names) == 1 else None


def _values(found: Evidence) -> dict[str, float]:
    """Return the lower median over the requests of each value that all of them have."""
    each = [
        {
            **dict(zip(AGGREGATES, (one.e2e_ms, one.mean_step_ms, one.median_step_ms), strict=True)),
            **{f"stages_ms.{name}": value for name, value in one.stages_ms.items()},
        }
        for one in found.snapshots
    ]
    shared = [field for field in each[0] if all(field in one for one in each)]
    return {field: round(median_low(one[field] for one in each), DECIMALS) for field in shared[:MAX_FIELDS]}
