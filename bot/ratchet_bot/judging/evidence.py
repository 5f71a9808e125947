"""Which requests of a run are evidence about a scenario: the valid ones, of one workload and one machine."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal, NamedTuple, TypeAlias

from ratchet_profiler.record import (
    Clock,
    Environment,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    spoilt_by,
)

from ratchet_bot.data.baselines import STEP_AGGREGATES, ScenarioBaseline
from ratchet_bot.judging.audit import audit_scenario
from ratchet_bot.judging.comparability import Setting, differences, setting
from ratchet_bot.judging.metrics import gates
from ratchet_bot.judging.rules.rule import first_error
from ratchet_bot.judging.snapshot import Snapshot, rounded, snapshot

LEAST_VALID_RATIO: Final = 0.5
"""Fraction of the requests that must be valid. Chosen: below it, a run contradicts itself as a rule."""


class RecordedScenario(NamedTuple):
    """A scenario of a run, and the record that it is in."""

    record: RunRecord
    scenario: ScenarioRecord


@dataclass(frozen=True)
class ValidRequest:
    """One valid request, and the run that it is of."""

    snapshot: Snapshot
    source: Source
    environment: Environment
    config_hash: str | None
    """Hash of the scenario's configuration in that run; None when the run does not know it."""
    appended: bool = False
    """Whether the request was added to its run's record later, to confirm or clear a suspect."""

    def setting(self, clock: Clock) -> Setting:
        """Return what it was measured on."""
        return setting(self.environment, clock, self.config_hash)


@dataclass(frozen=True)
class Evidence:
    """The valid requests of one scenario."""

    requests: tuple[ValidRequest, ...]
    """At least one, in the order of the records, then in the order in which they ran."""
    measured: int
    """How many requests were measured, valid or not."""

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """What the requests measured."""
        return tuple(request.snapshot for request in self.requests)


@dataclass(frozen=True)
class NotJudgeable:
    """Why a scenario cannot be judged."""

    kind: Literal["missing", "incomparable", "invalid"]
    reason: str
    """A clause to follow the scenario's name."""


RunEvidence: TypeAlias = Mapping[str, Evidence | NotJudgeable]
"""By scenario of a run: its valid requests, or why it cannot be judged."""


def by_scenario(records: Iterable[RunRecord]) -> dict[str, list[RecordedScenario]]:
    """Return what these records have of each scenario, in their order."""
    recorded: dict[str, list[RecordedScenario]] = defaultdict(list)
    for record in records:
        for scenario in record.scenarios:
            recorded[scenario.id].append(RecordedScenario(record, scenario))
    return dict(recorded)


def run_evidence(
    records: Iterable[RunRecord], clock: Clock, scenarios: str = "*", *, audited: bool = True
) -> RunEvidence:
    """Return the evidence of each scenario of a run that this glob matches, see `evidence`."""
    return {
        name: evidence(recorded, clock, audited=audited)
        for name, recorded in by_scenario(records).items()
        if fnmatchcase(name, scenarios)
    }


def evidence(
    recorded: Sequence[RecordedScenario], clock: Clock, *, audited: bool = True
) -> Evidence | NotJudgeable:
    """Return the valid requests of a scenario, pooled over the records that have it, or why there are none.

    A request is valid when it is not a warm-up, its scenario did not fail, the machine was in order, it has
    the clock everywhere, no stage of it failed, and it passes the audit of baselines without an error.

    Args:
        recorded: The scenario in each record that has it, at least one, all on one hardware.
        clock: The clock that the baseline file names.
        audited: Without it, requests that contradict themselves or ran on a machine in disorder are valid
            too, and requests of machines that do not compare are pooled.
    """
    measured = [(run, request, appended) for run in recorded for request, appended in _measured(run.scenario)]
    if not measured:
        errors = (run.scenario.error for run in recorded)
        return NotJudgeable("invalid", next(filter(None, errors), "no request was measured"))
    snapshots = [snapshot(request, clock) for _, request, _ in measured]
    if not any(snapshots) and not any(_run_flaw(run, audited=audited) for run, _, _ in measured):
        return NotJudgeable(
            "incomparable", f"the baseline is on the {clock} clock, which this run does not have"
        )
    valid, flaws = [], []
    for (run, request, appended), values in zip(measured, snapshots, strict=True):
        flaw = _run_flaw(run, audited=audited) or _flaw(request, values, audited=audited)
        if values is None or flaw:
            flaws.append(flaw)
        else:
            source, environment = run.record.source, run.record.environment
            valid.append(ValidRequest(values, source, environment, run.scenario.config_hash, appended))
    if not valid or len(valid) < len(measured) * LEAST_VALID_RATIO:
        count = f"{len(flaws)} of {len(measured)} requests are invalid: " if valid else ""
        return NotJudgeable("invalid", count + flaws[0])
    mixed = _mixed_settings(valid, clock) if audited else ""
    return NotJudgeable("incomparable", mixed) if mixed else Evidence(tuple(valid), len(measured))


