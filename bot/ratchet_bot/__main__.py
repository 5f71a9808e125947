"""`perf-ratchet`: the command line. Reads arguments, calls one handler, turns errors into exit codes."""

import argparse
import gc
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Final

from ratchet_bot.cli import adopting, hosting, judging, nightly, running
from ratchet_bot.cli.command import ShowVersion
from ratchet_bot.cli.examples import EXAMPLES, EXIT_CODES
from ratchet_bot.cli.parser import CANNOT, Parser
from ratchet_bot.data.errors import Refused

GARBAGE_THRESHOLD: Final = 100_000
"""Objects made before cycles are looked for. Chosen: looking after every 700, as usual, is a tenth of
`perf-ratchet audit`, most of it among what importing has made to stay."""
INTERRUPTED: Final = 130
"""What a shell gives for Ctrl-C."""
COMMANDS: Final = (
    *judging.COMMANDS,
    *hosting.COMMANDS,
    *nightly.COMMANDS,
    *running.COMMANDS,
    *adopting.COMMANDS,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    Args:
        arguments: The words after the program's name; those of the process when None.
    """
    gc.set_threshold(GARBAGE_THRESHOLD)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = _options(list(sys.argv[1:] if arguments is None else arguments))
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        code = command(options)
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


def _options(words: list[str]) -> argparse.Namespace:
    """Return what a command line says; where it cannot be read, say so and exit."""
    command = next((one for one in COMMANDS if words[:1] == [one.name]), None)
    if command is None:
        return _program().parse_args(words[:1])  # help, the version or a mistake: each ends the program
    parser = Parser(
        prog=f"perf-ratchet {command.name}", description=command.what, epilog=_epilog(command.name)
    )
    parser.set_defaults(command=command.run, parser=parser)
    command.add_arguments(parser)
    options: argparse.Namespace
    options, unknown = parser.parse_known_args(words[1:])
    if unknown:
        usage: argparse.ArgumentParser = options.parser
        usage.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _program() -> Parser:
    """Return what reads a line without a command."""
    parser = Parser(
        prog="perf-ratchet",
        description="Keep the performance baselines of a diffusion-inference engine honest and tight.",
        epilog=_epilog(""),
    )
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        commands.add_parser(command.name, help=command.what)
    return parser


def _refused(reason: str) -> int:
    """Say in one line why a command could not do its work; return the exit code."""
    print(
        "perf-ratchet:",
        "".join(letter if letter.isprintable() else " " for letter in reason),
        file=sys.stderr,
    )
    return CANNOT


def _epilog(command: str) -> str:
    examples = "\n".join(f"  {example}" for example in EXAMPLES[command])
    return f"{EXIT_CODES}\n\nexamples:\n{examples}"


if __name__ == "__main__":
    sys.exit(main())
