"""`perf-ratchet init`: add perf-ratchet to a repository. It overwrites nothing."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ratchet_bot.cli.command import Command
from ratchet_bot.data.errors import BadInput

if TYPE_CHECKING:
    from ratchet_bot.adoption.release import Release


@dataclass(frozen=True, kw_only=True)
class AuditCounts:
    """What the audit finds in a baseline file that the repository has."""

    path: str
    scenarios: int
    errors: int
    warnings: int
    notes: int


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--release",
        type=_release,
        metavar="OWNER/NAME@SHA",
        help="where the workflows take perf-ratchet from (default: where it was installed from)",
    )


def _release(word: str) -> "Release":
    from ratchet_bot.adoption.release import release_from_word

    try:
        return release_from_word(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _run(options: argparse.Namespace) -> int:
    """Write the files, make the history branch, audit the baselines that are there; return 0.

    Raises:
        BadInput: the working directory is not the top of a git repository, a file is there already, or the
            release is not known. Nothing was written then.
    """
    from ratchet_bot.adoption import scaffold
    from ratchet_bot.adoption.release import installed_release
    from ratchet_bot.data.settings import Settings
    from ratchet_bot.telling import words

    folder = Path()
    if not (folder / ".git").exists():
        raise BadInput(f"{folder.resolve()}: is not the top of a git repository; go there, or run git init")
    adoption = scaffold.adoption_of(folder, options.release or installed_release())
    files = scaffold.files(adoption)
    there = [path for path in files if (folder / path).exists()]
    if there:
        raise BadInput(
            f"{', '.join(there)}: there already, so nothing is written; "
            "move them away, or see perf-ratchet doctor"
        )
    audits = [_audit_counts(folder, path) for path in sorted(adoption.baselines_there)]
    _write(folder, files)
    branch = Settings(hardware=adoption.hardware).history_branch
    shown = words.printed(
        "init",
        adoption=adoption,
        written=list(files),
        scenario_file=scaffold.SCENARIOS,
        audits=audits,
        unmeasured=any(counts.scenarios for counts in audits),
        history_branch=branch,
        made_branch=_make_branch(folder, branch),
    )
    print(shown, end="")
    return 0


def _audit_counts(folder: Path, path: str) -> AuditCounts:
    from ratchet_bot.data.reading import baselines_from_file
    from ratchet_bot.judging.audit import audit

    file = baselines_from_file(folder / path)
    severities = [finding.severity for finding in audit(file)]
    return AuditCounts(
        path=path,
        scenarios=len(file.scenarios),
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        notes=severities.count("info"),
    )


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write new files, all of them or none.

    Raises:
        OSError: one cannot be written; those before it are gone again.
    """
    written: list[Path] = []
    try:
        for path, text in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="") as file:
                written.append(place)
                file.write(text)
    except OSError:
        for place in written:
            place.unlink()
        raise


def _make_branch(folder: Path, branch: str) -> bool:
    """Make the history branch in the local repository, if it is nowhere yet; return whether it was made."""
    from ratchet_bot.adoption import checkout, scaffold
    from ratchet_bot.hosts.local import FolderHost

    if checkout.places_of(folder, branch):
        return False
    hub = FolderHost(folder / ".git", folder)  # its folder for comments is not used: a branch leaves none
    hub.start_branch(branch, scaffold.history_files(), "Begin the history of the nights")
    return True


COMMAND: Final = Command(
    "init",
    "set up a repository: configuration, workflows, history branch",
    _add_arguments,
    _run,
    ("perf-ratchet init", "perf-ratchet init --release octo/perf-ratchet@$SHA"),
)
