"""`ratchet`: the command line. Reads arguments, calls one handler, turns errors into exit codes."""

import argparse
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Final

from bot.cli import adopting, hosting, judging, nightly, running
from bot.cli.command import ShowVersion
from bot.errors import BadInput
from bot.examples import EXAMPLES, EXIT_CODES
from bot.hub import HubRefused

CANNOT: Final = 2
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
    except (BadInput, HubRefused) as error:
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
    names = [command.name for command in COMMANDS]
    if words and not words[0].startswith("-") and words[0] not in names:
        close = get_close_matches(words[0], names, n=1)
        hint = f"did you mean {close[0]}?" if close else "see ratchet --help"
        sys.exit(_refused(f"there is no command {words[0]!r}; {hint}"))
    options, unknown = _parser().parse_known_args(words)
    if unknown:
        usage: argparse.ArgumentParser = options.parser
        usage.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _refused(reason: str) -> int:
    """Say in one line why a command could not do its work; return the exit code."""
    print("ratchet:", "".join(letter if letter.isprintable() else " " for letter in reason), file=sys.stderr)
    return CANNOT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ratchet",
        description="Keep the performance baselines of a diffusion-inference engine honest and tight.",
        epilog=_epilog(""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = commands.add_parser(
            command.name,
            allow_abbrev=False,  # an option half typed is a mistake, not another option
            help=command.what,
            description=command.what,
            epilog=_epilog(command.name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(command=command.run, parser=added)
        command.add_arguments(added)
    return parser


def _epilog(command: str) -> str:
    examples = "\n".join(f"  {example}" for example in EXAMPLES[command])
    return f"{EXIT_CODES}\n\nexamples:\n{examples}"


if __name__ == "__main__":
    sys.exit(main())