def lower_median(requests: Sequence[ValidRequest]) -> ValidRequest:
    """Return the request in the middle by end to end; of two in the middle, the faster one.

    Its end to end is the lower median of all, and its other values belong to that.

    Args:
        requests: At least one, in any order.
    """
    ordered = sorted(requests, key=_rank)
    return ordered[(len(ordered) - 1) // 2]


def _rank(request: ValidRequest) -> tuple[object, ...]:
    """Return what orders requests, in whatever order their records were given."""
    source, values = request.source, request.snapshot
    run = (source.created_at, source.run_id or 0, source.head_sha or "")
    return values.e2e_ms, values.request_id, *run, values.steps_ms


def workload_change(baseline: ScenarioBaseline, measured: Snapshot) -> str:
    """Return how the measured workload differs from the baseline's, or "" when it does not.

    A different number of steps, or other denoising or decoding stages, is other work: no comparison. A
    baseline of end to end alone does not say what the work was, so nothing differs from it.
    """
    if baseline.is_end_to_end_only:
        return ""
    count = len(measured.steps_ms)
    if not count and any(baseline.aggregate(field) for field in STEP_AGGREGATES):
        return "this run has no denoising steps, the baseline has their average"
    if baseline.steps and baseline.has_every_step and count != len(baseline.steps):
        return f"this run has {count} denoising steps, the baseline has {len(baseline.steps)}"
    if not baseline.has_every_step and max(baseline.steps, default=-1) >= count:
        return f"this run has {count} denoising steps, the baseline has step {max(baseline.steps)}"
    now, before = _gating_stages(measured.stages_ms), _gating_stages(baseline.stages)
    if now != before:
        return f"the baseline has {_joined(before)}, this run has {_joined(now)}"
    return ""


def _measured(scenario: ScenarioRecord) -> Iterator[tuple[RequestRecord, bool]]:
    """Yield the measured requests of a scenario, each with whether it was appended.

    Appended requests begin with warm-ups of their own; in a run without warm-ups they look like the first.
    """
    begun = appended = False
    for request in scenario.requests:
        if request.warmup:
            appended = begun
        else:
            begun = True
            yield request, appended


def _mixed_settings(valid: Sequence[ValidRequest], clock: Clock) -> str:
    """Return how these requests do not compare with each other, or "" when they do."""
    keys = dict.fromkeys(request.setting(clock).comparability for request in valid)
    first, *others = keys
    return f"its requests do not compare: {'; '.join(differences(first, others[0]))}" if others else ""


def _run_flaw(run: RecordedScenario, *, audited: bool) -> str:
    """Return why no request of this record's scenario is valid, or "" when that depends on the request."""
    return run.scenario.error or (spoilt_by(run.record.environment.state) if audited else "")


def _flaw(request: RequestRecord, values: Snapshot | None, *, audited: bool) -> str:
    """Return why a request is not valid, or "" when it is."""
    failed = next((stage for stage in request.stages if stage.error), None)
    if failed:
        return f"{failed.name} failed: {failed.error}"
    if values is None:
        return "a request does not have the baseline's clock everywhere"
    if not audited:
        return ""
    if not rounded(values.e2e_ms):
        return "end to end is 0 ms"
    error = first_error(audit_scenario(request.request_id, values.as_baseline))
    return error.problem if error else ""


def _gating_stages(stages: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in stages if gates(f"stages_ms.{name}"))


def _joined(stages: Iterable[str]) -> str:
    return ", ".join(sorted(stages)) or "no denoising or decoding stage"
