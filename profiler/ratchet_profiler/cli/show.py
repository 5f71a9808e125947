"""`ratchet-profiler show`: print what a run measured."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ratchet_profiler.cli.parser import FINE, Parser, write


def add_to(add_parser: Callable[..., Parser]) -> None:
    """Add the command to the program."""
    parser = add_parser("show", help="print what a run measured")
    parser.set_defaults(run=run)
    parser.add_argument("file", type=Path, metavar="FILE", help="a run record")


def run(options: argparse.Namespace) -> int:
    """Print a run record for a person.

    Raises:
        BadInput: the file cannot be read or is not a run record.
    """
    from ratchet_profiler.cli.record_file import record_from_file
    from ratchet_profiler.cli.text import run_lines

    write("\n".join(run_lines(record_from_file(options.file))))
    return FINE
