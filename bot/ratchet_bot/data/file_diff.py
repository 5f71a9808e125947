"""The change of a JSON text as a unified diff, made from the edits. Pure.

Comparing the texts took a minute for 300,000 lines; an edit knows its place.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, NamedTuple

from ratchet_bot.data.json_text import Edit, edits

CONTEXT_LINES: Final = 3
"""Unchanged lines shown before and after a change, as git does."""
NO_END: Final = "\\ No newline at end of file"
"""Follows the last line of a text that does not end in a line feed, as git and diff write it."""
MAX_LINES: Final = 2000
"""Most lines of a diff; further ones are counted. Chosen: ten scenarios of 50 steps have 1500."""
MAX_CHARACTERS: Final = 400
"""Most characters of a line. Chosen: nobody reads the diff of a file that is one line."""


@dataclass(frozen=True)
class FileDiff:
    """A unified diff."""

    lines: tuple[str, ...]
    """Without line ends; empty when nothing changed."""
    left_out: int
    """How many lines were left out."""


class _ReplacedLines(NamedTuple):
    """Replaced lines."""

    start: int
    """The number of the first of them, from 0."""
    old: Sequence[str]
    new: Sequence[str]

    @property
    def end(self) -> int:
        return self.start + len(self.old)


def file_diff(path: str, before: str, after: str) -> FileDiff:
    """Return the change of a JSON text.

    Args:
        path: The file, for the heading.
        before: The text; "" for a file that is new.
        after: What `edited_json` made of it, or the text of the new file.
    """
    if before == after:
        return FileDiff((), 0)
    blocks = _blocks(before, json.loads(after)) if before else [_ReplacedLines(0, (), _lines(after))]
    lines = [f"--- a/{path}" if before else "--- /dev/null", f"+++ b/{path}"]
    lines += _hunk_lines(_hunks(blocks), _lines(before), () if after.endswith("\n") else (NO_END,))
    return FileDiff(
        tuple(line[:MAX_CHARACTERS] for line in lines[:MAX_LINES]), max(len(lines) - MAX_LINES, 0)
    )


def _blocks(text: str, new: object) -> Iterator[_ReplacedLines]:
    """Yield the lines that edits replace; those of neighbouring lines together."""
    together: list[Edit] = []
    number = counted = 0
    for edit in [*edits(text, new), None]:
        if together and (edit is None or text.count("\n", together[-1].end, edit.start) > 1):
            start = text.rfind("\n", 0, together[0].start) + 1
            number, counted = number + text.count("\n", counted, start), start
            yield _block(text, together, start, number)
            together = []
        together += [edit] if edit else []


def _block(text: str, together: Sequence[Edit], start: int, number: int) -> _ReplacedLines:
    end = text.find("\n", together[-1].end)
    end = len(text) if end < 0 else end
    pieces, position = [], start
    for edit in together:
        pieces += [text[position : edit.start], edit.replacement]
        position = edit.end
    new = _lines("".join([*pieces, text[position:end]]))
    old = _lines(text[start:end])
    head = _common_start(old, new)
    tail = _common_start(old[head:][::-1], new[head:][::-1])
    return _ReplacedLines(number + head, old[head : len(old) - tail], new[head : len(new) - tail])


def _common_start(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many lines at the start are equal."""
    pairs = zip(old, new, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _hunks(blocks: Iterable[_ReplacedLines]) -> Iterator[list[_ReplacedLines]]:
    """Yield the blocks whose context touches, together."""
    hunk: list[_ReplacedLines] = []
    for block in blocks:
        if hunk and block.start - hunk[-1].end > 2 * CONTEXT_LINES:
            yield hunk
            hunk = []
        hunk.append(block)
    if hunk:
        yield hunk


def _hunk_lines(
    hunks: Iterable[Sequence[_ReplacedLines]], lines: Sequence[str], ending: Sequence[str]
) -> Iterator[str]:
    """Yield the lines of the hunks, each with its heading; `ending` follows the last line of either text."""
    shift = 0
    for hunk in hunks:
        start, end = max(hunk[0].start - CONTEXT_LINES, 0), min(hunk[-1].end + CONTEXT_LINES, len(lines))
        growth = sum(len(block.new) - len(block.old) for block in hunk)
        yield f"@@ -{_range(start, end - start)} +{_range(start + shift, end - start + growth)} @@"
        shift += growth
        position = start
        for block in hunk:
            yield from (f" {line}" for line in lines[position : block.start])
            last = ending if block.end == len(lines) else ()
            yield from [f"-{line}" for line in block.old] + [*last] * bool(block.old)
            yield from [*(f"+{line}" for line in block.new), *last]
            position = block.end
        yield from (f" {line}" for line in lines[position:end])
        yield from ending if position < end == len(lines) else ()


def _range(start: int, count: int) -> str:
    """Return a range of lines as a heading has it: an empty one begins after the line that it names."""
    return f"{start + 1 if count else start},{count}"


def _lines(text: str) -> list[str]:
    """Return the lines of a text without their ends; only a line feed ends a line."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines
