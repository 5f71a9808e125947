"""`ratchet compare`: judge a run against its baselines."""

from collections.abc import Sequence
from pathlib import Path

from bot import render
from bot.audit import audit
from bot.baselines import BaselinesRejected
from bot.compare import compare
from bot.errors import BadInput
from bot.evidence import by_scenario
from bot.handlers.selection import require_match
from bot.intake import baselines_from_file, record_from_file
from bot.limits import MIN_IMPROVEMENT
from bot.report import HardwareReport, Report, hardware_report
from bot.tighten import propose
from profiler.record import RunRecord


def run(record: Path, baselines: Path, *, profile: str, scenarios: str, form: str) -> int:
    """Print the verdicts; return 0 only when everything that should be judged was, and nothing regressed.

    Raises:
        BadInput: a file cannot be used.
    """
    taken = record_from_file(record)
    report = Report((judged([taken], baselines, str(baselines), profile=profile, scenarios=scenarios),))
    if form == "json":
        section = report.hardware[0]
        print(
            render.to_json(
                outcome=report.outcome,
                hardware=section.hardware,
                baselines=section.baselines,
                profile=section.comparison.profile,
                scenarios=section.comparison.scenarios,
            )
        )
    elif form == "markdown":
        print(render.comment(report), end="")
    else:
        print(render.text("compare", report=report, headline=render.headline(report)), end="")
    return int(report.conclusion != "success")


def judged(
    records: Sequence[RunRecord],
    baselines: Path,
    shown_path: str,
    *,
    profile: str,
    scenarios: str = "*",
    min_improvement: float = MIN_IMPROVEMENT,
) -> HardwareReport:
    """Return the report on one run against one baseline file.

    Args:
        records: The run, in one record or in several.
        baselines: The baseline file.
        shown_path: How a reader knows that file.
        profile: Which of its tolerances to use.
        scenarios: Glob; only these are looked at.
        min_improvement: Fraction by which end to end must fall to be an improvement, and for a new baseline.

    Raises:
        BadInput: the baseline file cannot be used.
    """
    file = baselines_from_file(baselines)
    require_match(scenarios, [*file.scenarios, *by_scenario(records)], baselines)
    try:
        comparison = compare(
            file, records, profile=profile, scenarios=scenarios, min_improvement=min_improvement
        )
    except BaselinesRejected as error:
        raise BadInput(f"{baselines}: {error}") from error
    proposals = propose(file, records, scenarios=scenarios, min_improvement=min_improvement)
    return hardware_report(shown_path, file, records, comparison, proposals=proposals, findings=audit(file))
