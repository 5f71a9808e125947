"""`ratchet-profiler`: the command line. Reads arguments, runs one command, turns errors into exit codes."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ratchet_profiler.cli import bench, run, schema, show
from ratchet_profiler.cli import list as listing
from ratchet_profiler.cli.parser import (
    BAD_INPUT,
    EXAMPLES,
    FINE,
    INTERRUPTED,
    BadInput,
    Parser,
    ShowVersion,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 fine, 1 a scenario failed, 2 bad input, 130 interrupted.

    Args:
        arguments: As on the command line, without the program; None takes the program's own.
    """
    try:
        return _exit_code(_parser().parse_args(arguments))
    except KeyboardInterrupt:
        sys.stderr.write("ratchet-profiler: interrupted\n")
        return INTERRUPTED


def _exit_code(options: argparse.Namespace) -> int:
    """Run the command; report input that it cannot use in one line."""
    with _ctrl_c_ends_at_once():
        from ratchet_profiler import scenarios  # noqa: F401, PLC0415 - it imports pydantic, as every command does
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except BadInput as error:
        sys.stderr.write(f"ratchet-profiler: {error}\n")
        return BAD_INPUT
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. Python would complain once more while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE


@contextmanager
def _ctrl_c_ends_at_once() -> Iterator[None]:
    """Let Ctrl-C end the program without a traceback: pydantic's own import panics at KeyboardInterrupt."""
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _parser() -> Parser:
    parser = Parser(
        prog="ratchet-profiler",
        description="Measures scenarios of diffusion pipelines, stage by stage and step by step.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add_to in (run.add_to, listing.add_to, show.add_to, bench.add_to, schema.add_to):
        add_to(commands.add_parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
