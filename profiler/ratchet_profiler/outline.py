"""The outline of a JSON text that nobody vouches for: looked at before it is parsed.

A parser builds everything before a validator refuses the first thing, and a validator lists every mistake: 3
million unknown keys in 30 MiB took 15 s and 3.5 GB. This look takes tenths of a second, and little memory.
"""

import json
import re
from collections.abc import Sequence
from functools import reduce
from typing import Any, Final

SMALL_BYTES: Final = 64 * 1024
"""Texts up to this size are not looked at. Chosen: whatever is wrong inside, saying it takes milliseconds."""
MAX_BRACKETS: Final = 500_000
"""Most objects and lists of a text. Chosen: those of 67 scenarios, 30 requests and 100 steps."""
MAX_COMMAS: Final = 2_000_000
"""Most commas of a text. Chosen: four values for each of those."""
MAX_MEMBERS: Final = 64
"""Most members of one object. Chosen: the widest in a record, a map of reasons, has 32."""
MAX_LEVELS: Final = 8
"""Most objects in each other. Chosen: a record has six."""
INNER_LEVELS: Final = 3
"""How many of them are looked at in one go. Source: a request has three, and there are many of them."""
MAX_ITEMS: Final = 8192
"""Most strings, or objects, or escapes, in a row. Chosen: twice the steps of a request."""
MAX_PIECES: Final = 200_000
"""Most pieces of the outer levels. Chosen: a record of 512 scenarios of 256 requests has fewer."""

_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+){0,%d}"' % MAX_ITEMS
_NO_OBJECT: Final = rb"(?!)"


def _around(inner: bytes) -> bytes:
    """Return a pattern of an object whose members may hold objects of another pattern, also in lists."""
    strings = rb'(?:%s(?!\s*+:)[^"{}]*+){0,%d}' % (_STRING, MAX_ITEMS)
    value = rb'[^"{}]*+%s(?:%s[^"{}]*+%s){0,%d}' % (strings, inner, strings, MAX_ITEMS)
    return rb'\{[^"{}]*+(?:%s\s*+:%s){0,%d}\}' % (_STRING, value, MAX_MEMBERS)


_PIECE: Final = re.compile(
    rb'(?P<key>%s\s*+:)|(?P<whole>%s|%s|[^"{}]++)|(?P<open>\{)|(?P<close>\})'
    % (_STRING, _STRING, reduce(lambda inner, _: _around(inner), range(INNER_LEVELS), _NO_OBJECT)),
    flags=re.DOTALL,
)
"""What follows another begins with another character, so that nothing is tried in two ways. Only single
characters are repeated possessively: Python before 3.11.5 matches groups wrongly then (gh-106052)."""


def has_an_outline(text: bytes) -> bool:
    """Return whether a text can be a JSON object of the shape of ours: parsing it is cheap then.

    Not whether it is JSON: a text that is none may have an outline.

    Args:
        text: UTF-8.
    """
    if len(text) <= SMALL_BYTES:
        return True
    has_few = sum(map(text.count, (b"{", b"["))) <= MAX_BRACKETS and text.count(b",") <= MAX_COMMAS
    return has_few and _is_walked_through(text)


def _is_walked_through(text: bytes) -> bool:
    """Return whether the objects of a text close, in few levels and with few members."""
    members: list[int] = []
    position = 0
    for _ in range(MAX_PIECES):
        piece = _PIECE.match(text, position)
        if piece is None:
            return position == len(text) and not members
        position = piece.end()
        if piece.lastgroup == "open":
            members.append(0)
        elif piece.lastgroup == "close":
            members[-1:] = []
        elif piece.lastgroup == "key":
            members[-1:] = [members[-1] + 1] if members else []
        if len(members) > MAX_LEVELS - INNER_LEVELS or max(members, default=0) > MAX_MEMBERS:
            return False
    return False


def may_give_way(content: bytes) -> bool:
    """Return whether a new record may take the place of a file: it is empty, or looks like a record itself.

    A record that is cut off may not: it may be someone else's file, and ours are written whole.

    Args:
        content: All of the file.
    """
    if not content.strip():
        return True
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    is_object = isinstance(document, dict) and "schema_version" in document
    return is_object and isinstance(document.get("scenarios"), list)


def repeated_key(text: bytes) -> str | None:
    """Return a key that stands twice in one object, or None.

    Args:
        text: JSON in UTF-8.
    """
    repeated: list[str] = []

    def look(members: Sequence[tuple[str, Any]]) -> None:
        if len(dict(members)) < len(members):
            keys = [key for key, _ in members]
            repeated.append(next(key for key in keys if keys.count(key) > 1))

    json.loads(text, object_pairs_hook=look)
    return repeated[0] if repeated else None
