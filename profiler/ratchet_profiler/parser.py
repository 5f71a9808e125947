"""The parser of the command line, which names the word that is mistyped. No library is loaded."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, Final, Never

BAD_INPUT: Final = 2
"""Exit code of arguments that cannot be used, argparse's own too."""


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


def _suggestion(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
