"""One command of `perf-ratchet`, and the arguments that several commands share. No library is loaded."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ratchet_bot.data.names import CONFIG

FORMATS: Final = ("text", "json", "markdown")


@dataclass(frozen=True)
class Command:
    """A word after `perf-ratchet`."""

    name: str
    what: str
    """What it does, one clause for --help."""
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    """Does it and returns the exit code. Imports libraries only now: --help and wrong arguments stay fast."""
    examples: tuple[str, ...]
    """Command lines for its --help."""


def add_format(parser: argparse.ArgumentParser, *formats: str) -> None:
    """Add the format of the result: one of these, the first by default; `FORMATS` when none is given."""
    choices = formats or FORMATS
    parser.add_argument("--format", choices=choices, default=choices[0], help="default: %(default)s")


def add_config(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the configuration file, and what it is read for."""
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"{what} (default: {CONFIG}, if there)")


def add_records(parser: argparse.ArgumentParser) -> None:
    """Add a run, and what it is judged by: baselines, tolerances, earlier nights."""
    parser.add_argument(
        "records",
        type=Path,
        nargs="+",
        metavar="RECORD",
        help="run records of one hardware, from ratchet-profiler run: the requests of a scenario are pooled",
    )
    parser.add_argument("--baselines", type=Path, required=True, metavar="FILE", help="the baseline file")
    add_scenario(parser)
    parser.add_argument(
        "--profile", default="pr_test", help="tolerances of the limits (default: %(default)s)"
    )  # DEFAULT_PROFILE, slow to import; tests/bot/test_defaults.py compares
    parser.add_argument(
        "--history", type=Path, metavar="FOLDER", help="a checkout of the history branch: what is noise"
    )


def add_scenario(parser: argparse.ArgumentParser) -> None:
    """Add a glob of scenarios."""
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only these (default: all)")


def repository_named(given: str | None) -> str:
    """Return the repository that an option names, else the one of the job, "owner/name"; "" for neither."""
    return given or os.environ.get("GITHUB_REPOSITORY", "")


def server_url() -> str:
    """Return where people see repositories of the job's host."""
    return os.environ.get("GITHUB_SERVER_URL") or "https://github.com"


def job_summary() -> Path | None:
    """Return the file of the job's summary; None outside of Actions."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    return Path(path) if path else None
