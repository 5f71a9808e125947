"""One command of `perf-ratchet`, and the arguments that several commands share."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

FORMATS: Final = ("text", "json", "markdown")


@dataclass(frozen=True)
class Command:
    """A word after `perf-ratchet`."""

    name: str
    what: str
    """What it does, one clause for --help."""
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    """Imports its handler, calls it, returns the exit code."""


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    """Add the form of the result."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")


class ShowVersion(argparse.Action):
    """Prints the version and ends the program; it is looked up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        """Take no value."""
        super().__init__(option_strings, dest, nargs=0, help="print the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:  # noqa: ANN401 - argparse's
        """Print it."""
        from importlib.metadata import version

        sys.stdout.write(f"{parser.prog} {version('perf-ratchet')}\n")
        parser.exit()
