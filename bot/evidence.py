"""What a run may testify about a scenario: the requests that hold together, of the same workload."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.audit import audit_scenario, first_error
from bot.baselines import AGGREGATES, ScenarioBaseline
from bot.limits import gates
from bot.snapshot import Snapshot, rounded, snapshot
from profiler.record import Clock, RequestRecord, ScenarioRecord

LEAST_VALID_RATIO: Final = 0.5
"""Fraction of the requests that must be valid. Chosen: below it, a run contradicts itself as a rule."""


@dataclass(frozen=True)
class Evidence:
    """The valid requests of one scenario."""

    snapshots: tuple[Snapshot, ...]
    """At least one, in the order in which they ran."""
    measured: int
    """How many requests were measured, valid or not."""


@dataclass(frozen=True)
class Obstacle:
    """Why a scenario cannot be judged."""

    kind: Literal["missing", "incomparable", "invalid"]
    reason: str
    """A clause to follow the scenario's name."""


def evidence(recorded: ScenarioRecord | None, clock: Clock, spoilt: str = "") -> Evidence | Obstacle:
    """Return the snapshots of the valid requests of a scenario, or why there are none.

    A request is valid when it is no warm-up, has the clock everywhere, no stage of it failed, and it passes
    the audit of baselines without an error.

    Args:
        recorded: What was recorded; None when the run does not have the scenario.
        clock: The clock that the baseline file names.
        spoilt: Why no time of this run's machine says anything, as `spoilt_by` tells it; "" when they do.
    """
    if recorded is None:
        return Obstacle("missing", "it is not in this run")
    requests = [request for request in recorded.requests if not request.warmup]
    if not requests:
        return Obstacle("missing", recorded.error or "no request was measured")
    if recorded.error:
        return Obstacle("invalid", recorded.error)
    if spoilt:
        return Obstacle("invalid", spoilt)
    return _testimony(requests, clock)


def workload_change(baseline: ScenarioBaseline, taken: Snapshot) -> str:
    """Return how the measured workload differs from the baseline's, or "" when it does not.

    A different number of steps, or other denoising or decoding stages, is other work: no comparison.
    """
    count = len(taken.steps_ms)
    if not count and any(baseline.aggregate(field) for field in AGGREGATES[1:]):
        return "this run has no denoising steps, the baseline has their average"
    if baseline.steps and baseline.has_every_step and count != len(baseline.steps):
        return f"this run has {count} denoising steps, the baseline has {len(baseline.steps)}"
    if not baseline.has_every_step and max(baseline.steps, default=-1) >= count:
        return f"this run has {count} denoising steps, the baseline has step {max(baseline.steps)}"
    here, there = _gating(taken.stages_ms), _gating(baseline.stages)
    if here != there:
        return f"the baseline has {_listed(there)}, this run has {_listed(here)}"
    return ""


def _testimony(requests: Sequence[RequestRecord], clock: Clock) -> Evidence | Obstacle:
    """Return what the valid ones of these measured requests say, or why too few are valid."""
    taken = [snapshot(request, clock) for request in requests]
    if not any(taken):
        return Obstacle("incomparable", f"the baseline is on the {clock} clock, which this run does not have")
    flaws = [_flaw(request, one) for request, one in zip(requests, taken, strict=True)]
    valid = tuple(one for one, flaw in zip(taken, flaws, strict=True) if one and not flaw)
    if valid and len(valid) >= len(requests) * LEAST_VALID_RATIO:
        return Evidence(valid, len(requests))
    count = f"{len(requests) - len(valid)} of {len(requests)} requests are invalid: " if valid else ""
    return Obstacle("invalid", count + next(filter(None, flaws)))


def _flaw(request: RequestRecord, taken: Snapshot | None) -> str:
    """Return why a request is not valid, or "" when it is."""
    failed = [stage for stage in request.stages if stage.error]
    if failed:
        return f"{failed[0].name} failed: {failed[0].error}"
    if taken is None:
        return "a request does not have the baseline's clock everywhere"
    if not rounded(taken.e2e_ms):
        return "end to end is 0 ms"
    as_baseline = taken.as_baseline()
    if not as_baseline.guards:
        return "a request has neither stages nor steps: the profiler did not see into it"
    error = first_error(audit_scenario(request.request_id, as_baseline))
    return error.problem if error else ""


def _gating(stages: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in stages if gates(f"stages_ms.{name}"))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no denoising or decoding stage"
