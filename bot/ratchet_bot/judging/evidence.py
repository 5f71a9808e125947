"""What a run may testify about a scenario: the requests that hold together, of the same workload."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal, NamedTuple

from ratchet_profiler.record import (
    Clock,
    Environment,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    spoilt_by,
)

from ratchet_bot.data.baselines import AGGREGATES, ScenarioBaseline
from ratchet_bot.judging.audit import audit_scenario, first_error
from ratchet_bot.judging.comparability import Setting, differences, setting
from ratchet_bot.judging.limits import gates
from ratchet_bot.judging.snapshot import Snapshot, rounded, snapshot

LEAST_VALID_RATIO: Final = 0.5
"""Fraction of the requests that must be valid. Chosen: below it, a run contradicts itself as a rule."""


@dataclass(frozen=True)
class Witness:
    """One valid request, and the run that it is of."""

    taken: Snapshot
    source: Source
    environment: Environment
    config_hash: str | None
    """Hash of the scenario's configuration in that run; None when the run does not know it."""
    appended: bool = False
    """Whether the request was added to its run's record later, to confirm or clear what that had said."""

    def setting(self, clock: Clock) -> Setting:
        """Return what it was measured on."""
        return setting(self.environment, clock, self.config_hash)


@dataclass(frozen=True)
class Evidence:
    """The valid requests of one scenario."""

    witnesses: tuple[Witness, ...]
    """At least one, in the order of the records, then in the order in which they ran."""
    measured: int
    """How many requests were measured, valid or not."""

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """What the witnesses measured."""
        return tuple(witness.taken for witness in self.witnesses)


@dataclass(frozen=True)
class Obstacle:
    """Why a scenario cannot be judged."""

    kind: Literal["missing", "incomparable", "invalid"]
    reason: str
    """A clause to follow the scenario's name."""


@dataclass(frozen=True)
class RunEvidence:
    """What a run says of its scenarios: what comparing and proposing both begin with."""

    records: Sequence[RunRecord]
    found: Mapping[str, Evidence | Obstacle]
    """By scenario, of those that the run has."""

    def of(self, scenario: str) -> Evidence | Obstacle:
        """Return what it says of one scenario."""
        return self.found.get(scenario, Obstacle("missing", "it is not in this run"))


class Recorded(NamedTuple):
    """What one run recorded of a scenario."""

    record: RunRecord
    scenario: ScenarioRecord


class _Measured(NamedTuple):
    """One measured request, with the run that it is of."""

    request: RequestRecord
    run: Recorded
    appended: bool


def by_scenario(records: Iterable[RunRecord]) -> dict[str, list[Recorded]]:
    """Return what each scenario has in these records, in their order."""
    found: dict[str, list[Recorded]] = defaultdict(list)
    for record in records:
        for scenario in record.scenarios:
            found[scenario.id].append(Recorded(record, scenario))
    return dict(found)


def run_evidence(
    records: Sequence[RunRecord], clock: Clock, scenarios: str = "*", *, audited: bool = True
) -> RunEvidence:
    """Return what a run says of each of its scenarios that this glob takes, see `evidence`."""
    found = {
        name: evidence(runs, clock, audited=audited)
        for name, runs in by_scenario(records).items()
        if fnmatchcase(name, scenarios)
    }
    return RunEvidence(records, found)


def evidence(runs: Sequence[Recorded], clock: Clock, *, audited: bool = True) -> Evidence | Obstacle:
    """Return the valid requests of a scenario, pooled over the runs that have it, or why there are none.

    A request is valid when it is no warm-up, its scenario did not fail, the machine was in order, it
    has the clock everywhere, no stage of it failed, and it passes the audit of baselines without an error.

    Args:
        runs: What was recorded of the scenario, at least once, all on one hardware.
        clock: The clock that the baseline file names.
        audited: Without it, a request is also valid that contradicts itself or is of a machine in disorder,
            and requests of machines that do not compare are pooled.
    """
    requests = [one for run in runs for one in _measured(run)]
    if not requests:
        errors = (run.scenario.error for run in runs)
        return Obstacle("invalid", next(filter(None, errors), "no request was measured"))
    return _testimony(requests, clock, audited=audited)


