"""What `perf-ratchet compare --policy sglang` says of a job, in process.

This is the one place that puts a job into a run record: whatever the record and the policy learn to hold is
given to them here.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError
from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.verdicts import JUDGED, Verdict
from ratchet_profiler.record import (
    Environment,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    StageTiming,
    StepTiming,
    Total,
)

from parity.jobs import Job
from parity.venv import Place

WHEN: Final = datetime(2026, 12, 1, tzinfo=UTC)
REFUSED: Final = "refused"


@dataclass(frozen=True)
class Ours:
    """The verdict on one job."""

    verdict: str
    """A verdict of `compare`, or that the record refuses such a value."""
    reason: str
    limits: dict[str, tuple[float, bool]]
    """By field of the baseline file: the limit, and whether the measured value is within it."""

    @property
    def is_red(self) -> bool | None:
        """Whether the verdict fails; None where nothing was judged."""
        if self.verdict == REFUSED:
            return True
        return self.verdict == Verdict.REGRESSED if self.verdict in JUDGED else None


def judged(file: BaselineFile, job: Job, place: Place) -> Ours:
    """Return our verdict on a job against this file."""
    try:
        record = _record(job, place)
    except ValidationError as error:
        return Ours(REFUSED, error.errors()[0]["msg"], {})
    comparison = compare(file, [record], Terms(policy="sglang", scenarios=job["scenario"])).scenarios[0]
    limits = {row.field: (row.limit_ms, not row.crossed) for row in comparison.rows if row.gates}
    return Ours(comparison.verdict, comparison.reason, limits)


def _record(job: Job, place: Place) -> RunRecord:
    request = RequestRecord(
        request_id=job["id"],
        clock="host",
        total=Total(host_ms=job["e2e_ms"]),
        stages=_stages(job),
        steps=tuple(
            StepTiming(stage_id=None, index=index, host_ms=ms) for index, ms in enumerate(job["steps"])
        ),
        frames=job.get("num_frames"),
    )
    return RunRecord(
        source=Source(created_at=WHEN),
        environment=Environment(hardware=place.file, python="unknown", runner=place.runner or None),
        scenarios=(ScenarioRecord(id=job["scenario"], requests=(request,)),),
    )


def _stages(job: Job) -> tuple[StageTiming, ...]:
    seen: Counter[str] = Counter()
    timings = []
    for place, timed in enumerate(job["stages"]):
        name = timed["name"]
        timings.append(
            StageTiming(
                id=place,
                name=name,
                occurrence=seen[name],
                start_ms=0.0,
                host_ms=timed["execution_time_ms"],
            )
        )
        seen[name] += 1
    return tuple(timings)
