"""Propose tighter baselines: whole snapshots of one request, never the lowest value of each field."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from fnmatch import fnmatchcase
from statistics import median_low
from typing import Final

from ratchet_profiler.record import Clock, RunRecord

from ratchet_bot.data.baselines import DEFAULT_PROFILE, BaselineFile, ScenarioBaseline
from ratchet_bot.data.history import Past
from ratchet_bot.data.rewriting import with_scenarios
from ratchet_bot.data.terms import MAX_FLAKE_RATE, MIN_IMPROVEMENT
from ratchet_bot.judging.audit import audit, audit_scenario, first_error
from ratchet_bot.judging.comparability import differences
from ratchet_bot.judging.evidence import (
    Evidence,
    Obstacle,
    RunEvidence,
    Witness,
    lower_median,
    run_evidence,
    workload_change,
)
from ratchet_bot.judging.improvement import shortfall
from ratchet_bot.judging.limits import gates, is_top_level, limit
from ratchet_bot.judging.prediction import NewLimit, chances
from ratchet_bot.judging.proposals import Change, Declined, Proposal, Proposals
from ratchet_bot.judging.rules.findings import Finding, Severity
from ratchet_bot.judging.snapshot import rounded

__all__ = [
    "Change",
    "Declined",
    "Proposal",
    "Proposals",
    "lower_median",
    "propose",
    "tightened",
    "with_warnings",
]


_ABOUT_TYPING: Final = frozenset({"hand-typed"})
"""Rules that say nothing about values which a record holds."""
_ABOUT_THE_EDIT: Final = frozenset({"partial-edit", "assembled"})
"""Rules that tell values of several requests from how they differ from the old ones: a replacement is one
request's, and may mend a single value of it that somebody had changed."""
_AT_LEAST: Final[Mapping[Severity, Sequence[Severity]]] = {
    "error": ("error",),
    "warning": ("error", "warning"),
}


@dataclass(frozen=True)
class _Candidate:
    """A proposal, what the file would hold with it, and the requests that it is chosen from."""

    proposal: Proposal
    new: ScenarioBaseline
    found: Evidence


def propose(  # noqa: PLR0913 - each is a term of the proposal that a caller may set
    file: BaselineFile,
    records: Sequence[RunRecord] | RunEvidence,
    *,
    min_improvement: float = MIN_IMPROVEMENT,
    max_flake_rate: float = MAX_FLAKE_RATE,
    scenarios: str = "*",
    add: bool = False,
    replaced: Collection[str] = (),
    past: Past = {},  # noqa: B006 - nobody changes it
    profile: str = DEFAULT_PROFILE,
) -> Proposals:
    """Return which scenarios of a run deserve a new baseline, and why the others do not.

    A scenario's snapshot is its lower-median valid request by end to end, over all records. It is proposed
    when end to end falls by `min_improvement`, no top-level value rises by more than 2 % and 5 ms, and no
    decoding stage by more than its limit, the run compares with the old baseline's, an unchanged engine is
    not predicted to break the new limits too often, and the audit finds no error that it did not find before.

    Args:
        file: The baselines.
        records: The run, in one record or in several, at least one, all of one hardware: the requests of a
            scenario are pooled. Or the evidence in them, on the file's clock.
        min_improvement: Fraction, 0.05 is 5 %.
        max_flake_rate: Largest predicted chance for one scenario, as a fraction.
        scenarios: Glob; only these scenarios are looked at.
        add: Whether to propose first baselines too, where there is none or a placeholder.
        replaced: Globs; such a scenario of the file takes its snapshot whatever that improves, and however
            another workload or machine it is of. Only for a person who asks for it on their own machine.
        past: The nights before, of the same comparability key; without them no chance is predicted.
        profile: Which tolerances make the new limits; not looked at without a past.

    Raises:
        BaselinesRejected: a chance is to be predicted, and the file has no such profile.
    """
    if not isinstance(records, RunEvidence):
        records = run_evidence(records, file.metadata.clock, scenarios)
    considered = {
        name: _replacement(file, name, found)
        if name in file.scenarios and any(fnmatchcase(name, glob) for glob in replaced)
        else _considered(file, name, found, min_improvement, add=add)
        for name, found in records.found.items()
        if fnmatchcase(name, scenarios)
    }
    candidates = {name: one for name, one in considered.items() if isinstance(one, _Candidate)}
    reliable = [_reliable(one, max_flake_rate) for one in _predicted(file, candidates, past, profile)]
    audited = _audited(file, reliable, {name: one.new for name, one in candidates.items()})
    told = [one if isinstance(one, Declined) else audited[name] for name, one in considered.items()]
    return Proposals(
        tuple(one for one in told if isinstance(one, Proposal)),
        tuple(one for one in told if isinstance(one, Declined)),
        max((record.source for record in records.records), key=lambda source: source.created_at),
    )


