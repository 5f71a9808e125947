"""One run on one hardware, judged: what every command that compares shares."""

from collections.abc import Sequence
from datetime import UTC

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.arguments import require_match
from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.history import HistoryLine
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.comparability import PastNights, past_nights
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.evidence import RunEvidence, by_scenario, run_evidence
from ratchet_bot.judging.tighten import propose
from ratchet_bot.judging.verdicts import Comparison
from ratchet_bot.telling.hardware_report import HardwareReport, hardware_report


def judge_hardware(
    path: str, file: BaselineFile, records: Sequence[RunRecord], terms: Terms, nights: PastNights
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
    comparison = compared(path, file, records, terms, nights, evidence)
    proposals = propose(file, records, terms, past=nights.past, evidence=evidence)
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
    nights = past_nights(lines, records[0].environment.hardware, records, file.metadata.clock)
    return judge_hardware(path, file, records, terms, nights)


def compared(
    path: str,
    file: BaselineFile,
    records: Sequence[RunRecord],
    terms: Terms,
    nights: PastNights,
    evidence: RunEvidence | None = None,
) -> Comparison:
    """Return the verdicts on a run by these terms. See `compare`.

    Raises:
        BadInput: the file has no such profile.
    """
    try:
        return compare(file, records, terms, nights=nights, evidence=evidence)
    except BaselinesRejected as error:
        raise BadInput(f"{path}: {error}") from error
