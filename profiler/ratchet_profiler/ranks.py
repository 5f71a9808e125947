"""Several processes that work on one request: one record each, and the slowest one for the scenario.

Device events of two devices cannot be compared, and a fast rank waits in a collective for a slow one. So each
rank is measured on its own, nothing is averaged, and what counts is the rank that was last.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median_low
from typing import Final

from ratchet_profiler.machine import with_worst_state
from ratchet_profiler.record import (
    MAX_MESSAGE,
    RunRecord,
    ScenarioRecord,
    Total,
    record_from_json,
    record_to_json,
)

GATHER_TIMEOUT: Final = timedelta(minutes=30)
"""How long the ranks wait for the last of them. Chosen: torch's own default; a rank that died must not hold
the runner for ever."""


@dataclass(frozen=True)
class Place:
    """One process among those of a run."""

    rank: int
    """From 0."""
    size: int
    """How many there are."""


def own_place(variables: Mapping[str, str] = os.environ) -> Place | None:
    """Return this process's place among the ranks, or None when it is alone.

    Asked of torch.distributed where that has begun, else of what torchrun sets.
    """
    if _has_group():
        from torch import distributed  # noqa: PLC0415 - torch has been imported already

        place = Place(distributed.get_rank(), distributed.get_world_size())
    else:
        place = Place(int(variables.get("RANK", "0")), int(variables.get("WORLD_SIZE", "1")))
    return place if place.size > 1 else None


def rank_file(out: Path, rank: int) -> Path:
    """Return where a rank keeps its own record: `run-record.rank1.json` beside `run-record.json`."""
    return out.with_name(f"{out.stem}.rank{rank}{out.suffix}")


def gathered(run: RunRecord, place: Place) -> tuple[RunRecord, ...]:
    """Return the records of all ranks on rank 0, and nothing on the others. Every rank has to call it.

    Raises:
        RuntimeError: a rank did not come within `GATHER_TIMEOUT`.
    """
    from torch import distributed  # noqa: PLC0415 - only where there are ranks

    is_borrowed = distributed.is_initialized()
    if not is_borrowed:
        distributed.init_process_group("gloo", timeout=GATHER_TIMEOUT)
    # A group of our own: the engine's may be one of the accelerator, for tensors of the accelerator.
    group = distributed.new_group(backend="gloo", timeout=GATHER_TIMEOUT)
    records: list[bytes | None] | None = [None] * place.size if place.rank == 0 else None
    try:
        distributed.gather_object(record_to_json(run), records, group=group)
    finally:
        distributed.destroy_process_group(group if is_borrowed else None)
    return tuple(record_from_json(data) for data in records or () if data is not None)


def slowest(runs: Sequence[RunRecord]) -> RunRecord:
    """Return one record of a run: each scenario as its slowest rank recorded it, by the middle end to end.

    A rank in which the scenario failed is slower than any other.

    Args:
        runs: The ranks' records, by rank; at least one. They have the same scenarios in the same order.
    """
    first = runs[0]
    return RunRecord(
        source=first.source,
        environment=with_worst_state([run.environment for run in runs]),
        scenarios=tuple(
            _slowest([_scenario(run, scenario.id) for run in runs]) for scenario in first.scenarios
        ),
    )


def _slowest(ranks: Sequence[ScenarioRecord]) -> ScenarioRecord:
    slowness = [_slowness(scenario) for scenario in ranks]
    rank = slowness.index(max(slowness))
    scenario = ranks[rank]
    requests = tuple(
        request.model_copy(update={"rank": rank, "rank_totals": _totals(ranks, request.request_id)})
        for request in scenario.requests
    )
    error = scenario.error and f"rank {rank}: {scenario.error}"[:MAX_MESSAGE]
    return scenario.model_copy(update={"requests": requests, "error": error})


def _slowness(scenario: ScenarioRecord) -> tuple[bool, float]:
    totals_ms = [request.total.host_ms for request in scenario.requests if not request.warmup]
    return scenario.error is not None, median_low(totals_ms) if totals_ms else 0.0


def _totals(ranks: Sequence[ScenarioRecord], request_id: str) -> tuple[Total, ...]:
    """Return what a request took on every rank, or nothing when some rank does not have it."""
    requests = (request for scenario in ranks for request in scenario.requests)
    totals = tuple(request.total for request in requests if request.request_id == request_id)
    return totals if len(totals) == len(ranks) else ()


def _scenario(run: RunRecord, name: str) -> ScenarioRecord:
    missing = ScenarioRecord(id=name, error="this rank has no record of it")
    return next((scenario for scenario in run.scenarios if scenario.id == name), missing)


def _has_group() -> bool:
    """Whether torch.distributed has begun in this process; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    distributed = torch and torch.distributed
    return bool(distributed and distributed.is_available() and distributed.is_initialized())
