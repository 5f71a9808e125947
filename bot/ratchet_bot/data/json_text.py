"""JSON texts: read strictly, changed in as few bytes as possible, with the line of each member. Pure."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

DEFAULT_INDENT: Final = "    "
"""Indentation of a text that shows none of its own: that of sglang's baseline files."""
MAX_DEPTH: Final = 64
"""Deepest nesting that is read. Chosen: a baseline file has five levels; some hundred exhaust the stack."""
MAX_REPEATED: Final = 100
"""Most repeated keys that are returned. Chosen: nobody reads more than a hundred."""

Keys = tuple[str, ...]
"""The keys that lead to a member, from the top of the document."""
_DECODER: Final = json.JSONDecoder()
_WHITESPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_OPENING: Final = {"{", "["}
_CLOSING: Final = {"}", "]"}


@dataclass(frozen=True)
class _Member:
    """One `key: value` of a JSON object, with its place in the text."""

    key: str
    key_start: int
    start: int
    end: int
    value: Any


class Edit(NamedTuple):
    """A replaced part of a text; an empty part is an insertion."""

    start: int
    """Place of its first character, counted from 0."""
    end: int
    """Place after its last character."""
    replacement: str


class JsonRejected(ValueError):
    """The text is not JSON within our limits; the message says where and why in one line."""


