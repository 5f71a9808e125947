"""The grammar of the slash commands in comments. Pure.

A command is a line of its own whose first word is one of ours. Text that is quoted, in a code block or in an
HTML comment is not a command, and other bots' commands are ignored.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Final

from ratchet_bot.data.arguments import MAX_RUN_ID

TIGHTEN: Final = "/tighten-baselines"
STATUS: Final = "/perf-status"
HELP: Final = "/perf-help"
USAGE: Final[Mapping[str, str]] = {
    TIGHTEN: f"{TIGHTEN} [scenario-glob ...] [--hardware NAME] [--from-run ID] [--dry-run]",
    STATUS: STATUS,
    HELP: HELP,
}
"""Usage of each command."""

MAX_COMMENT: Final = 65_536
"""Characters of a comment that are read: GitHub's own limit."""
MAX_LINE: Final = 1_000
"""Longest command in characters. Chosen: a dozen scenarios, each of 60 characters."""
MAX_GLOBS: Final = 32
"""Most globs of a command. Chosen: beyond it, one with a star says the same."""
NEARLY: Final = 0.9
"""How similar a word must be to one of ours to be a typo. Chosen: one letter more or less."""

_GLOB = re.compile(r"[A-Za-z0-9*?\[][A-Za-z0-9._+*?\[\]!-]{0,119}")
"""A scenario's id, with what a glob may have besides."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LINE_END = re.compile(r"\r\n|\n|\r")
"""Markdown's; Python's own `splitlines` knows eight more."""
_ITEMS: Final = r"(?:(?:[-+*]|[0-9]{1,9}[.)])\s+)*"
"""What stands before the text of an item of a list, in lists of lists."""
_QUOTE = re.compile(rf"\s*{_ITEMS}>")
_FENCE = re.compile(rf"(?P<before> {{0,3}}{_ITEMS})(?P<fence>`{{3,}}|~{{3,}})(?P<info>.*)")
_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(?:[^\n]|\n(?!\n)){1,2000}?(?<!`)\1(?!`)")
"""Inline code, which may go over lines of one paragraph. No longer than a paragraph of a person is."""
_RAW = re.compile(r" {0,3}<(?P<tag>pre|script|style|textarea)\b", re.IGNORECASE)


@dataclass(frozen=True)
class TightenBaselines:
    """Put tighter baselines into the pull request."""

    globs: tuple[str, ...] = ()
    """Which scenarios; all of them when there is none."""
    hardware: str | None = None
    """Which hardware; all of it when None."""
    from_run: int | None = None
    """Which run's values; those of the pull request's head when None."""
    dry_run: bool = False
    """Report the changes without making them."""


@dataclass(frozen=True)
class PerfStatus:
    """Report the state of the pull request's measurement."""


@dataclass(frozen=True)
class PerfHelp:
    """List the commands."""


@dataclass(frozen=True)
class NotUnderstood:
    """One of our commands with wrong arguments."""

    command: str
    """The command that was meant."""
    reason: str
    """A clause that says what is wrong."""


Command = TightenBaselines | PerfStatus | PerfHelp | NotUnderstood


def command_in(body: str) -> Command | None:
    """Return the command in a comment, or None when there is none.

    Args:
        body: The comment's Markdown, as it was when it was posted.
    """
    text = _SPAN.sub(_indented, "\n".join(_spoken(body[:MAX_COMMENT])))
    lines = [line for line in text.split("\n") if _meant(line)]
    if not lines:
        return None
    command = _meant(lines[0])
    if len(lines) > 1:
        return NotUnderstood(command, f"a comment gives one command, and this one gives {len(lines)}")
    return _parsed(command, lines[0])


def _indented(span: re.Match[str]) -> str:
    """Return a code span with a space before each further line, so that none of them is a command."""
    return span[0].replace("\n", "\n ")


def _meant(line: str) -> str:
    """Return the command that a line gives, maybe with a typo, or ""."""
    word = line.split(maxsplit=1)[0].lower() if re.match(r"/[^/]", line) else ""
    return next(iter(get_close_matches(word, USAGE, n=1, cutoff=NEARLY)), "")


def _parsed(command: str, line: str) -> Command:
    word, *arguments = line[: MAX_LINE + 1].split()
    if len(line) > MAX_LINE:
        return NotUnderstood(command, f"a command has at most {MAX_LINE:,} characters")
    if word.lower() != command:
        return NotUnderstood(command, f"there is no command {word}; did you mean {command}?")
    return _PARSERS[command](arguments)


