"""Values as text: numbers with their unit, and untrusted strings made inert. Pure.

The functions are the filters of the templates, too.
"""

import re
import textwrap
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from markupsafe import Markup

FEW_MS: Final = 10.0
"""Milliseconds below which two decimals are shown instead of one: there short stages differ."""
MS_OF_A_SECOND: Final = 1000.0
LONGEST_TEXT: Final = 300
"""Characters shown of one untrusted string. Chosen: a sentence."""
LEAST_CHANCE: Final = 0.001
"""Smallest chance that is shown: a few dozen nights cannot support a smaller one."""
MOST_KNOWN: Final = 1024
"""Strings that are cached. Chosen: a report of 67 scenarios has a hundred, each in many places."""
SHORT_SHA: Final = 7
"""Characters of a commit's SHA that are shown, as git does."""
LEAST_COLUMNS: Final = 40
"""Fewest columns to which lines are wrapped: about four words."""
HANGING: Final = "  "
"""Extra indentation of the rest of a wrapped line."""

ZERO_WIDTH_SPACE: Final = "\u200b"
"""Invisible; it breaks mentions, references and addresses."""

_NO_COMMENT: Final = f"<{ZERO_WIDTH_SPACE}!--"
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]+"
)
_MARKDOWN = re.compile(r"[#$&*<>@\[\\\]^`{|}~]|(?<![^\W_])_|_(?![^\W_])")
"""Characters with a meaning in Markdown; an underscore inside a word has none."""
_COMMAND = re.compile(r"^\s*(:(?=:)|##(?=\[))")
"""Start of a log line that Actions reads as a command; a character after it breaks it."""
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:_-]+(/[A-Za-z0-9._~%/-]*)?(#[A-Za-z0-9_-]+)?")
"""An address without characters that could end a link."""
_LINKED = re.compile(
    r"@|#"  # a mention, an issue
    r"|[gG][hH](?=-\d)"  # an issue
    r"|[wW]{3}(?=\.)|:(?=//)"  # an address
    r"|:(?=[\w+-]+:)"  # an emoji
    r"|[0-9a-fA-F]{6}(?=[0-9a-fA-F])"  # a commit: seven digits or more
)
"""Where GitHub would make a link or a picture; a character after it breaks it."""


def text(value: object) -> Markup:
    """Return an untrusted string as inert Markdown that looks the same.

    Markup characters become entities; mentions, issue references, addresses and commit SHAs, which GitHub
    links in the rendered text whatever their spelling, are broken by a zero-width space.
    """
    return _inert(str(value))


@lru_cache(MOST_KNOWN)
def _inert(value: str) -> Markup:
    shown = _LINKED.sub(rf"\g<0>{ZERO_WIDTH_SPACE}", plain(value))
    return Markup(_MARKDOWN.sub(lambda match: f"&#{ord(match[0])};", shown))  # noqa: S704 - just escaped


def code(value: object) -> Markup:
    """Return an untrusted string as inline code that nothing in it can close, also inside of a table.

    An HTML comment is broken too: tools look for their markers in the source of a comment.
    """
    return _coded(str(value))


@lru_cache(MOST_KNOWN)
def _coded(value: str) -> Markup:
    shown = plain(value).replace("`", "'").replace("|", "\u00a6").strip()
    shown = shown.replace("<!--", _NO_COMMENT)
    return Markup(f"`{shown or ' '}`")  # noqa: S704 - nothing is special in a code span but the backtick


def block(value: str) -> Markup:
    """Return untrusted lines as a code block that nothing in them can close, coloured as a change."""
    lines = [
        "\t".join(_INVISIBLE.sub(" ", part) for part in line.split("\t")).replace("<!--", _NO_COMMENT)
        for line in value.split("\n")
    ]
    fence = "`" * max([3, *(len(run) + 1 for line in lines for run in re.findall("`+", line))])
    return Markup("\n".join([f"{fence}diff", *lines, fence]))  # noqa: S704 - the fence is longer than any in it


def link(words: object, address: str) -> Markup:
    """Return a link to an address of the host; the words alone where the address is not safe."""
    shown = text(words)
    return Markup(f"[{shown}]({address})") if _ADDRESS.fullmatch(address) else shown  # noqa: S704 - checked


def plain(value: object) -> str:
    """Return a string on one line, without control, invisible and direction characters, at most 300 long."""
    shown = _COMMAND.sub(rf"\g<0>{ZERO_WIDTH_SPACE}", _INVISIBLE.sub(" ", str(value)))
    return shown if len(shown) <= LONGEST_TEXT else shown[: LONGEST_TEXT - 1] + "\u2026"


def ms(value: float | None) -> Markup:
    """Return milliseconds, such as "1,234.5": two decimals below 10 ms. A dash for None."""
    if value is None:
        return Markup("\u2013")
    return Markup(f"{value:,.2f}" if abs(value) < FEW_MS else f"{value:,.1f}")  # noqa: S704 - digits


def change(ratio: float | None) -> Markup:
    """Return a relative change, such as "+12.3 %": positive is slower. A dash for None."""
    if ratio is None:
        return Markup("\u2013")
    percent = round(ratio * 100, 1) + 0.0  # no "-0.0 %"
    return Markup(f"{percent:+,.1f} %")  # noqa: S704 - digits


def span(value: float) -> Markup:
    """Return a difference of milliseconds in readable units: "+1.1 s", "-230 ms", "+0.4 ms"."""
    if abs(value) >= MS_OF_A_SECOND:
        return Markup(f"{value / MS_OF_A_SECOND:+,.1f} s")  # noqa: S704 - digits
    return Markup(f"{value:+.0f} ms" if abs(value) >= FEW_MS else f"{value:+.1f} ms")  # noqa: S704 - digits


def about(value: float) -> Markup:
    """Return milliseconds in three digits or so, such as "248", "24.8" or "2.48"."""
    decimals = 0 if abs(value) >= FEW_MS * FEW_MS else 1 if abs(value) >= FEW_MS else 2
    return Markup(f"{value:,.{decimals}f}")  # noqa: S704 - digits


def percent(ratio: float) -> Markup:
    """Return a fraction, such as "5 %"."""
    return Markup(f"{ratio * 100:.0f} %")  # noqa: S704 - digits


def share(ratio: float) -> Markup:
    """Return a share, such as "96 %", of at most "100 %"."""
    return Markup(f"{min(ratio, 1.0) * 100:.0f} %")  # noqa: S704 - digits


def chance(ratio: float) -> Markup:
    """Return a predicted chance, such as "1.2 %", or "under 0.1 %"."""
    return Markup(f"{ratio * 100:.1f} %" if ratio >= LEAST_CHANCE else "under 0.1 %")  # noqa: S704 - digits


def sha(value: str | None) -> Markup:
    """Return the short form of a commit's SHA as code, or "an unknown commit"."""
    return code(value[:SHORT_SHA]) if value else Markup("an unknown commit")


def metric(field: str) -> str:
    """Return the readable name of a metric, from its place in a baseline file."""
    kind, _, name = field.partition(".")
    if kind == "stages_ms":
        return name
    if kind == "denoise_step_ms":
        return f"step {name}"
    return {
        "expected_e2e_ms": "end to end",
        "expected_avg_denoise_ms": "average step",
        "expected_median_denoise_ms": "median step",
    }.get(kind, field)


def plural(count: int, noun: str) -> Markup:
    """Return a count with its noun: "1 scenario", "1,204 scenarios"."""
    return Markup(f"{count:,} {noun}{'' if count == 1 else 's'}")  # noqa: S704 - nouns are ours


def widest(names: Iterable[str], title: str, most: int) -> int:
    """Return the width of a column with a title and names, at most `most`."""
    return min(max(map(len, (title, *names))), most)


def wrapped(lines: str, columns: int) -> str:
    """Return lines wrapped at words to the width of a terminal, with a hanging indent.

    Args:
        lines: Whole lines.
        columns: Of the terminal. A word that is longer, such as a path, stays whole.
    """
    return "".join(f"{part}\n" for line in lines.splitlines() for part in _broken(line, columns))


def _broken(line: str, columns: int) -> list[str]:
    """Return a line in parts; one that fits as it is."""
    if len(line) <= columns:
        return [line]
    begin = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line,
        max(columns, LEAST_COLUMNS),
        subsequent_indent=begin + HANGING,
        break_long_words=False,
        break_on_hyphens=False,
    )
