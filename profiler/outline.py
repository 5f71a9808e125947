"""The outline of a JSON text that nobody vouches for: looked at before it is parsed.

A parser builds everything before a validator refuses the first thing, and a validator lists every mistake: 3
million unknown keys in 30 MiB took 15 s and 3.5 GB. This look takes a tenth of a second, and no memory.
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
MAX_PIECES: Final = 2 * 4096 + 1
"""Most objects or strings of one array, and what stands between them. Source: the steps of a request."""

_STRING: Final = rb'"(?:[^"\\]++|\\.){0,%d}+"' % MAX_PIECES


def _around(inner: bytes) -> bytes:
    """Return a pattern of an object whose members may hold objects of another pattern, also in arrays."""
    value = rb"(?:[^\"{}]++|%s(?!\s*+:)|%s){0,%d}+" % (_STRING, inner, MAX_PIECES)
    return rb"\{[^\"{}]*+(?:%s\s*+:%s){0,%d}+\}" % (_STRING, value, MAX_MEMBERS)


_NO_OBJECT: Final = rb"(?!)"
_OUTLINE: Final = re.compile(
    rb"[^\"{}]*+%s[^\"{}]*+" % reduce(lambda inner, _: _around(inner), range(MAX_LEVELS), _NO_OBJECT),
    flags=re.DOTALL,
)
"""Nothing in it is tried twice, so that it takes a time proportional to the text."""


def has_an_outline(text: bytes) -> bool:
    """Return whether a text can be a JSON object of the shape of ours: parsing it is cheap then.

    Not whether it is JSON: a text that is none may have an outline.

    Args:
        text: UTF-8.
    """
    if len(text) <= SMALL_BYTES:
        return True
    has_few = sum(map(text.count, (b"{", b"["))) <= MAX_BRACKETS and text.count(b",") <= MAX_COMMAS
    return has_few and _OUTLINE.fullmatch(text) is not None


def repeated_key(text: bytes) -> str | None:
    """Return a key that stands twice in one object, or None.

    Args:
        text: JSON in UTF-8.
    """
    found: list[str] = []

    def look(members: Sequence[tuple[str, Any]]) -> None:
        if len(dict(members)) < len(members):
            keys = [key for key, _ in members]
            found.append(next(key for key in keys if keys.count(key) > 1))

    json.loads(text, object_pairs_hook=look)
    return found[0] if found else None