def _alone(command: str, meant: Command, arguments: Sequence[str]) -> Command:
    """Return a command without arguments."""
    return NotUnderstood(command, f"{command} takes no arguments") if arguments else meant


def _tighten(arguments: Sequence[str]) -> TightenBaselines | NotUnderstood:
    """Return `/tighten-baselines` with these arguments."""
    globs: list[str] = []
    values: dict[str, str] = {}
    words = iter(arguments)
    for argument in words:
        name, is_joined, value = argument.partition("=")
        if name in values:
            return NotUnderstood(TIGHTEN, f"{name} is given twice")
        if name in {"--hardware", "--from-run"}:
            values[name] = value if is_joined else next(words, "")
        elif argument == "--dry-run":
            values[argument] = "yes"
        else:
            globs.append(argument)
    problem = _glob_problem(globs) or _value_problem(values)
    if problem:
        return NotUnderstood(TIGHTEN, problem)
    run = values.get("--from-run")
    return TightenBaselines(
        tuple(map(_bare, globs)), values.get("--hardware"), int(run) if run else None, "--dry-run" in values
    )


_PARSERS: Final[Mapping[str, Callable[[Sequence[str]], Command]]] = {
    TIGHTEN: _tighten,
    STATUS: partial(_alone, STATUS, PerfStatus()),
    HELP: partial(_alone, HELP, PerfHelp()),
}
"""Parser of the arguments of each command."""


def _glob_problem(globs: Sequence[str]) -> str:
    """Return what is wrong with the globs, or ""."""
    if len(globs) > MAX_GLOBS:
        return f"at most {MAX_GLOBS} globs are allowed; use one with a star"
    strange = next((glob for glob in globs if not _GLOB.fullmatch(_bare(glob))), None)
    if strange is None:
        return ""
    options = ("--hardware", "--from-run", "--dry-run")
    close = get_close_matches(strange.partition("=")[0], options, n=1)
    return f"{strange} is not an option or a scenario" + (f"; did you mean {close[0]}?" if close else "")


def _value_problem(values: Mapping[str, str]) -> str:
    """Return what is wrong with the values of the options, or ""."""
    hardware, run = values.get("--hardware"), values.get("--from-run")
    if hardware is not None and not _NAME.fullmatch(hardware):
        return "--hardware needs the name of a configured hardware, such as h100"
    if run is not None and not (run.isascii() and run.isdigit() and 0 < int(run[:20]) <= MAX_RUN_ID):
        return "--from-run needs the number of a run, which ends its address: 25963872007"
    return ""


def _bare(word: str) -> str:
    """Return a word without the backticks that protect its stars from Markdown."""
    return word.strip("`")


def _spoken(body: str) -> Iterator[str]:
    """Yield each line that readers see as plain text, and "" for every other line.

    Leading spaces are removed; a line indented like code keeps one, so that it is not a command.
    """
    closing, in_quote, is_text = None, False, False
    for line in _LINE_END.split(body):
        if closing is not None:
            closing = None if closing.search(line) else closing
            is_text = False
            yield ""
            continue
        closing = _opened(line)
        is_blank = not line.strip()
        # A line right below a quote still belongs to it: Markdown calls it lazy.
        in_quote = not is_blank and (in_quote or bool(_QUOTE.match(line)))
        is_indented = line.expandtabs(4).startswith("    ")
        is_code = is_indented and not is_text
        is_text = not (is_blank or in_quote or is_code or closing)
        yield " " * is_indented + line.strip() if is_text else ""


def _opened(line: str) -> re.Pattern[str] | None:
    """Return the end of the code block, HTML block or comment that begins in this line, or None."""
    fence = _FENCE.match(line)
    if fence and not (fence["fence"][0] == "`" and "`" in fence["info"]):
        # In an item of a list the end is indented as the beginning is.
        least = len(fence["before"]) if fence["before"].strip() else 0
        return re.compile(rf"^ {{{least},{least + 3}}}{fence['fence'][0]}{{{len(fence['fence'])},}}[ \t]*$")
    raw = _RAW.match(line)
    if raw:
        end = re.compile(rf"</{raw['tag']}>", re.IGNORECASE)
        return None if end.search(line, raw.end()) else end
    after = line.rpartition("<!--")[2] if "<!--" in line else "-->"
    return None if "-->" in after else re.compile("-->")
