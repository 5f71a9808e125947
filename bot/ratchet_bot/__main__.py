"""`perf-ratchet`: the command line. Reads arguments, runs one command, turns errors into exit codes."""

import argparse
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Final

from ratchet_bot.cli import (
    audit,
    compare,
    demo,
    doctor,
    history,
    ingest,
    init,
    plan,
    refresh,
    report,
    respond,
    schema,
    tighten,
)
from ratchet_bot.cli.parser import CANNOT, Parser, ShowVersion
from ratchet_bot.data.errors import Refused

COMMANDS: Final = (
    audit.COMMAND,
    compare.COMMAND,
    tighten.COMMAND,
    report.COMMAND,
    respond.COMMAND,
    refresh.COMMAND,
    history.COMMAND,
    ingest.COMMAND,
    plan.COMMAND,
    init.COMMAND,
    doctor.COMMAND,
    schema.COMMAND,
    demo.COMMAND,
)
"""In the order of --help."""
EXIT_CODES: Final = "exit codes: 0 fine, 1 findings, regressions or something not judged, 2 bad input"
EXAMPLES: Final = (
    "perf-ratchet demo",
    "perf-ratchet audit perf_baselines.json",
    "perf-ratchet compare run-record.json --baselines perf_baselines.json",
    "perf-ratchet tighten run-record.json --baselines perf_baselines.json --write",
)
"""For the --help of the program itself."""
INTERRUPTED: Final = 130
"""What a shell returns for Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    Args:
        arguments: The words after the program's name; those of the process when None.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = parsed(sys.argv[1:] if arguments is None else arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        code = run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Refused as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"{error.filename or 'a file'}: {error.strerror or error}; check the path")
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - a mistake of ours must not read as a verdict, which exit code 1 is
        traceback.print_exc()
        return CANNOT
    return code


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """Return what a command line says; where it cannot be read, say so and exit."""
    program = Parser(
        prog="perf-ratchet",
        description="Keep the performance baselines of a diffusion-inference engine honest and tight.",
        epilog=_epilog(EXAMPLES),
    )
    program.add_argument("--version", action=ShowVersion)
    commands = program.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        parser = commands.add_parser(
            command.name, help=command.what, description=command.what, epilog=_epilog(command.examples)
        )
        parser.set_defaults(run=command.run, parser=parser)
        command.add_arguments(parser)
    options: argparse.Namespace
    options, unknown = program.parse_known_args(words)
    if unknown:
        usage: argparse.ArgumentParser = options.parser
        usage.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _refused(reason: str) -> int:
    """Say in one line why a command could not do its work; return the exit code."""
    print(
        "perf-ratchet:",
        "".join(letter if letter.isprintable() else " " for letter in reason),
        file=sys.stderr,
    )
    return CANNOT


def _epilog(examples: Sequence[str]) -> str:
    listed = "\n".join(f"  {example}" for example in examples)
    return f"{EXIT_CODES}\n\nexamples:\n{listed}"


if __name__ == "__main__":
    sys.exit(main())
