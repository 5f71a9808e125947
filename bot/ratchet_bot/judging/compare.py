"""Compare a run with its baselines: one verdict per scenario, each with the rows that led to it.

Pure, and usable without the rest: `docs/library.md` shows it from an engine's own test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from statistics import median
from typing import Final, Literal

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import END_TO_END, BaselineFile, ScenarioBaseline
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.attribution import attribution
from ratchet_bot.judging.comparability import PastNights, Setting, differences, machine_changes
from ratchet_bot.judging.evidence import (
    Evidence,
    NotJudgeable,
    RunEvidence,
    lower_median,
    run_evidence,
    workload_change,
)
from ratchet_bot.judging.metrics import gates
from ratchet_bot.judging.rows import omissions, rows, verdict
from ratchet_bot.judging.verdicts import SLOWER, Comparison, Earlier, ScenarioComparison, Shift, Verdict

LEAST_SHIFTED: Final = 3
LEAST_SHIFTED_RATIO: Final = 0.5
"""This many scenarios, and this share of those that were compared on a changed machine, have to move the same
way to be a shift of the machine. Source: what another performance bot came to after its runners were replaced
(rotki#13140)."""

_NOT_IN_RUN: Final = NotJudgeable("missing", "it is not in this run")
_DEFAULT_TERMS: Final = Terms()
_NO_NIGHTS: Final = PastNights()


def compare(
    file: BaselineFile,
    records: Sequence[RunRecord],
    terms: Terms = _DEFAULT_TERMS,
    *,
    nights: PastNights = _NO_NIGHTS,
    evidence: RunEvidence | None = None,
) -> Comparison:
    """Return a verdict for each scenario of the baseline file, and for each recorded one without baseline.

    Args:
        file: The baselines.
        records: The run, in one record or in several (shards, repeated runs): the requests of a scenario are
            pooled. They must be of the file's hardware.
        terms: The profile, the policy, the scenarios, and what counts as an improvement.
        nights: The nights before: the noise that makes a suspect, and the last machine. Many scenarios that
            move together on another machine are a shift of that machine. Without nights only limits judge.
        evidence: The audited evidence in the records on the file's clock, where the caller has it already.
            The policy "sglang" does not audit, so it looks for evidence of its own.

    Raises:
        BaselinesRejected: the file has no such profile.
    """
    is_audited = terms.policy == "ratchet"
    if evidence is None or not is_audited:
        evidence = run_evidence(records, file.metadata.clock, terms.scenarios, audited=is_audited)
    file.profile(terms.profile)  # refuses an unknown profile also where nothing is compared
    past = nights.past if is_audited else {}
    names = [name for name in {**file.scenarios, **evidence} if fnmatchcase(name, terms.scenarios)]
    comparisons = [
        _compared(name, file, evidence.get(name, _NOT_IN_RUN), terms, past.get(name, {})) for name in names
    ]
    shift = None
    if is_audited:
        comparisons, shift = _apply_machine_shift(comparisons, file, evidence, nights.last_settings)
    most_nights = max((len(past.get(name, {}).get(END_TO_END, ())) for name in names), default=0)
    return Comparison(
        terms.profile, file.metadata.clock, tuple(comparisons), terms.policy, shift, most_nights
    )


def _compared(
    name: str,
    file: BaselineFile,
    evidence: Evidence | NotJudgeable,
    terms: Terms,
    history: Mapping[str, Sequence[float]],
) -> ScenarioComparison:
    """Return the verdict on one scenario by its numbers, whatever machine they are of."""
    baseline = file.scenarios.get(name)
    if isinstance(evidence, NotJudgeable) and (evidence.kind != "missing" or _is_guard(baseline)):
        return ScenarioComparison(name, Verdict(evidence.kind), evidence.reason)
    if isinstance(evidence, NotJudgeable) or baseline is None or not _is_guard(baseline):
        why = "it has no baseline" if baseline is None else "its baseline is a placeholder"
        return ScenarioComparison(name, Verdict.UNGUARDED, why)
    spoilt_field = next((field for field, _ in baseline.bad_values() if gates(field)), "")
    if spoilt_field:
        return ScenarioComparison(name, Verdict.INVALID, f"its baseline has no usable {spoilt_field}")
    if terms.policy == "sglang":
        return _by_sglang(name, baseline, evidence, file, terms)
    change = next(filter(None, (workload_change(baseline, values) for values in evidence.snapshots)), "")
    if change:
        return ScenarioComparison(name, Verdict.INCOMPARABLE, change)
    compared = rows(baseline, evidence.snapshots, file, terms, history)
    first = [request.snapshot for request in evidence.requests if not request.appended]
    earlier = None
    if first and len(first) < len(evidence.requests):
        first_rows = rows(baseline, first, file, terms, history)
        earlier = Earlier(verdict(first_rows, terms.min_improvement), len(first))
    return ScenarioComparison(
        name,
        verdict(compared, terms.min_improvement),
        "",
        compared,
        len(evidence.requests),
        _notes(baseline, evidence),
        attribution(baseline, lower_median(evidence.requests).snapshot),
        earlier,
    )


def _is_guard(baseline: ScenarioBaseline | None) -> bool:
    """Return whether a baseline holds a scenario to anything; one that is spoilt was meant to."""
    return baseline is not None and (
        baseline.guards or any(gates(field) for field, _ in baseline.bad_values())
    )


def _by_sglang(
    name: str, baseline: ScenarioBaseline, evidence: Evidence, file: BaselineFile, terms: Terms
) -> ScenarioComparison:
    """Return the verdict of sglang's own test: what is missing fails as well."""
    compared = rows(baseline, evidence.snapshots, file, terms, {})
    missing = "; ".join(omissions(baseline, evidence.snapshots))
    result = Verdict.REGRESSED if missing else verdict(compared, terms.min_improvement)
    return ScenarioComparison(name, result, missing, compared, len(evidence.requests))


def _notes(baseline: ScenarioBaseline, evidence: Evidence) -> tuple[str, ...]:
    stages = evidence.snapshots[0].stages_ms
    gone = [name for name in baseline.stages if name not in stages]
    new = [name for name in stages if name not in baseline.stages and not baseline.is_end_to_end_only]
    notes = [f"stage {name} has a baseline and was not measured" for name in gone]
    if baseline.is_end_to_end_only:
        notes.append("the baseline has neither stages nor steps: a change cannot be attributed")
    notes += [f"stage {name} was measured and has no baseline" for name in new]
    left_out = evidence.measured - len(evidence.requests)
    if left_out:
        notes.append(f"left out as invalid: {left_out} of {evidence.measured} requests")
    return tuple(notes)


def _apply_machine_shift(
    comparisons: Sequence[ScenarioComparison],
    file: BaselineFile,
    evidence: RunEvidence,
    last_settings: Mapping[str, Setting],
) -> tuple[list[ScenarioComparison], Shift | None]:
    """Return the comparisons with what their machines explain, and the shift if there is one.

    A scenario is incomparable when its baseline was captured on other terms, or when it became slower
    together with the others on another machine. Faster ones keep their verdict: an improvement blames nobody.
    """
    changes: dict[str, tuple[str, ...]] = {}
    other_terms: dict[str, tuple[str, ...]] = {}
    for comparison in comparisons:
        name, own_evidence = comparison.scenario, evidence.get(comparison.scenario)
        if comparison.rows and isinstance(own_evidence, Evidence):
            now = own_evidence.requests[0].setting(file.metadata.clock)
            captured = _other_captured_setting(file.scenarios[name], now)
            changes[name] = machine_changes(captured or last_settings.get(name, now), now)
            other_terms[name] = differences(captured.comparability, now.comparability) if captured else ()
    on_other_machine = [comparison for comparison in comparisons if changes.get(comparison.scenario)]
    shift = _shift(on_other_machine, changes, "slower") or _shift(on_other_machine, changes, "faster")
    return [
        _explained_by_machine(comparison, shift, other_terms.get(comparison.scenario, ()))
        for comparison in comparisons
    ], shift


def _other_captured_setting(baseline: ScenarioBaseline, now: Setting) -> Setting | None:
    """Return the setting that a baseline was captured on, where that is known and does not compare."""
    captured = baseline.provenance.comparability if baseline.provenance else None
    return None if captured in {None, now.comparability} else Setting(captured or "", now.versions)


def _explained_by_machine(
    comparison: ScenarioComparison, shift: Shift | None, other_terms: Sequence[str]
) -> ScenarioComparison:
    name = comparison.scenario
    if other_terms:
        why = f"its baseline was captured on other terms: {'; '.join(other_terms)}"
        return ScenarioComparison(name, Verdict.INCOMPARABLE, why, requests=comparison.requests)
    if shift and shift.direction == "slower" and name in shift.scenarios:
        reason = "it moved together with the machine"
        return replace(comparison, verdict=Verdict.INCOMPARABLE, reason=reason)
    return comparison


def _shift(
    compared: Sequence[ScenarioComparison],
    changes: Mapping[str, Sequence[str]],
    direction: Literal["slower", "faster"],
) -> Shift | None:
    """Return the shift that enough of the scenarios compared on a changed machine make, if they do."""
    verdicts = SLOWER if direction == "slower" else {Verdict.IMPROVED}
    moved = [comparison for comparison in compared if comparison.verdict in verdicts]
    if len(moved) < max(LEAST_SHIFTED, LEAST_SHIFTED_RATIO * len(compared)):
        return None
    return Shift(
        direction,
        tuple(dict.fromkeys(change for comparison in moved for change in changes[comparison.scenario])),
        tuple(comparison.scenario for comparison in moved),
        len(compared),
        median(comparison.rows[0].change_ratio or 0.0 for comparison in moved),
    )
