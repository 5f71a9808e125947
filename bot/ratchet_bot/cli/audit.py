"""`perf-ratchet audit`: report what is wrong with a baseline file, or with the requests of run records."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ratchet_bot.cli.command import Command, add_config, add_format
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.names import CONFIG

if TYPE_CHECKING:
    from ratchet_bot.data.settings import Waiver
    from ratchet_bot.telling.audit_report import AuditReport

DEFAULT_CONFIG: Final = Path(CONFIG)
"""Where the waivers are, unless --config names another file."""
MOST_LISTED: Final = 1000
"""Findings in JSON; the others are counted. Chosen: sglang's largest file has 130."""
MOST_SHOWN: Final = 300
"""Findings of a list that a person reads; the others are counted. Chosen: as above."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("baselines", type=Path, nargs="?", metavar="BASELINES", help="a baseline file")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="OLD",
        help="the file before a change: report only what the change introduced",
    )
    parser.add_argument(
        "--records",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="RECORD",
        help="prove that a changed scenario is one request; without BASELINES: audit the requests themselves",
    )
    add_config(parser, "has the waivers")
    parser.add_argument("--rules", action="store_true", help="list the rules instead")
    add_format(parser)


def _run(options: argparse.Namespace) -> int:
    """Print what the audit finds; return 1 when somebody should act on it, else 0.

    Raises:
        BadInput: a file cannot be used, or there is nothing to audit.
    """
    if options.rules:
        print(_rules(options.format), end="")
        return 0
    if options.baselines:
        report = _baselines_report(options.baselines, options.against, options.records, options.config)
    elif options.records and not options.against:
        report = _records_report(options.records)
    else:
        raise BadInput("nothing to audit: give a baseline file, or records after --records")
    print(_shown(report, options.format), end="")
    return int(report.fails)


def _rules(form: str) -> str:
    """Return every rule: when it fires, how severe it is; in JSON and Markdown also why it exists."""
    from ratchet_bot.judging.rules.table import RULES
    from ratchet_bot.telling import words

    if form == "json":
        names = ("name", "severity", "fires", "needs", "reason")
        return words.to_json(rules=[{name: getattr(rule, name) for name in names} for rule in RULES]) + "\n"
    show = words.markdown if form == "markdown" else words.printed
    return show("rules", rules=RULES)


def _baselines_report(
    path: Path, against: Path | None, records: Sequence[Path], config: Path | None
) -> "AuditReport":
    from ratchet_bot.data.reading import baselines_from_file, record_from_file
    from ratchet_bot.judging.audit import audit
    from ratchet_bot.telling.audit_report import AuditReport, Shared, shared_scenarios

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


def _records_report(paths: Sequence[Path]) -> "AuditReport":
    from ratchet_bot.data.reading import record_from_file
    from ratchet_bot.judging.audit import audit_record
    from ratchet_bot.telling.audit_report import AuditReport

    records = [record_from_file(path) for path in paths]
    measured = sum(
        not request.warmup
        for record in records
        for scenario in record.scenarios
        for request in scenario.requests
    )
    findings = tuple(finding for record in records for finding in audit_record(record))
    return AuditReport(", ".join(map(str, paths)), measured, findings, noun="request")


def _waivers(config: Path | None) -> "Sequence[Waiver]":
    if config is None and not DEFAULT_CONFIG.exists():
        return ()  # without importing YAML, a fifth of the command
    from ratchet_bot.data.settings_file import settings_from_file

    return settings_from_file(config or DEFAULT_CONFIG).waivers


def _shown(report: "AuditReport", form: str) -> str:
    from ratchet_bot.telling import words

    if form == "json":
        return words.to_json(**_json_fields(report)) + "\n"
    show = words.markdown if form == "markdown" else words.printed
    return show("audit", report=report, most_listed=MOST_SHOWN)


def _json_fields(report: "AuditReport") -> dict[str, Any]:
    findings = [*report.open, *report.older, *report.waived]
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
        "findings": findings[:MOST_LISTED],
        "findings_left_out": max(len(findings) - MOST_LISTED, 0),
    }


COMMAND: Final = Command(
    "audit",
    "find errors in a baseline file",
    _add_arguments,
    _run,
    (
        "perf-ratchet audit perf_baselines.json",
        "git show main:h100.json > old.json; perf-ratchet audit h100.json --against old.json",
        "perf-ratchet audit h100.json --against old.json --records run-record.json",
        "perf-ratchet audit --rules",
    ),
)
