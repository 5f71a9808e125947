"""`perf-ratchet tighten`: propose tighter baselines, and write them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ratchet_bot.cli.command import Command, add_config, add_format, add_records
from ratchet_bot.data import arguments
from ratchet_bot.data.defaults import MAX_FLAKE_RATE, MIN_IMPROVEMENT
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ratchet_profiler.record import RunRecord

    from ratchet_bot.cli.ownership import BaselineOwner
    from ratchet_bot.data.baselines import BaselineFile
    from ratchet_bot.data.file_diff import FileDiff
    from ratchet_bot.judging.proposals import Proposals


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_records(parser)
    parser.add_argument(
        "--min-improvement",
        type=arguments.fraction,
        default=MIN_IMPROVEMENT,
        metavar="FRACTION",
        help="how much end to end must fall (default: %(default)s)",
    )
    parser.add_argument(
        "--max-flake-rate",
        type=arguments.fraction,
        default=MAX_FLAKE_RATE,
        metavar="FRACTION",
        help="largest chance that an unchanged engine breaks the new limits (default: %(default)s)",
    )
    add_config(parser, "says whose file it is")
    parser.add_argument(
        "--hardware",
        type=arguments.hardware_name,
        metavar="NAME",
        help="hardware of records and file, whatever they name (default: the one in the records, which "
        "must be that of the file: by the configuration, else by its metadata.hardware, else by its name "
        "where that names one: h100.json, cpu.json)",
    )
    parser.add_argument(
        "--add",
        action="store_true",
        help="also propose baselines for scenarios that have none; makes the file if it is missing",
    )
    parser.add_argument(
        "--replace",
        action="append",
        default=[],
        metavar="GLOB",
        help="give these the values of one request of this run, even slower ones or those of another "
        "workload or machine; may be given again; audit --against still says loosened or workload-changed",
    )
    parser.add_argument("--write", action="store_true", help="put the proposals into the baseline file")
    add_format(parser)


def _run(options: argparse.Namespace) -> int:
    """Print what a run allows to tighten; with --write, change the baseline file. Returns 0.

    Raises:
        BadInput: a file cannot be used, or is of another hardware; nothing is changed then.
    """
    from ratchet_bot.cli.ownership import BaselineOwner, baseline_owner, require_own_hardware
    from ratchet_bot.data.arguments import require_match
    from ratchet_bot.data.file_diff import file_diff
    from ratchet_bot.data.reading import baselines_from_file, record_from_file
    from ratchet_bot.judging.evidence import by_scenario
    from ratchet_bot.judging.tighten import tightened

    path: Path = options.baselines
    records = [record_from_file(record) for record in options.records]
    owner = (
        BaselineOwner(options.hardware, is_configured=False)
        if options.hardware
        else baseline_owner(options.records, records, path, options.config)
    )
    is_new = options.add and not path.exists()
    existing = None if is_new else baselines_from_file(path)
    if not options.hardware:
        require_own_hardware(options.records, records, path, existing, owner)
    file = existing or _new(path, owner, records)
    for glob in (options.scenario, *options.replace):
        require_match(glob, by_scenario(records), options.records[0])
    proposals = _proposals(file, records, owner.hardware, options)
    after = tightened(file, proposals)
    written = options.write and bool(proposals.proposals)
    if written:
        replace_file(path, after.text.encode())
    before = "" if is_new and proposals.proposals else file.text
    diff = file_diff(_patch_path(path), before, after.text)
    print(_shown(path, proposals, diff, options.format, written=written, is_new=is_new), end="")
    return 0


def _patch_path(path: Path) -> str:
    """Return a path as `git apply` takes it: from here, its repository's top, or the root."""
    there, here = path.resolve(), Path.cwd()
    tops = (folder for folder in there.parents if (folder / ".git").exists())
    top = here if here in there.parents else next(tops, Path(there.anchor))
    return there.relative_to(top).as_posix()


def _new(path: Path, owner: "BaselineOwner", records: "Sequence[RunRecord]") -> "BaselineFile":
    """Return a baseline file without scenarios, to be made where there is none.

    Raises:
        BadInput: its folder is missing, and no configuration names the file: the path may be mistyped.
    """
    from ratchet_bot.data.rewriting import clock_of, new_baselines

    if not path.parent.is_dir() and not owner.is_configured:
        raise BadInput(f"{path}: there is no folder {path.parent}; create it, or correct --baselines")
    return new_baselines(owner.hardware, clock_of(records))


def _proposals(
    file: "BaselineFile", records: "Sequence[RunRecord]", hardware: str, options: argparse.Namespace
) -> "Proposals":
    from ratchet_bot.data.baselines import BaselinesRejected
    from ratchet_bot.data.reading import history_from_folder
    from ratchet_bot.data.settings import Terms
    from ratchet_bot.judging.comparability import past_nights
    from ratchet_bot.judging.tighten import propose

    lines = history_from_folder(options.history, hardware).lines if options.history else ()
    past = past_nights(lines, hardware, records, file.metadata.clock).past
    terms = Terms(
        profile=options.profile,
        scenarios=options.scenario,
        min_improvement=options.min_improvement,
        max_flake_rate=options.max_flake_rate,
        add=options.add,
        replaced=options.replace,
    )
    try:
        return propose(file, records, terms, past=past)
    except BaselinesRejected as error:
        raise BadInput(f"{options.baselines}: {error}") from error


def _shown(
    path: Path, proposals: "Proposals", diff: "FileDiff", form: str, *, written: bool, is_new: bool
) -> str:
    from ratchet_bot.judging.proposals import run_chance
    from ratchet_bot.telling import words

    if form == "markdown":
        return words.markdown("tighten", path=str(path), proposals=proposals)
    if form == "text":
        return words.text(
            "tighten", path=str(path), proposals=proposals, diff=diff, written=written, is_new=is_new
        )
    shown = words.to_json(
        path=str(path),
        written=written,
        is_new=is_new,
        proposals=proposals,
        run_chance=run_chance(proposals.proposals),
        diff="\n".join(diff.lines),
        diff_left_out=diff.left_out,
    )
    return shown + "\n"


COMMAND: Final = Command(
    "tighten",
    "propose tighter baselines, and write them",
    _add_arguments,
    _run,
    (
        "perf-ratchet tighten run-record.json --baselines h100.json",
        "perf-ratchet tighten run-record.json --baselines h100.json --add --write",
        "perf-ratchet tighten run-record.json --baselines h100.json --replace flux_2_ti2i --write",
    ),
)