def with_warnings(file: BaselineFile, proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Return the proposals, each with what the audit would newly say of the file with all of them."""
    new = {one.scenario: ScenarioBaseline.model_validate(one.values) for one in proposals}
    worse = _worse_findings(file, new)
    return tuple(replace(one, warnings=_about(one.scenario, worse)) for one in proposals)


def tightened(file: BaselineFile, proposals: Proposals) -> BaselineFile:
    """Return the file with every proposal in it; the same file when there is none."""
    if not proposals.proposals:
        return file
    values = {proposal.scenario: proposal.values for proposal in proposals.proposals}
    return with_scenarios(file, values, proposals.captured_on)


def _considered(
    file: BaselineFile, name: str, found: Evidence | Obstacle, min_improvement: float, *, add: bool
) -> _Candidate | Declined:
    clock = file.metadata.clock
    if isinstance(found, Obstacle):
        return Declined(name, found.reason)
    baseline = file.scenarios.get(name, ScenarioBaseline())
    candidate = _candidate(baseline, name, found, clock)
    if candidate.proposal.kind == "first":
        left = Declined(name, "it has no baseline yet: --add proposes a first one")
        return _consistent(candidate) if add else left
    chosen = lower_median(found.witnesses)
    reason = (
        _other_machine(baseline, chosen, clock)
        or workload_change(baseline, chosen.taken)
        or shortfall(candidate.proposal, min_improvement)
    )
    return Declined(name, reason, is_replaceable=True) if reason else _consistent(candidate)


def _replacement(file: BaselineFile, name: str, found: Evidence | Obstacle) -> _Candidate | Declined:
    """Return what a scenario would hold of this run, for a person who wants it whatever it improves."""
    if isinstance(found, Obstacle):
        return Declined(name, found.reason)
    old = file.scenarios[name]
    one = _candidate(old, name, found, file.metadata.clock)
    is_old = (old.provenance, old.by_field()) == (one.new.provenance, one.new.by_field())
    if is_old and not any(old.bad_values()):
        return Declined(name, "it has the values of this request already")
    return _consistent(replace(one, proposal=replace(one.proposal, kind="replaced")))


def _consistent(candidate: _Candidate) -> _Candidate | Declined:
    """Return the candidate, unless its values contradict each other as they would be written."""
    name = candidate.proposal.scenario
    error = first_error(audit_scenario(name, candidate.new))
    return Declined(name, error.problem) if error else candidate


def _candidate(baseline: ScenarioBaseline, name: str, found: Evidence, clock: Clock) -> _Candidate:
    chosen = lower_median(found.witnesses)
    provenance = {
        "run_id": chosen.source.run_id,
        "head_sha": chosen.source.head_sha,
        "request_id": chosen.taken.request_id,
        "captured_at": chosen.source.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "requests": len(found.witnesses),
        "comparability": chosen.setting(clock).comparability,
    }
    values = {**rounded(chosen.taken.values()), "provenance": provenance}
    old, new = baseline.by_field(), ScenarioBaseline.model_validate(values)
    changes = [Change(field, old.get(field), value) for field, value in new.by_field().items()]
    proposal = Proposal(
        scenario=name,
        kind="tighter" if baseline.guards else "first",
        top_level=tuple(change for change in changes if is_top_level(change.field)),
        raised=tuple(change for change in changes if change.rose and not is_top_level(change.field)),
        request_id=chosen.taken.request_id,
        requests=len(found.witnesses),
        values=values,
    )
    return _Candidate(proposal, new, found)


def _other_machine(baseline: ScenarioBaseline, chosen: Witness, clock: Clock) -> str:
    """Return in what the run does not compare with the baseline's own run, or "" when nothing says so."""
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
        return [one.proposal for one in candidates.values()]
    limits = {name: _new_limits(file, one, profile) for name, one in candidates.items()}
    found = chances(past, limits)
    return [replace(one.proposal, chance=found[name]) for name, one in candidates.items()]


def _new_limits(file: BaselineFile, candidate: _Candidate, profile: str) -> dict[str, NewLimit]:
    """Return the limit of each metric that decides, and what this run's requests take."""
    tolerances, snapshots = file.profile(profile), candidate.found.snapshots
    video = snapshots[0].frames is not None
    measured = [taken.by_field() for taken in snapshots]
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
    file: BaselineFile, told: Sequence[Proposal | Declined], new: Mapping[str, ScenarioBaseline]
) -> dict[str, Proposal | Declined]:
    """Return each scenario's proposal, or why not: it would put an error into the file."""
    left = {one.scenario: new[one.scenario] for one in told if isinstance(one, Proposal)}
    worse = _worse_findings(file, left)
    return {one.scenario: _worsening(one, worse) if isinstance(one, Proposal) else one for one in told}


def _worsening(proposal: Proposal, worse: Sequence[Finding]) -> Proposal | Declined:
    mine = _about(proposal.scenario, worse)
    told = _ABOUT_THE_EDIT if proposal.kind == "replaced" else ()
    error = first_error(one for one in mine if one.rule not in told)
    if error:
        reason = f"the audit would find {error.rule}: {error.problem}"
        return Declined(proposal.scenario, reason, is_replaceable=error.rule in _ABOUT_THE_EDIT)
    return replace(proposal, warnings=mine)


def _about(scenario: str, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.scenario == scenario)


def _worse_findings(file: BaselineFile, new: Mapping[str, ScenarioBaseline]) -> list[Finding]:
    """Return errors and warnings that the file would have with all of these, and has not as grave before."""
    if not new:
        return []
    after = replace(file, scenarios={**file.scenarios, **new})
    known = {(one.rule, one.scenario, one.field, one.severity) for one in audit(file)}
    return [
        one
        for one in audit(after, against=file)
        if one.severity != "info"
        and one.rule not in _ABOUT_TYPING
        and not {(one.rule, one.scenario, one.field, grave) for grave in _AT_LEAST[one.severity]} & known
    ]
