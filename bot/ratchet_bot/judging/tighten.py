"""Propose tighter baselines: whole snapshots of one request, never the lowest value of each field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from fnmatch import fnmatchcase
from statistics import median_low
from typing import Final

from ratchet_profiler.record import Clock, RunRecord

from ratchet_bot.data.baselines import BaselineFile, ScenarioBaseline
from ratchet_bot.data.history import Past
from ratchet_bot.data.rewriting import with_scenarios
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.audit import audit, audit_scenario
from ratchet_bot.judging.comparability import differences
from ratchet_bot.judging.evidence import (
    Evidence,
    NotJudgeable,
    RunEvidence,
    ValidRequest,
    lower_median,
    run_evidence,
    workload_change,
)
from ratchet_bot.judging.limits import limit
from ratchet_bot.judging.metrics import gates
from ratchet_bot.judging.noise import NewLimit, chances
from ratchet_bot.judging.proposals import Declined, Proposal, Proposals, proposal_of, shortfall
from ratchet_bot.judging.rules.rule import Finding, Severity, first_error
from ratchet_bot.judging.snapshot import rounded

_ABOUT_TYPING: Final = frozenset({"hand-typed"})
"""Rules that say nothing about values which a record holds."""
_ABOUT_THE_EDIT: Final = frozenset({"partial-edit", "assembled"})
"""Rules that recognise values of several requests by how they differ from the old ones: a replacement is one
request's, and may mend a single value of it that somebody had changed."""
_AT_LEAST: Final[Mapping[Severity, Sequence[Severity]]] = {
    "error": ("error",),
    "warning": ("error", "warning"),
}
_DEFAULT_TERMS: Final = Terms()
_NO_NIGHTS: Final[Past] = {}


@dataclass(frozen=True)
class _Candidate:
    """A proposal, what the file would hold with it, and the requests that it is chosen from."""

    proposal: Proposal
    new: ScenarioBaseline
    evidence: Evidence


def propose(
    file: BaselineFile,
    records: Sequence[RunRecord],
    terms: Terms = _DEFAULT_TERMS,
    *,
    past: Past = _NO_NIGHTS,
    evidence: RunEvidence | None = None,
) -> Proposals:
    """Return which scenarios of a run deserve a new baseline, and why the others do not.

    A scenario's snapshot is its lower-median valid request by end to end, over all records. It is proposed
    when end to end falls by `min_improvement`, no top-level value rises by more than 2 % and 5 ms, and no
    decoding stage by more than its limit, the run compares with the old baseline's, an unchanged engine is
    not predicted to break the new limits too often, and the audit finds no error that it did not find before.

    Args:
        file: The baselines.
        records: The run, in one record or in several, at least one, all of one hardware: the requests of a
            scenario are pooled.
        terms: What deserves a new baseline, and which scenarios are considered.
        past: The nights before, of the same comparability key; without them no chance is predicted.
        evidence: The audited evidence in the records on the file's clock, where the caller has it already.

    Raises:
        BaselinesRejected: a chance is to be predicted, and the file has no such profile.
    """
    if evidence is None:
        evidence = run_evidence(records, file.metadata.clock, terms.scenarios)
    considered = {
        name: _replacement(file, name, found)
        if name in file.scenarios and any(fnmatchcase(name, glob) for glob in terms.replaced)
        else _considered(file, name, found, terms)
        for name, found in evidence.items()
        if fnmatchcase(name, terms.scenarios)
    }
    candidates = {name: item for name, item in considered.items() if isinstance(item, _Candidate)}
    predicted = _predicted(file, candidates, past, terms.profile)
    reliable = [_reliable(proposal, terms.max_flake_rate) for proposal in predicted]
    audited = _audited(file, reliable, {name: candidate.new for name, candidate in candidates.items()})
    results = [item if isinstance(item, Declined) else audited[name] for name, item in considered.items()]
    return Proposals(
        tuple(result for result in results if isinstance(result, Proposal)),
        tuple(result for result in results if isinstance(result, Declined)),
        max((record.source for record in records), key=lambda source: source.created_at),
    )


