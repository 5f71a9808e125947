"""Audit baselines: does a scenario agree with itself, does it guard anything, and what did a change bring?

Pure. The rules are small functions in `judging.rules`; `judging.rules.table.RULES` is their table.
The thresholds come from 372 versions of real scenarios: a single run is exact to rounding, and no single run
had steps longer than their stage.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile, ScenarioBaseline
from ratchet_bot.judging.rules.findings import SEVERITIES, Finding, Severity, first_error, tally
from ratchet_bot.judging.rules.snapshots import clocks_of, requests_by_scenario
from ratchet_bot.judging.rules.subject import FileRule, Files, ScenarioRule, Subject
from ratchet_bot.judging.rules.table import RULES
from ratchet_bot.judging.rules.waivers import Waiver, waiver_flaws, with_waivers
from ratchet_bot.judging.snapshot import snapshot

__all__ = [
    "ABOUT_THE_FILE",
    "RULES",
    "SEVERITIES",
    "Finding",
    "Severity",
    "audit",
    "audit_record",
    "audit_scenario",
    "first_error",
    "tally",
]

_FILE_RULES: Final = tuple(rule for rule in RULES if isinstance(rule, FileRule))
_SCENARIO_RULES: Final = tuple(rule for rule in RULES if isinstance(rule, ScenarioRule))
_REQUEST_RULES: Final = tuple(rule for rule in _SCENARIO_RULES if rule.of_requests)
MEASURE_AGAIN: Final = "measure again, this request is no evidence"
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
    files = Files(file, against, requests)
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
    told = with_waivers(findings, waivers, today)
    return told + list(waiver_flaws(waivers, told, names, applied, today))


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
                taken = snapshot(request, clock)
                place = f"{scenario.id} {request.request_id} ({clock})"
                if taken:
                    subject = Subject(place, taken.as_baseline, clock=clock)
                    findings += [found for rule in _REQUEST_RULES for found in rule.check(subject)]
    return [
        replace(found, remedy=MEASURE_AGAIN) if found.severity == "error" else found for found in findings
    ]


def _in_order(findings: Iterable[Finding], file: BaselineFile) -> list[Finding]:
    """Return the findings about the file first, then scenario by scenario, each in the order of the rules."""
    scenarios = {name: place for place, name in enumerate(file.scenarios)}
    rules = {rule.name: place for place, rule in enumerate(RULES)}

    def place(finding: Finding) -> tuple[int, int]:
        scenario = -1 if finding.rule in ABOUT_THE_FILE else scenarios.get(finding.scenario, -1)
        return scenario, rules[finding.rule]

    return sorted(findings, key=place)
