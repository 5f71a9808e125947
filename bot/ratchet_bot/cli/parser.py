"""The parser of the command line, which names the word that is mistyped. No library is loaded."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NoReturn

CANNOT: Final = 2
"""Exit code of what could not be done, argparse's own too."""


class Parser(argparse.ArgumentParser):
    """Takes options written whole; says which word it does not know before it says what is missing."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - argparse's
        """Take what argparse takes."""
        super().__init__(
            allow_abbrev=False,  # an option half typed is a mistake, not another option
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **given,
        )

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> Any:  # noqa: ANN401 - argparse's
        """Refuse an unknown option, before argparse misses the one that was meant."""
        words = list(sys.argv[1:] if args is None else args)
        for option in self._unknown_options(words):
            self.error(f"unrecognized arguments: {option}{_hint(option, self._option_string_actions)}")
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        """Refuse the words; one that could move the cursor is shown with its escapes."""
        super().error("".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in message))

    def _unknown_options(self, words: Iterable[str]) -> Iterator[str]:
        for word in words:
            if word == "--" or (self._subparsers and not word.startswith("-")):
                return  # what follows is no option, or another parser's
            option = word.partition("=")[0]
            if option.startswith("--") and " " not in option and option not in self._option_string_actions:
                yield option

    def _check_value(self, action: argparse.Action, value: str) -> None:
        """Refuse a word that is not among the choices, with the one that is like it."""
        if action.choices is not None and value not in action.choices:
            what = str(action.metavar or action.dest).lower()
            choices = f"it is one of {', '.join(action.choices)}"
            otherwise = choices if action.option_strings else f"see {self.prog} --help"
            hint = _hint(value, action.choices) or f"; {otherwise}"
            self.exit(CANNOT, f"{self.prog}: there is no {what} {value!r}{hint}\n")


class ShowVersion(argparse.Action):
    """Prints the version and ends the program; the version is looked up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        """Take no value."""
        super().__init__(option_strings, dest, nargs=0, help="print the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:  # noqa: ANN401 - argparse's
        """Print it."""
        from importlib.metadata import version

        sys.stdout.write(f"{parser.prog} {version('perf-ratchet')}\n")
        parser.exit()


def _hint(word: str, choices: Iterable[str]) -> str:
    """Return what may have been meant, to follow what is wrong, or "" where nothing is like it."""
    from difflib import get_close_matches

    close = get_close_matches(word, choices, n=1)
    return f"; did you mean {close[0]}?" if close else ""
