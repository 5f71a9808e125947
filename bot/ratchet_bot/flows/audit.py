"""`perf-ratchet audit`: say what is wrong with a baseline file, or with the requests of run records."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.record_files import baselines_from_file, record_from_file
from ratchet_bot.data.repo_names import CONFIG
from ratchet_bot.judging.audit import RULES, audit, audit_record
from ratchet_bot.judging.rules.listing import AuditReport, Shared, shared_scenarios
from ratchet_bot.judging.rules.waivers import Waiver
from ratchet_bot.telling import words

DEFAULT_CONFIG: Final = Path(CONFIG)
"""Where the waivers are, unless told."""
MOST_LISTED: Final = 1000
"""Findings in JSON; the others are counted. Chosen: sglang's largest file has 130."""
MOST_SHOWN: Final = 300
"""Findings of a list that a person reads; the others are counted. Chosen: as above."""


def run(
    path: Path | None, *, against: Path | None, records: Sequence[Path], config: Path | None, form: str
) -> int:
    """Print what the audit finds; return 1 when somebody should do something about it, else 0.

    Args:
        path: The baseline file; None to audit the requests of the records themselves.
        against: The file before a change: only what the change introduced counts.
        records: Run records.
        config: The configuration with the waivers; None for the usual place, where there may be none.
        form: "text", "json" or "markdown".

    Raises:
        BadInput: a file cannot be used, or there is nothing to audit.
    """
    if path:
        report = _of_baselines(path, against, records, config)
    elif records and not against:
        report = _of_records(records)
    else:
        raise BadInput("nothing to audit: give a baseline file, or records after --records")
    print(_shown(report, form), end="")
    return int(report.fails)


def tell_rules(form: str) -> int:
    """Print every rule: when it fires, how grave it is, and in JSON and Markdown why; return 0."""
    if form == "json":
        names = ("name", "severity", "fires", "needs", "reason")
        print(words.to_json(rules=[{name: getattr(rule, name) for name in names} for rule in RULES]))
    else:
        show = words.markdown if form == "markdown" else words.printed
        print(show("rules", rules=RULES), end="")
    return 0


def _of_baselines(
    path: Path, against: Path | None, records: Sequence[Path], config: Path | None
) -> AuditReport:
    file = baselines_from_file(path)
    older = baselines_from_file(against) if against else None
    findings = audit(
        file,
        against=older,
        records=[record_from_file(record) for record in records],
        waivers=_waivers(config),
        today=datetime.now(UTC).date(),
    )
    shared = shared_scenarios(file, older) if older else Shared(0, 0)
    return AuditReport(
        str(path), len(file.scenarios), tuple(findings), against=str(against or ""), shared=shared
    )


def _of_records(paths: Sequence[Path]) -> AuditReport:
    records = [record_from_file(path) for path in paths]
    measured = sum(
        not request.warmup
        for record in records
        for scenario in record.scenarios
        for request in scenario.requests
    )
    findings = tuple(finding for record in records for finding in audit_record(record))
    return AuditReport(", ".join(map(str, paths)), measured, findings, noun="request")


def _waivers(config: Path | None) -> Sequence[Waiver]:
    if config is None and not DEFAULT_CONFIG.exists():
        return ()
    from ratchet_bot.data.config_file import settings_from_file  # noqa: PLC0415 - YAML takes a fifth of the command

    return settings_from_file(config or DEFAULT_CONFIG).waivers


def _shown(report: AuditReport, form: str) -> str:
    if form == "json":
        return words.to_json(**_as_json(report)) + "\n"
    return (words.markdown if form == "markdown" else words.printed)(
        "audit", report=report, most_listed=MOST_SHOWN
    )


def _as_json(report: AuditReport) -> dict[str, Any]:
    told = [*report.open, *report.older, *report.waived]
    return {
        "path": report.path,
        "against": report.against or None,
        f"{report.noun}s": report.count,
        "looks_like_two_files": report.shared.looks_like_two_files,
        "open": len(report.open),
        "older": len(report.older),
        "waived": len(report.waived),
        "tally": report.tally,
        "older_tally": report.older_tally,
        "findings": told[:MOST_LISTED],
        "findings_left_out": max(len(told) - MOST_LISTED, 0),
    }