def with_warnings(file: BaselineFile, proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Return the proposals, each with what the audit would newly find in the file with all of them."""
    new = {proposal.scenario: ScenarioBaseline.model_validate(proposal.values) for proposal in proposals}
    worse = _worse_findings(file, new)
    return tuple(replace(proposal, warnings=_about(proposal.scenario, worse)) for proposal in proposals)


def tightened(file: BaselineFile, proposals: Proposals) -> BaselineFile:
    """Return the file with every proposal in it; the same file when there is none."""
    if not proposals.proposals:
        return file
    values = {proposal.scenario: proposal.values for proposal in proposals.proposals}
    return with_scenarios(file, values, proposals.captured_on)


def _considered(
    file: BaselineFile, name: str, evidence: Evidence | NotJudgeable, terms: Terms
) -> _Candidate | Declined:
    clock = file.metadata.clock
    if isinstance(evidence, NotJudgeable):
        return Declined(name, evidence.reason)
    baseline = file.scenarios.get(name, ScenarioBaseline())
    candidate = _candidate(baseline, name, evidence, clock)
    if candidate.proposal.kind == "first":
        if any(baseline.by_field().values()):
            return Declined(name, "it holds values but no end-to-end time: --replace gives it this run's")
        declined = Declined(name, "it has no baseline yet: --add proposes a first one")
        return _consistent(candidate) if terms.add else declined
    chosen = lower_median(evidence.requests)
    reason = (
        _other_machine(baseline, chosen, clock)
        or workload_change(baseline, chosen.snapshot)
        or shortfall(candidate.proposal, terms.min_improvement)
    )
    return Declined(name, reason, is_replaceable=True) if reason else _consistent(candidate)


def _replacement(file: BaselineFile, name: str, evidence: Evidence | NotJudgeable) -> _Candidate | Declined:
    """Return what a scenario would hold of this run, for a person who asks for it whatever it improves."""
    if isinstance(evidence, NotJudgeable):
        return Declined(name, evidence.reason)
    old = file.scenarios[name]
    candidate = _candidate(old, name, evidence, file.metadata.clock)
    new = candidate.new
    is_old = (old.provenance, old.by_field()) == (new.provenance, new.by_field())
    if is_old and not any(old.bad_values()):
        return Declined(name, "it has the values of this request already")
    return _consistent(replace(candidate, proposal=replace(candidate.proposal, kind="replaced")))


def _consistent(candidate: _Candidate) -> _Candidate | Declined:
    """Return the candidate, unless its values contradict each other as they would be written."""
    name = candidate.proposal.scenario
    error = first_error(audit_scenario(name, candidate.new))
    return Declined(name, error.problem) if error else candidate


def _candidate(baseline: ScenarioBaseline, name: str, evidence: Evidence, clock: Clock) -> _Candidate:
    chosen = lower_median(evidence.requests)
    provenance = {
        "run_id": chosen.source.run_id,
        "head_sha": chosen.source.head_sha,
        "request_id": chosen.snapshot.request_id,
        "captured_at": chosen.source.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "requests": len(evidence.requests),
        "comparability": chosen.setting(clock).comparability,
    }
    values = {**rounded(chosen.snapshot.values()), "provenance": provenance}
    new = ScenarioBaseline.model_validate(values)
    return _Candidate(proposal_of(name, baseline, new, values), new, evidence)


def _other_machine(baseline: ScenarioBaseline, chosen: ValidRequest, clock: Clock) -> str:
    """Return how the run does not compare with the baseline's own run, or "" when nothing shows that."""
    captured = baseline.provenance.comparability if baseline.provenance else None
    now = chosen.setting(clock).comparability
    if captured is None or captured == now:
        return ""
    return f"its baseline does not compare with this run: {'; '.join(differences(captured, now))}"


def _predicted(
    file: BaselineFile, candidates: Mapping[str, _Candidate], past: Past, profile: str
) -> list[Proposal]:
    """Return the proposals, each with the chance that an unchanged engine breaks its new limits."""
    if not past:
        return [candidate.proposal for candidate in candidates.values()]
    limits = {name: _new_limits(file, candidate, profile) for name, candidate in candidates.items()}
    predicted = chances(past, limits)
    return [replace(candidate.proposal, chance=predicted[name]) for name, candidate in candidates.items()]


def _new_limits(file: BaselineFile, candidate: _Candidate, profile: str) -> dict[str, NewLimit]:
    """Return the limit of each metric that gates, and what this run's requests take."""
    tolerances, snapshots = file.profile(profile), candidate.evidence.snapshots
    video = snapshots[0].frames is not None
    measured = [values.by_field() for values in snapshots]
    return {
        field: NewLimit(
            limit(field, new_ms, tolerances, video=video).ms,
            median_low([fields[field] for fields in measured if field in fields]),
        )
        for field, new_ms in candidate.new.by_field().items()
        if gates(field) and new_ms
    }


def _reliable(proposal: Proposal, max_flake_rate: float) -> Proposal | Declined:
    """Return the proposal, or why not: an unchanged engine would break its limits too often."""
    ratio = proposal.chance.ratio
    if ratio is None or ratio <= max_flake_rate or proposal.kind == "replaced":
        return proposal
    return Declined(
        proposal.scenario,
        f"an unchanged engine would break the new limit of {proposal.chance.field} in {ratio * 100:.1f} % "
        f"of runs, judging by {proposal.chance.nights} nights; at most {max_flake_rate * 100:.1f} % are "
        "accepted",
        is_replaceable=proposal.kind == "tighter",
    )


def _audited(
    file: BaselineFile, reliable: Sequence[Proposal | Declined], new: Mapping[str, ScenarioBaseline]
) -> dict[str, Proposal | Declined]:
    """Return each scenario's proposal, or why not: it would put an error into the file."""
    wanted = {item.scenario: new[item.scenario] for item in reliable if isinstance(item, Proposal)}
    worse = _worse_findings(file, wanted)
    return {
        item.scenario: _with_findings(item, worse) if isinstance(item, Proposal) else item
        for item in reliable
    }


def _with_findings(proposal: Proposal, worse: Iterable[Finding]) -> Proposal | Declined:
    """Return the proposal with its warnings, or why not: one of these findings about it is an error."""
    findings = _about(proposal.scenario, worse)
    accepted = _ABOUT_THE_EDIT if proposal.kind == "replaced" else ()
    error = first_error(finding for finding in findings if finding.rule not in accepted)
    if error:
        reason = f"the audit would find {error.rule}: {error.problem}"
        return Declined(proposal.scenario, reason, is_replaceable=error.rule in _ABOUT_THE_EDIT)
    return replace(proposal, warnings=findings)


def _about(scenario: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.scenario == scenario)


def _worse_findings(file: BaselineFile, new: Mapping[str, ScenarioBaseline]) -> list[Finding]:
    """Return the errors and warnings that the file would have with all of these, and has not as grave now."""
    if not new:
        return []
    after = replace(file, scenarios={**file.scenarios, **new})
    present = {(*_subject(finding), finding.severity) for finding in audit(file)}
    return [
        finding
        for finding in audit(after, against=file)
        if finding.severity != "info"
        and finding.rule not in _ABOUT_TYPING
        and not {(*_subject(finding), severity) for severity in _AT_LEAST[finding.severity]} & present
    ]


def _subject(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.scenario, finding.field
