"""The parser of the command line, which names the word that is mistyped. No library is loaded."""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final, Never

FINE: Final = 0
SCENARIO_FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
"""Exit codes. The last is what a shell says of a program that Ctrl-C ended: 128 and the signal's number."""

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


class BadInput(Exception):
    """Input that cannot be used. The message is one line: file, place, what is wrong, how to mend it."""


class Parser(argparse.ArgumentParser):
    """Takes options written whole, and says what is wrong with the arguments in one line."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - argparse's
        """Take what argparse takes."""
        super().__init__(
            allow_abbrev=False,  # an option half typed is a mistake, not another option
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **given,
        )

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> Any:  # noqa: ANN401 - argparse's
        """Refuse an unknown option before argparse reports what is missing."""
        words = list(sys.argv[1:] if args is None else args)
        for option in self._unknown_options(words):
            self.error(f"there is no option {option}{_suggestion(option, self._option_string_actions)}")
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> Never:
        """Say it on stderr and exit."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see {self.prog} --help\n")

    def _unknown_options(self, words: Iterable[str]) -> Iterator[str]:
        for word in words:
            if word == "--" or (self._subparsers and not word.startswith("-")):
                return  # what follows is an argument, or another parser's
            option = word.partition("=")[0]
            if option.startswith("--") and " " not in option and option not in self._option_string_actions:
                yield option

    def _check_value(self, action: argparse.Action, value: str) -> None:
        """Refuse a word that is not among the choices, with the one that is like it."""
        if action.choices is not None and value not in action.choices:
            what = str(action.metavar or action.dest).lower()
            hint = _suggestion(value, action.choices) or f"; there are: {', '.join(action.choices)}"
            self.error(f"there is no {what} {value!r}{hint}")


class ShowVersion(argparse.Action):
    """Prints the version and ends the program; it is looked up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        """Take no value."""
        super().__init__(option_strings, dest, nargs=0, help="print the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:  # noqa: ANN401 - argparse's
        """Print it."""
        from importlib.metadata import version

        write(f"{parser.prog} {version('perf-ratchet')}")
        parser.exit()


def at_least(least: int) -> Callable[[str], int]:
    """Return what reads a whole number from `least` on."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return number


def device_name(text: str) -> str:
    """Return a device as torch names it.

    Raises:
        argparse.ArgumentTypeError: the text is not such a name.
    """
    if not re.fullmatch(r"[a-z]+(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a device; torch names them cpu, cuda, npu:1, ...")
    return text


def write(text: str) -> None:
    """Write a line to stdout, now: a reader that has gone is noticed where that is handled."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _suggestion(word: str, choices: Iterable[str]) -> str:
    close = get_close_matches(word, list(choices), n=1)
    return f"; did you mean {close[0]}?" if close else ""