def lower_median(witnesses: Sequence[Witness]) -> Witness:
    """Return the request in the middle by end to end; of two in the middle, the faster one.

    Its end to end is the lower median of all, and its other values belong to that.

    Args:
        witnesses: At least one, in any order.
    """
    ordered = sorted(witnesses, key=_place)
    return ordered[(len(ordered) - 1) // 2]


def _place(one: Witness) -> tuple[object, ...]:
    """Return where a request stands among others, in whatever order their records were given."""
    where = one.source
    who = (where.created_at, where.run_id or 0, where.head_sha or "")
    return one.taken.e2e_ms, one.taken.request_id, *who, one.taken.steps_ms


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


def _measured(run: Recorded) -> Iterator[_Measured]:
    """Yield the measured requests of a run.

    Those that were appended begin with warm-ups of their own; where a run has no warm-ups nothing tells them
    from the first ones.
    """
    begun = appended = False
    for request in run.scenario.requests:
        if request.warmup:
            appended = begun
        else:
            begun = True
            yield _Measured(request, run, appended)


def _testimony(requests: Sequence[_Measured], clock: Clock, *, audited: bool) -> Evidence | Obstacle:
    """Return what the valid ones of these measured requests say, or why too few are valid."""
    taken = [snapshot(one.request, clock) for one in requests]
    flaws = [_flaw(one, seen, audited=audited) for one, seen in zip(requests, taken, strict=True)]
    if not any(taken) and not any(_run_flaw(one.run, audited=audited) for one in requests):
        return Obstacle("incomparable", f"the baseline is on the {clock} clock, which this run does not have")
    valid = tuple(
        Witness(seen, run.record.source, run.record.environment, run.scenario.config_hash, appended)
        for (_, run, appended), seen, flaw in zip(requests, taken, flaws, strict=True)
        if seen and not flaw
    )
    if not valid or len(valid) < len(requests) * LEAST_VALID_RATIO:
        count = f"{len(requests) - len(valid)} of {len(requests)} requests are invalid: " if valid else ""
        return Obstacle("invalid", count + next(filter(None, flaws)))
    mixed = _mixture(valid, clock) if audited else ""
    return Obstacle("incomparable", mixed) if mixed else Evidence(valid, len(requests))


def _mixture(valid: Sequence[Witness], clock: Clock) -> str:
    """Return in what these requests do not compare with each other, or "" when they do."""
    keys = dict.fromkeys(witness.setting(clock).comparability for witness in valid)
    first, *others = keys
    return f"its requests do not compare: {'; '.join(differences(first, others[0]))}" if others else ""


def _run_flaw(run: Recorded, *, audited: bool) -> str:
    """Return why no request of this run's scenario is valid, or "" when that depends on the request."""
    return run.scenario.error or (spoilt_by(run.record.environment.state) if audited else "")


def _flaw(one: _Measured, taken: Snapshot | None, *, audited: bool) -> str:
    """Return why a request is not valid, or "" when it is."""
    failed = [stage for stage in one.request.stages if stage.error]
    if flaw := _run_flaw(one.run, audited=audited):
        return flaw
    if failed:
        return f"{failed[0].name} failed: {failed[0].error}"
    if taken is None:
        return "a request does not have the baseline's clock everywhere"
    return _contradiction(one.request.request_id, taken) if audited else ""


def _contradiction(request_id: str, taken: Snapshot) -> str:
    """Return why these values cannot be those of one request, or "" when they can."""
    if not rounded(taken.e2e_ms):
        return "end to end is 0 ms"
    if not taken.as_baseline.guards:
        return "a request has neither stages nor steps: the profiler did not see into it"
    error = first_error(audit_scenario(request_id, taken.as_baseline))
    return error.problem if error else ""


def _gating(stages: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in stages if gates(f"stages_ms.{name}"))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no denoising or decoding stage"
