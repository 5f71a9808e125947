"""On which line of a JSON text a member stands: where a person looks for what is wrong. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

Keys = tuple[str, ...]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_OPENING: Final = {"{", "["}
_CLOSING: Final = {"}", "]"}


def member_lines(text: str) -> Mapping[Keys, int]:
    """Return the line, from 1, of each member of the objects in a JSON text, by the keys that lead to it.

    Of a key that stands twice the last one counts, as for `json.loads`. Members of arrays have no key.

    Args:
        text: A JSON text that was read before.
    """
    lines: dict[Keys, int] = {}
    place: list[str] = []
    kinds: list[str] = []
    key: str | None = None
    line, start = 1, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", start, token.start())
        start, word = token.start(), token[0]
        if word in _OPENING:
            kinds.append(word)
            place.append(key or "")
            key = None
        elif word in _CLOSING:
            kinds.pop()
            place.pop()
        elif word == ",":
            key = None
        elif word[0] == '"' and key is None and kinds[-1:] == ["{"]:
            key = json.loads(word)
            lines[(*place[1:], key)] = line
    return lines


def line_of(lines: Mapping[Keys, int], keys: Sequence[str]) -> int:
    """Return the line of a member, or of the nearest one that contains it; 1 when none is there."""
    found = (lines.get(tuple(keys[:count])) for count in range(len(keys), 0, -1))
    return next((line for line in found if line), 1)
