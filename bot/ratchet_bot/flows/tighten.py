"""`perf-ratchet tighten`: propose tighter baselines, and write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.file_diff import FileDiff, file_diff
from ratchet_bot.data.files import replace_file
from ratchet_bot.data.history_files import history_from_folder
from ratchet_bot.data.record_files import baselines_from_file, record_from_file
from ratchet_bot.data.rewriting import clock_of, new_baselines
from ratchet_bot.data.selection import require_match
from ratchet_bot.flows.whose import Whose, require_named_hardware, whose
from ratchet_bot.judging.evidence import by_scenario
from ratchet_bot.judging.precedent import precedent
from ratchet_bot.judging.proposals import run_chance
from ratchet_bot.judging.tighten import Proposals, propose, tightened
from ratchet_bot.telling import words


@dataclass(frozen=True)
class TightenTerms:
    """What deserves a new baseline."""

    min_improvement: float
    """Fraction by which end to end must fall."""
    max_flake_rate: float
    """Largest predicted chance that an unchanged engine breaks the new limits of one scenario."""
    profile: str
    """Which tolerances of the file make those limits."""
    scenarios: str
    """Glob; only these are looked at."""
    add: bool
    """Whether to propose first baselines too."""
    replaced: Sequence[str] = ()
    """Globs; these take the values of the run, whatever they improve."""


def run(
    records: Sequence[Path],
    baselines: Path,
    terms: TightenTerms,
    *,
    history: Path | None,
    config: Path | None,
    write: bool,
    form: str,
) -> int:
    """Print what a run allows to tighten; with `write`, change the baseline file. Returns 0.

    Args:
        records: The run, in one record or in several of one hardware.
        baselines: The baseline file.
        terms: What deserves a new baseline.
        history: A checkout of the history branch; None: no chance is predicted.
        config: The configuration, which may say whose file this is; None for the usual place, if there.
        write: Whether to change the file.
        form: How to print: text, json or markdown.

    Raises:
        BadInput: a file cannot be used, or is of another hardware; nothing is changed then.
    """
    taken = [record_from_file(path) for path in records]
    owner = whose(records, taken, baselines, config)
    is_new = terms.add and not baselines.exists()
    file = _new(baselines, owner, taken) if is_new else baselines_from_file(baselines)
    require_named_hardware(records, taken, baselines, file, owner)
    for glob in (terms.scenarios, *terms.replaced):
        require_match(glob, by_scenario(taken), records[0])
    proposals = _proposals(baselines, file, taken, terms, history)
    changed = tightened(file, proposals)
    written = write and bool(proposals.proposals)
    if written:
        replace_file(baselines, changed.text.encode())
    before = "" if is_new and proposals.proposals else file.text
    diff = file_diff(str(baselines), before, changed.text)
    print(_told(str(baselines), proposals, diff, written=written, is_new=is_new, form=form), end="")
    return 0


def _new(path: Path, owner: Whose, records: Sequence[RunRecord]) -> BaselineFile:
    """Return a baseline file without scenarios, to be made where there is none.

    Raises:
        BadInput: its folder is missing, and no configuration names the file: the path may be mistyped.
    """
    if not path.parent.is_dir() and not owner.is_configured:
        raise BadInput(f"{path}: there is no folder {path.parent}; make it, or mend --baselines")
    return new_baselines(owner.hardware, clock_of(records))


def _proposals(
    path: Path, file: BaselineFile, records: Sequence[RunRecord], terms: TightenTerms, history: Path | None
) -> Proposals:
    hardware = records[0].environment.hardware
    lines = history_from_folder(history, hardware).lines if history else ()
    try:
        return propose(
            file,
            records,
            min_improvement=terms.min_improvement,
            max_flake_rate=terms.max_flake_rate,
            scenarios=terms.scenarios,
            add=terms.add,
            replaced=terms.replaced,
            past=precedent(lines, hardware, records, file.metadata.clock).past,
            profile=terms.profile,
        )
    except BaselinesRejected as error:
        raise BadInput(f"{path}: {error}") from error


def _told(path: str, proposals: Proposals, diff: FileDiff, *, written: bool, is_new: bool, form: str) -> str:
    if form == "markdown":
        return words.markdown("tighten", path=path, proposals=proposals)
    if form == "text":
        return words.text(
            "tighten", path=path, proposals=proposals, diff=diff, written=written, is_new=is_new
        )
    shown = words.to_json(
        path=path,
        written=written,
        is_new=is_new,
        proposals=proposals,
        run_chance=run_chance(proposals.proposals),
        diff="\n".join(diff.lines),
        diff_left_out=diff.left_out,
    )
    return shown + "\n"
