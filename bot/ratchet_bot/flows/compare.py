"""`perf-ratchet compare`: judge a run against its baselines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError
from ratchet_profiler.record import MAX_SCENARIOS, RunRecord, ScenarioId

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.bounded import bounded_bytes
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import replace_file
from ratchet_bot.data.history import HistoryLine
from ratchet_bot.data.history_files import history_from_folder
from ratchet_bot.data.record_files import baselines_from_file, record_from_file
from ratchet_bot.data.selection import require_match
from ratchet_bot.flows.judged import Terms, section
from ratchet_bot.judging.evidence import by_scenario
from ratchet_bot.judging.named_hardware import other_hardware
from ratchet_bot.judging.precedent import precedent
from ratchet_bot.telling import render, words
from ratchet_bot.telling.report import HardwareReport, Report

MAX_SUSPECTS_BYTES: Final = MAX_SCENARIOS * 128
"""Largest list of ids: those of the largest record, each with its line end."""
_IDS: Final = TypeAdapter(list[ScenarioId])


def run(
    records: Sequence[Path],
    baselines: Path,
    terms: Terms,
    *,
    history: Path | None,
    suspects: Path | None,
    form: str,
) -> int:
    """Print the verdicts; return 0 only when everything that should be judged was, and nothing regressed.

    Args:
        records: The run, in one record or in several of one hardware.
        baselines: The baseline file.
        terms: By what it is judged.
        history: A checkout of the history branch; None: only the limits judge.
        suspects: Where to write what should be measured again, one id a line; None: nowhere.
        form: How to print: text, json or markdown.

    Raises:
        BadInput: a file cannot be used, or is of another hardware than a run without accelerator.
    """
    if suspects:
        _check_replaceable(suspects)
    taken = [record_from_file(path) for path in records]
    hardware = {record.environment.hardware for record in taken}
    if len(hardware) > 1:
        shown = " and ".join(sorted(hardware))
        raise BadInput(f"{records[0]}: these are records of {shown}; compare one hardware at a time")
    file = baselines_from_file(baselines)
    _require_same_hardware(records, taken, baselines, file)
    lines = history_from_folder(history, *hardware).lines if history else ()
    found = judged(taken, file, str(baselines), terms, lines)
    names = found.comparison.to_confirm
    if suspects:
        _write(suspects, names)
    print(_told(Report((found,)), form), end="")
    if suspects and form == "text":
        print(words.printed("suspects", path=suspects, names=names), end="")
    return int(Report((found,)).conclusion != "success")


def judged(
    records: Sequence[RunRecord],
    file: BaselineFile,
    path: str,
    terms: Terms,
    lines: Sequence[HistoryLine] = (),
) -> HardwareReport:
    """Return the report on one run against one baseline file.

    Args:
        records: The run, in one record or in several, at least one, all of one hardware.
        file: The baselines.
        path: How a reader knows that file.
        terms: By what it is judged.
        lines: The history; those of the run itself do not count.

    Raises:
        BadInput: the file has no such profile, or nothing that is looked at.
    """
    require_match(terms.scenarios, [*file.scenarios, *by_scenario(records)], path)
    known = precedent(lines, records[0].environment.hardware, records, file.metadata.clock)
    return section(path, file, records, terms, known)


def _require_same_hardware(
    paths: Sequence[Path], records: Sequence[RunRecord], baselines: Path, file: BaselineFile
) -> None:
    """Accept records that the baseline file's own words do not exclude, see `require_named_hardware`."""
    if all(record.environment.accelerator for record in records):
        return
    if any(other_hardware(file, record) for record in records):
        from ratchet_bot.flows.whose import require_named_hardware, whose  # noqa: PLC0415 - YAML, for this case only

        require_named_hardware(paths, records, baselines, file, whose(paths, records, baselines, None))


def _told(report: Report, form: str) -> str:
    if form == "markdown":
        return render.comment(report)
    if form != "json":
        return words.printed("compare", report=report, headline=render.headline(report))
    section = report.hardware[0]
    comparison = section.comparison
    shown = words.to_json(
        outcome=report.outcome,
        conclusion=report.conclusion,
        hardware=section.hardware,
        baselines=section.baselines,
        profile=comparison.profile,
        policy=comparison.policy,
        nights=comparison.nights,
        shift=comparison.shift,
        suspects=comparison.to_confirm,
        scenarios=comparison.scenarios,
    )
    return shown + "\n"


def _check_replaceable(path: Path) -> None:
    """Accept a file that is empty or a list of ids: another one may be all that there is of something.

    Raises:
        BadInput: it holds something else, or cannot be read.
    """
    content = bounded_bytes(path, MAX_SUSPECTS_BYTES) if path.is_file() else b""
    lines = content.decode(errors="replace").splitlines()
    try:
        _IDS.validate_python([line.strip() for line in lines if line.strip()])
    except ValidationError as error:
        raise BadInput(f"{path} is no list of scenario ids; name another --suspects") from error


def _write(path: Path, names: Sequence[str]) -> None:
    """Write ids one a line, as `ratchet-profiler run --only` reads them; an empty file for none.

    Raises:
        BadInput: the file cannot be written.
    """
    try:
        replace_file(path, "".join(f"{name}\n" for name in names).encode())
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; choose another --suspects") from error
