"""Audit baselines: does a scenario agree with itself, does it guard anything, and what did a change bring?

Pure. The rules are small functions in `judging.rules`; `judging.rules.table.RULES` is their table.
The thresholds come from 372 versions of real scenarios: a single run is exact to rounding, and no single run
had steps longer than their stage.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from typing import Final

from ratchet_profiler.record import Clock, RunRecord

from ratchet_bot.data.baselines import BaselineFile, ScenarioBaseline
from ratchet_bot.data.settings import Waiver
from ratchet_bot.judging.rules.rule import (
    WAIVER_RULE,
    FileRule,
    FileSubject,
    Finding,
    RecordedRequest,
    ScenarioRule,
    Severity,
    Subject,
)
from ratchet_bot.judging.rules.table import RULES
from ratchet_bot.judging.snapshot import clocks_of, snapshot

_FILE_RULES: Final = tuple(rule for rule in RULES if isinstance(rule, FileRule))
_SCENARIO_RULES: Final = tuple(rule for rule in RULES if isinstance(rule, ScenarioRule))
_REQUEST_RULES: Final = tuple(rule for rule in _SCENARIO_RULES if rule.of_requests)
MEASURE_AGAIN: Final = "measure again, this request is not evidence"
"""The remedy for a request that contradicts itself: no value of it can be put right."""
ABOUT_THE_FILE: Final = frozenset(rule.name for rule in RULES if rule.of_file)
"""See `Rule.of_file`."""


def audit(
    file: BaselineFile,
    *,
    against: BaselineFile | None = None,
    records: Sequence[RunRecord] = (),
    waivers: Sequence[Waiver] = (),
    today: date | None = None,
) -> list[Finding]:
    """Return every finding: first of the file as a whole, then scenario by scenario in their order.

    Args:
        file: The baselines.
        against: The file before a change. What the change brought is marked as introduced.
        records: Runs in which a changed scenario must occur as one request.
        waivers: Findings that are accepted for a while.
        today: Waivers that expired before are findings themselves; None takes all as valid.
    """
    requests = requests_by_scenario(records, file.metadata.clock)
    files = FileSubject(file, against, requests)
    findings = [finding for rule in _FILE_RULES for finding in rule.check(files)]
    for name, scenario in file.scenarios.items():
        subject = Subject(
            name=name,
            scenario=scenario,
            old=against.scenarios.get(name) if against else None,
            is_compared=against is not None,
            requests=requests.get(name, ()),
            has_records=bool(records),
            clock=file.metadata.clock,
        )
        findings += [finding for rule in _SCENARIO_RULES for finding in rule.check(subject)]
    findings = _in_order(findings, file)
    if not waivers:
        return findings
    given = {"", *(["--against"] if against else []), *(["--records"] if records else [])}
    names = [rule.name for rule in RULES]
    applied = {rule.name for rule in RULES if rule.needs in given}
    findings = with_waivers(findings, waivers, today)
    return findings + list(waiver_flaws(waivers, findings, names, applied, today))


def audit_scenario(name: str, scenario: ScenarioBaseline) -> list[Finding]:
    """Return what the values of one scenario, or of one request, say about themselves."""
    subject = Subject(name, scenario)
    return [finding for rule in _REQUEST_RULES for finding in rule.check(subject)]


def audit_record(record: RunRecord) -> list[Finding]:
    """Return what the measured requests of a run say about themselves, on each clock that they have."""
    findings = []
    for scenario in record.scenarios:
        for request in scenario.requests:
            for clock in clocks_of(request) if not request.warmup else ():
                values = snapshot(request, clock)
                place = f"{scenario.id} {request.request_id} ({clock})"
                if values:
                    subject = Subject(place, values.as_baseline, clock=clock)
                    findings += [finding for rule in _REQUEST_RULES for finding in rule.check(subject)]
    return [
        replace(finding, remedy=MEASURE_AGAIN) if finding.severity == "error" else finding
        for finding in findings
    ]


def _in_order(findings: Iterable[Finding], file: BaselineFile) -> list[Finding]:
    """Return the findings about the file first, then scenario by scenario, each in the order of the rules."""
    scenarios = {name: place for place, name in enumerate(file.scenarios)}
    rules = {rule.name: place for place, rule in enumerate(RULES)}

    def place(finding: Finding) -> tuple[int, int]:
        scenario = -1 if finding.rule in ABOUT_THE_FILE else scenarios.get(finding.scenario, -1)
        return scenario, rules[finding.rule]

    return sorted(findings, key=place)


def requests_by_scenario(
    records: Iterable[RunRecord], clock: Clock
) -> dict[str, tuple[RecordedRequest, ...]]:
    """Return the measured requests of some records as baseline values, by scenario, in their order.

    A request without this clock everywhere is left out, and so are warm-ups.
    """
    requests: defaultdict[str, list[RecordedRequest]] = defaultdict(list)
    for record in records:
        run = f" of run {record.source.run_id}" if record.source.run_id is not None else ""
        for scenario in record.scenarios:
            for request in scenario.requests:
                values = None if request.warmup else snapshot(request, clock)
                if values:
                    place = f"{request.request_id}{run}"
                    requests[scenario.id].append(RecordedRequest(place, values.as_baseline))
    return {name: tuple(several) for name, several in requests.items()}


def with_waivers(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date | None) -> list[Finding]:
    """Return the findings, those that are waived with the reason.

    Args:
        findings: What the rules found.
        waivers: Where several cover a finding, the first counts.
        today: A waiver counts up to and including its last day; None takes every waiver as valid.
    """
    reasons: dict[tuple[str, str], str] = {}
    for waiver in waivers:
        if not _has_expired(waiver, today):
            reasons.setdefault((waiver.rule, waiver.scenario), f"{waiver.reason} (until {waiver.expires})")
    return [
        replace(finding, waived=reasons.get((finding.rule, finding.scenario), "")) for finding in findings
    ]


def waiver_flaws(
    waivers: Iterable[Waiver],
    findings: Iterable[Finding],
    rules: Sequence[str],
    applied: Collection[str],
    today: date | None,
) -> Iterator[Finding]:
    """Yield what is wrong with waivers: an unknown rule, expired, or nothing to waive.

    Args:
        waivers: Those of the configuration.
        findings: As `with_waivers` returns them.
        rules: The names of all rules.
        applied: The names of those that could fire this time.
        today: None takes every waiver as valid.
    """
    used = {(finding.rule, finding.scenario) for finding in findings if finding.waived}
    for waiver in waivers:
        if waiver.rule not in rules:
            [close] = get_close_matches(waiver.rule, rules, n=1) or [""]
            yield _flaw(
                waiver,
                "warning",
                f"a waiver names the rule {waiver.rule}, which does not exist",
                f"did you mean {close}?" if close else "perf-ratchet audit --rules names them all",
            )
        elif _has_expired(waiver, today):
            yield _flaw(
                waiver,
                "warning",
                f"the waiver of {waiver.rule} expired on {waiver.expires} (its reason: {waiver.reason})",
                "fix what it waived, or give it a new date and a reason",
            )
        elif waiver.rule in applied and (waiver.rule, waiver.scenario) not in used:
            yield _flaw(
                waiver,
                "info",
                f"the waiver of {waiver.rule} waives nothing in this file",
                "remove it, unless another baseline file needs it",
            )


def _has_expired(waiver: Waiver, today: date | None) -> bool:
    return today is not None and today > waiver.expires


def _flaw(waiver: Waiver, severity: Severity, problem: str, remedy: str) -> Finding:
    return Finding(
        rule=WAIVER_RULE,
        severity=severity,
        scenario=waiver.scenario,
        field="waivers",
        actual=waiver.rule,
        expected=None,
        problem=problem,
        remedy=remedy,
    )
