"""Compare a run with its baselines: one verdict per scenario, each with the rows that led to it.

Pure, and usable without the rest: `docs/library.md` shows it from an engine's own test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import AGGREGATES, DEFAULT_PROFILE, BaselineFile, ScenarioBaseline
from ratchet_bot.data.history import Past
from ratchet_bot.data.terms import MIN_IMPROVEMENT, Policy
from ratchet_bot.judging.attribution import attribution
from ratchet_bot.judging.comparability import Setting, differences, machine_changes
from ratchet_bot.judging.comparison import (
    JUDGED,
    Comparison,
    Earlier,
    Outcome,
    Row,
    ScenarioComparison,
    Shift,
    Verdict,
)
from ratchet_bot.judging.evidence import (
    Evidence,
    Obstacle,
    RunEvidence,
    lower_median,
    run_evidence,
    workload_change,
)
from ratchet_bot.judging.limits import gates
from ratchet_bot.judging.rows import ScenarioTerms, rows, sampled_indices, verdict
from ratchet_bot.judging.sglang_rule import omissions
from ratchet_bot.judging.shift import Compared, settled

__all__ = [
    "JUDGED",
    "Comparison",
    "Outcome",
    "Policy",
    "Row",
    "ScenarioComparison",
    "Shift",
    "Verdict",
    "compare",
    "sampled_indices",
]


@dataclass(frozen=True)
class _Case:
    """One scenario of both sides, and by what it is judged."""

    name: str
    file: BaselineFile
    found: Evidence | Obstacle
    """What the run says of it."""
    terms: ScenarioTerms
    last_night: Setting | None

    @property
    def baseline(self) -> ScenarioBaseline | None:
        """What the file has of it."""
        return self.file.scenarios.get(self.name)


def compare(  # noqa: PLR0913 - each is a term of the judgement that a caller may set
    file: BaselineFile,
    records: Sequence[RunRecord] | RunEvidence,
    *,
    profile: str = DEFAULT_PROFILE,
    policy: Policy = "ratchet",
    scenarios: str = "*",
    min_improvement: float = MIN_IMPROVEMENT,
    past: Past = {},  # noqa: B006 - nobody changes it
    last_night: Mapping[str, Setting] = {},
) -> Comparison:
    """Return a verdict for every scenario of the baseline file, and for every recorded one without baseline.

    Args:
        file: The baselines.
        records: The run, in one record or in several (shards, repeated runs): the requests of a scenario are
            pooled. They are taken to be of the file's hardware. Or the evidence in them, on its clock.
        profile: Which tolerances of the file to use.
        policy: "ratchet" audits requests, asks whether they compare at all, knows noise, and lets only end
            to end, average, median, denoising stages and decoding decide. "sglang" is that engine's own test:
            every limit decides, and so does a stage that is missing.
        scenarios: Glob; only these scenarios are looked at, on both sides.
        min_improvement: Fraction by which end to end must fall to be an improvement.
        past: Milliseconds of the nights before, on the same terms: the noise that makes a suspect. Without
            enough of them only the limits judge.
        last_night: What each scenario was measured on when the history saw it last. Many scenarios that move
            together on another machine are a shift of that machine.

    Raises:
        BaselinesRejected: the file has no such profile.
    """
    if not isinstance(records, RunEvidence):
        records = run_evidence(records, file.metadata.clock, scenarios, audited=policy == "ratchet")
    terms = ScenarioTerms(file.profile(profile), file.sampling, policy, min_improvement, {})
    known = past if policy == "ratchet" else {}
    names = [name for name in {**file.scenarios, **records.found} if fnmatchcase(name, scenarios)]
    cases = (
        _Case(name, file, records.of(name), replace(terms, past=known.get(name, {})), last_night.get(name))
        for name in names
    )
    compared, shift = settled([_compared(case) for case in cases])
    nights = max((len(known.get(name, {}).get(AGGREGATES[0], ())) for name in names), default=0)
    return Comparison(profile, file.metadata.clock, compared, policy, shift, nights)


def _compared(case: _Case) -> Compared:
    baseline, found = case.baseline, case.found
    if isinstance(found, Obstacle) and (found.kind != "missing" or _guards(baseline)):
        return _unjudged(case, Verdict(found.kind), found.reason)
    if isinstance(found, Obstacle) or baseline is None or not _guards(baseline):
        why = "it has no baseline" if baseline is None else "its baseline is a placeholder"
        return _unjudged(case, Verdict.UNGUARDED, why)
    spoilt_field = next((field for field, _ in baseline.bad_values() if gates(field)), "")
    if spoilt_field:
        return _unjudged(case, Verdict.INVALID, f"its baseline has no usable {spoilt_field}")
    if case.terms.policy == "sglang":
        return Compared(_by_sglang(case, baseline, found))
    change = next(filter(None, (workload_change(baseline, taken) for taken in found.snapshots)), "")
    if change:
        return _unjudged(case, Verdict.INCOMPARABLE, change)
    return _by_ratchet(case, baseline, found)


def _unjudged(case: _Case, verdict: Verdict, reason: str) -> Compared:
    return Compared(ScenarioComparison(case.name, verdict, reason))


def _guards(baseline: ScenarioBaseline | None) -> bool:
    """Return whether a baseline holds a scenario to anything; one that is spoilt was meant to."""
    return baseline is not None and (
        baseline.guards or any(gates(field) for field, _ in baseline.bad_values())
    )


def _by_sglang(case: _Case, baseline: ScenarioBaseline, found: Evidence) -> ScenarioComparison:
    compared = rows(baseline, found.snapshots, case.terms)
    missing = "; ".join(omissions(baseline, found.snapshots))
    says = Verdict.REGRESSED if missing else verdict(compared, case.terms.min_improvement)
    return ScenarioComparison(case.name, says, missing, compared, len(found.witnesses))


def _by_ratchet(case: _Case, baseline: ScenarioBaseline, found: Evidence) -> Compared:
    """Return the verdict on requests of the same workload, and what is another about their machine."""
    compared = rows(baseline, found.snapshots, case.terms)
    said = ScenarioComparison(
        case.name,
        verdict(compared, case.terms.min_improvement),
        "",
        compared,
        len(found.witnesses),
        _notes(baseline, found),
        attribution(baseline, lower_median(found.witnesses).taken),
        _earlier(case, baseline, found),
    )
    now = found.witnesses[0].setting(case.file.metadata.clock)
    captured = baseline.provenance.comparability if baseline.provenance else None
    if captured is not None and captured != now.comparability:
        then = Setting(captured, now.versions)
        return Compared(said, machine_changes(then, now), differences(captured, now.comparability))
    return Compared(said, machine_changes(case.last_night or now, now))


def _earlier(case: _Case, baseline: ScenarioBaseline, found: Evidence) -> Earlier | None:
    """Return what the requests said that were there before others were appended; None when none were."""
    first = [witness.taken for witness in found.witnesses if not witness.appended]
    if not first or len(first) == len(found.witnesses):
        return None
    return Earlier(verdict(rows(baseline, first, case.terms), case.terms.min_improvement), len(first))


def _notes(baseline: ScenarioBaseline, found: Evidence) -> tuple[str, ...]:
    stages = found.snapshots[0].stages_ms
    gone = [name for name in baseline.stages if name not in stages]
    new = [name for name in stages if name not in baseline.stages]
    notes = [f"stage {name} has a baseline and was not measured" for name in gone]
    notes += [f"stage {name} was measured and has no baseline" for name in new]
    left_out = found.measured - len(found.snapshots)
    if left_out:
        notes.append(f"left out as invalid: {left_out} of {found.measured} requests")
    return tuple(notes)
