"""`ratchet-profiler`: the command line. Imports only what a command needs: help and errors come at once."""

import argparse
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ratchet_profiler.parser import BAD_INPUT, Parser

FINE: Final = 0
INTERRUPTED: Final = 130

EXAMPLES: Final = """\
examples:
  ratchet-profiler list                                what can be measured
  ratchet-profiler run                                 all of it, into run-record.json
  ratchet-profiler run --scenario 'flux*' --repeats 5  some of it, more often
  ratchet-profiler run --scenarios my.toml             your own scenarios
  ratchet-profiler run --only ids.txt --append         more requests of these, into the same record
  ratchet-profiler show run-record.json                what was measured, stage by stage
  ratchet-profiler bench --device cuda                 what profiling costs, and whether it is true

exit codes: 0 fine, 1 a scenario failed (the others are recorded), 2 bad input, 130 interrupted (what was
finished is recorded)
"""


class ShowVersion(argparse.Action):
    """Prints the version and ends the program; it is looked up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        """Take no value."""
        super().__init__(option_strings, dest, nargs=0, help="print the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:  # noqa: ANN401 - argparse's
        """Print it."""
        version = import_module("importlib.metadata").version("perf-ratchet")
        sys.stdout.write(f"{parser.prog} {version}\n")
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 fine, 1 a scenario failed, 2 bad input, 130 interrupted.

    Args:
        arguments: As on the command line, without the program; None takes the program's own.
    """
    try:
        return _run(_parser().parse_args(arguments))
    except KeyboardInterrupt:
        sys.stderr.write("ratchet-profiler: interrupted\n")
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    commands = _commands()
    bad_input = import_module("ratchet_profiler.inputs").BadInput
    try:
        return int(getattr(commands, options.command)(options))
    except bad_input as error:
        sys.stderr.write(f"ratchet-profiler: {error}\n")
        return BAD_INPUT
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. Python would complain once more while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE


def _commands() -> ModuleType:
    """Import the commands. Ctrl-C ends the program at once meanwhile: pydantic's own import panics at it."""
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return import_module("ratchet_profiler.commands")
    finally:
        signal.signal(signal.SIGINT, handler)


def _parser() -> Parser:
    parser = Parser(
        prog="ratchet-profiler",
        description="Measures scenarios of diffusion pipelines, stage by stage and step by step.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="measure scenarios and write a run record",
        epilog=EXAMPLES,
    )
    _add_run_options(run)
    listing = commands.add_parser("list", help="name the scenarios")
    listing.add_argument("--format", choices=("text", "json"), default="text")
    for command in (run, listing):
        command.add_argument(
            "--scenarios", type=Path, metavar="FILE", help="TOML; default: the built-in ones"
        )
    show = commands.add_parser("show", help="print what a run measured")
    show.add_argument("file", type=Path, metavar="FILE", help="a run record")
    bench = commands.add_parser(
        "bench", help="what profiling costs a request, and whether step times are true"
    )
    bench.add_argument("--device", type=_device, default="cuda", metavar="NAME", help="default: cuda")
    bench.add_argument(
        "--size", choices=("real", "tiny"), default="real", help="default: real; cpu: tiny only"
    )
    bench.add_argument("--steps", type=_at_least(1), default=20, metavar="N", help="a request; default: 20")
    bench.add_argument("--format", choices=("text", "json"), default="text")
    commands.add_parser("schema", help="print the JSON Schema of a run record")
    return parser


def _add_run_options(run: Parser) -> None:
    run.add_argument("--scenario", default="*", metavar="GLOB", help="which ids; default: all")
    run.add_argument("--repeats", type=_at_least(1), default=3, metavar="N", help="measured; default: 3")
    run.add_argument("--warmup", type=_at_least(0), default=1, metavar="N", help="before them; default: 1")
    run.add_argument("--out", type=Path, default=Path("run-record.json"), metavar="FILE")
    run.add_argument(
        "--device", type=_device, default="cpu", metavar="NAME", help="as torch names it; default: cpu"
    )
    run.add_argument("--hardware", metavar="NAME", help="as your configuration calls it; default: the device")
    run.add_argument("--only", type=Path, metavar="FILE", help="a file with one scenario id a line")
    run.add_argument("--append", action="store_true", help="add the requests to the record in --out")


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least}")
        return int(text)

    return number


def _device(text: str) -> str:
    if not re.fullmatch(r"[a-z]+(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no device; torch names them cpu, cuda, npu:1, ...")
    return text


if __name__ == "__main__":
    sys.exit(main())
