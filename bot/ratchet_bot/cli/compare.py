"""`perf-ratchet compare`: judge a run against its baselines."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ratchet_bot.cli.command import Command, add_format, add_records
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import bounded_bytes, replace_file

if TYPE_CHECKING:
    from ratchet_profiler.record import RunRecord

    from ratchet_bot.data.baselines import BaselineFile
    from ratchet_bot.telling.report import Report

MAX_ID_BYTES: Final = 128
"""Largest line of a list of scenario ids, its line end included."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_records(parser)
    parser.add_argument(
        "--policy",
        choices=("ratchet", "sglang"),
        default="ratchet",
        help="ratchet: audited requests, noise, few metrics gate; sglang: that engine's own test",
    )
    parser.add_argument(
        "--suspects",
        type=Path,
        metavar="FILE",
        help="write what should be measured again, for ratchet-profiler run --only FILE --append",
    )
    add_format(parser)


def _run(options: argparse.Namespace) -> int:
    """Print the verdicts; return 0 only when everything that should be judged was, and nothing regressed.

    Raises:
        BadInput: a file cannot be used, or is of another hardware than a run without accelerator.
    """
    from ratchet_bot.data.reading import baselines_from_file, history_from_folder, record_from_file
    from ratchet_bot.data.settings import Terms
    from ratchet_bot.flows.judged import judge_with_history
    from ratchet_bot.telling import words
    from ratchet_bot.telling.report import Report

    suspects: Path | None = options.suspects
    if suspects:
        _require_replaceable(suspects)
    records = [record_from_file(path) for path in options.records]
    hardware = {record.environment.hardware for record in records}
    if len(hardware) > 1:
        names = " and ".join(sorted(hardware))
        raise BadInput(f"{options.records[0]}: these are records of {names}; compare one hardware at a time")
    file = baselines_from_file(options.baselines)
    _require_same_hardware(options.records, records, options.baselines, file)
    lines = history_from_folder(options.history, *hardware).lines if options.history else ()
    terms = Terms(options.profile, options.policy, options.scenario)
    report = Report((judge_with_history(str(options.baselines), file, records, terms, lines),))
    to_confirm = report.hardware[0].comparison.to_confirm
    if suspects:
        _write(suspects, to_confirm)
    print(_shown(report, options.format), end="")
    if suspects and options.format == "text":
        print(words.printed("suspects", path=suspects, names=to_confirm), end="")
    return int(report.conclusion != "success")


def _require_same_hardware(
    paths: Sequence[Path], records: "Sequence[RunRecord]", baselines: Path, file: "BaselineFile"
) -> None:
    """Accept records that the baseline file's own words do not exclude, see `require_named_hardware`."""
    from ratchet_bot.judging.comparability import other_hardware

    if all(record.environment.accelerator for record in records):
        return
    if any(other_hardware(file, record) for record in records):
        from ratchet_bot.cli.ownership import (  # YAML, for this case only
            baseline_owner,
            require_named_hardware,
        )

        owner = baseline_owner(paths, records, baselines, None)
        require_named_hardware(paths, records, baselines, file, owner)


def _shown(report: "Report", form: str) -> str:
    from ratchet_bot.telling import render, words

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


def _require_replaceable(path: Path) -> None:
    """Accept a file that is empty or a list of ids: anything else may be the only copy of something.

    Raises:
        BadInput: it holds something else, or cannot be read.
    """
    from pydantic import TypeAdapter, ValidationError
    from ratchet_profiler.record import MAX_SCENARIOS, ScenarioId

    content = bounded_bytes(path, MAX_SCENARIOS * MAX_ID_BYTES) if path.is_file() else b""
    ids = [line.strip() for line in content.decode(errors="replace").splitlines() if line.strip()]
    try:
        TypeAdapter(list[ScenarioId]).validate_python(ids)
    except ValidationError as error:
        raise BadInput(f"{path} is not a list of scenario ids; name another --suspects") from error


def _write(path: Path, names: Sequence[str]) -> None:
    """Write ids one a line, as `ratchet-profiler run --only` reads them; an empty file for none.

    Raises:
        BadInput: the file cannot be written.
    """
    try:
        replace_file(path, "".join(f"{name}\n" for name in names).encode())
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; choose another --suspects") from error


COMMAND: Final = Command(
    "compare",
    "judge a run against its baselines",
    _add_arguments,
    _run,
    (
        "perf-ratchet compare run-record.json --baselines h100.json",
        "perf-ratchet compare run-record.json --baselines h100.json --scenario 'flux_*' --format markdown",
        "perf-ratchet compare run-record.json --baselines h100.json --history nights --suspects suspects.txt",
        "perf-ratchet compare run-record.json --baselines h100.json --policy sglang",
    ),
)
