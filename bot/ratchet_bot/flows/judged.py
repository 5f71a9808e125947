"""One run on one hardware, judged: what every command that compares shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.arguments import require_match
from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.history import HistoryLine
from ratchet_bot.data.terms import MAX_FLAKE_RATE, MIN_IMPROVEMENT, Policy
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.compare import Comparison, compare
from ratchet_bot.judging.evidence import RunEvidence, by_scenario, run_evidence
from ratchet_bot.judging.precedent import Precedent, precedent
from ratchet_bot.judging.rules.waivers import Waiver
from ratchet_bot.judging.tighten import propose
from ratchet_bot.telling.report import HardwareReport, hardware_report

if TYPE_CHECKING:
    from ratchet_bot.data.settings import Settings  # reads YAML, which `perf-ratchet compare` does not need


@dataclass(frozen=True)
class Terms:
    """By what a run is judged."""

    profile: str
    """Which tolerances of the baseline file to use."""
    policy: Policy = "ratchet"
    scenarios: str = "*"
    """Glob; only these are looked at."""
    min_improvement: float = MIN_IMPROVEMENT
    """Fraction by which end to end must fall to be an improvement, and for a new baseline."""
    max_flake_rate: float = MAX_FLAKE_RATE
    """Largest predicted chance, of one scenario, that an unchanged engine breaks a new baseline's limits."""
    waivers: Sequence[Waiver] = ()
    """Findings of the audit that are accepted for a while."""


def terms_of(settings: "Settings", hardware: str) -> Terms:
    """Return by what the configuration has a hardware judged."""
    return Terms(
        settings.hardware[hardware].profile,
        min_improvement=settings.tighten.min_improvement,
        max_flake_rate=settings.tighten.max_flake_rate,
        waivers=settings.waivers,
    )


def judge_hardware(
    path: str, file: BaselineFile, records: Sequence[RunRecord], terms: Terms, nights: Precedent
) -> HardwareReport:
    """Return everything there is to say of a run beside one baseline file.

    Args:
        path: How a reader knows that file.
        file: The baselines.
        records: The run, in one record or in several, at least one, all of one hardware.
        terms: By what it is judged.
        nights: The nights before.

    Raises:
        BadInput: the file has no such profile.
    """
    evidence = run_evidence(records, file.metadata.clock, terms.scenarios)
    # sglang's rule audits no request, so it looks for evidence of its own
    comparison = compared(path, file, records if terms.policy == "sglang" else evidence, terms, nights)
    proposals = propose(
        file,
        evidence,
        scenarios=terms.scenarios,
        min_improvement=terms.min_improvement,
        max_flake_rate=terms.max_flake_rate,
        past=nights.past,
        profile=terms.profile,
    )
    today = records[0].source.created_at.astimezone(UTC).date()
    findings = audit(file, waivers=terms.waivers, today=today)
    return hardware_report(path, file, records, comparison, proposals=proposals, findings=findings)


def judge_with_history(
    path: str,
    file: BaselineFile,
    records: Sequence[RunRecord],
    terms: Terms,
    lines: Sequence[HistoryLine] = (),
) -> HardwareReport:
    """Return the report on one run against one baseline file. See `judge_hardware`.

    Args:
        path: How a reader knows that file.
        file: The baselines.
        records: The run, in one record or in several, at least one, all of one hardware.
        terms: By what it is judged.
        lines: The history; those of the run itself do not count.

    Raises:
        BadInput: the file has no such profile, or nothing that is looked at.
    """
    require_match(terms.scenarios, [*file.scenarios, *by_scenario(records)], path)
    nights = precedent(lines, records[0].environment.hardware, records, file.metadata.clock)
    return judge_hardware(path, file, records, terms, nights)


def compared(
    path: str,
    file: BaselineFile,
    records: Sequence[RunRecord] | RunEvidence,
    terms: Terms,
    nights: Precedent,
) -> Comparison:
    """Return the verdicts on a run by these terms, from its records or the evidence in them.

    Raises:
        BadInput: the file has no such profile.
    """
    try:
        return compare(
            file,
            records,
            profile=terms.profile,
            policy=terms.policy,
            scenarios=terms.scenarios,
            min_improvement=terms.min_improvement,
            past=nights.past,
            last_night=nights.last_night,
        )
    except BaselinesRejected as error:
        raise BadInput(f"{path}: {error}") from error