def parsed_json(text: str) -> tuple[Any, tuple[str, ...]]:
    """Return the value of a JSON text, and keys that occur twice in one object: the last one counts.

    Raises:
        JsonRejected: it is not JSON, is nested deeper than `MAX_DEPTH`, or holds half a surrogate pair, which
            no file in UTF-8 can hold.
    """
    repeated: list[str] = []

    def last_of_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs) and len(repeated) < MAX_REPEATED:
            repeated.extend(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return members

    if text.startswith("\ufeff"):
        raise JsonRejected("line 1 column 1: a byte order mark; save the file as UTF-8 without one")
    try:
        document = json.loads(text, object_pairs_hook=last_of_each)
    except json.JSONDecodeError as error:
        raise JsonRejected(f"line {error.lineno} column {error.colno}: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise JsonRejected("nested too deeply, or a number of thousands of digits: shorten it") from error
    if _is_deeper(document, MAX_DEPTH):
        raise JsonRejected(f"nested deeper than {MAX_DEPTH} levels: flatten it")
    if not _is_unicode(text, document):
        raise JsonRejected("half of a surrogate pair (\\ud800 to \\udfff) in a string: remove it")
    return document, tuple(repeated[:MAX_REPEATED])


def edited_json(text: str, new: object) -> str:
    """Return the text changed to the value `new`, with every unchanged byte kept.

    An equal value keeps its spelling (`95.0` stays for 95), an object with the same keys keeps its layout,
    and keys added at an object's end are laid out like its others. Anything else is written anew, with the
    indentation and line ends of the text. The last of several equal keys counts, as for `json.loads`.

    Args:
        text: A JSON text.
        new: What `json.loads` of the result gives.
    """
    pieces, position = [], 0
    for edit in edits(text, new):
        pieces += [text[position : edit.start], edit.replacement]
        position = edit.end
    return "".join([*pieces, text[position:]])


def edits(text: str, new: object) -> Iterator[Edit]:
    """Yield the edits that `edited_json` makes, in the order of their places."""
    start = _skip_space(text, 0)
    old, end = _DECODER.raw_decode(text, start)
    return _edits(text, start, end, old, new)


def _edits(text: str, start: int, end: int, old: object, new: object) -> Iterator[Edit]:
    """Yield edits of the smallest changed parts of the old value, which spans start to end."""
    if _same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict) and old and list(new)[: len(old)] == list(old):
        members = list(_members(text, start))
        last_of_each = {member.key: member for member in members}
        for member in sorted(last_of_each.values(), key=attrgetter("start")):
            yield from _edits(text, member.start, member.end, member.value, new[member.key])
        yield from _appended(text, members, {key: new[key] for key in list(new)[len(old) :]})
    else:
        yield Edit(start, end, _indented(text, new, _line_indent(text, start)))


def _appended(text: str, members: Sequence[_Member], new: Mapping[str, object]) -> Iterator[Edit]:
    """Yield the insertion that puts these members after the last one, in its style."""
    if not new:
        return
    last = members[-1]
    separator = text[members[-2].end : last.key_start] if len(members) > 1 else "," + _before(text, last)
    key_indent = _line_indent(text, last.key_start)
    yield Edit(
        last.end,
        last.end,
        "".join(
            f"{separator}{json.dumps(key, ensure_ascii=False)}: {_indented(text, value, key_indent)}"
            for key, value in new.items()
        ),
    )


def _before(text: str, member: _Member) -> str:
    """Return the white space between the opening brace and the first member."""
    start = member.key_start
    while start and text[start - 1] in " \t\n\r":
        start -= 1
    return text[start : member.key_start]


def _members(text: str, start: int) -> Iterator[_Member]:
    """Yield the members of the JSON object at `start`, which is known to be well formed."""
    position = _skip_space(text, start + 1)
    while text[position] != "}":
        key, after_key = _DECODER.raw_decode(text, position)
        start_of_value = _skip_space(text, _skip_space(text, after_key) + 1)
        value, end = _DECODER.raw_decode(text, start_of_value)
        yield _Member(key, position, start_of_value, end, value)
        position = _skip_space(text, end)
        if text[position] == ",":
            position = _skip_space(text, position + 1)


def _is_deeper(value: object, levels: int) -> bool:
    """Return whether containers are nested in this value more than so many levels deep."""
    nested = [value]
    for _ in range(levels + 1):
        nested = [
            member
            for container in nested
            if isinstance(container, dict | list)
            for member in (container.values() if isinstance(container, dict) else container)
        ]
    return bool(nested)


def _is_unicode(text: str, document: object) -> bool:
    """Return whether a text and its unescaped strings can be written in UTF-8."""
    escapes_surrogates = "\\ud" in text or "\\uD" in text
    try:
        (text + json.dumps(document, ensure_ascii=False) if escapes_surrogates else text).encode()
    except UnicodeEncodeError:
        return False
    return True


def _same(old: object, new: object) -> bool:
    """Return whether two JSON values are equal: 95 and 95.0 are; 1 and true, or another key order, are not.

    Not-a-number, which Python reads and writes as `NaN`, equals itself.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return list(old) == list(new) and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, float) and isinstance(new, float) and math.isnan(old):
        return math.isnan(new)
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def _indented(text: str, value: object, indent: str) -> str:
    """Return a JSON value in the file's own indentation and line ends, for a line indented like this."""
    if not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    dumped = json.dumps(value, indent=_indent_unit(text), ensure_ascii=False)
    newline = "\r\n" if "\r\n" in text else "\n"
    return dumped.replace("\n", newline + indent)


@lru_cache(maxsize=1)  # asked for with every edit of one text
def _indent_unit(text: str) -> str:
    """Return the smallest step by which the file's top-level keys are indented."""
    indents = re.findall(r"^[ \t]+(?=\")", text, flags=re.MULTILINE)
    return min(indents, key=len, default=DEFAULT_INDENT)


def _line_indent(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _skip_space(text: str, position: int) -> int:
    match = _WHITESPACE.match(text, position)
    return match.end() if match else position


def member_lines(text: str) -> Mapping[Keys, int]:
    """Return the line, from 1, of each member of the objects in a JSON text, by the keys that lead to it.

    The last of several equal keys counts, as for `json.loads`. Members of arrays have no key.

    Args:
        text: A valid JSON text.
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
    """Return the line of a member, or of the nearest one that contains it; 1 when there is neither."""
    nearest_first = (lines.get(tuple(keys[:count])) for count in range(len(keys), 0, -1))
    return next((line for line in nearest_first if line), 1)
