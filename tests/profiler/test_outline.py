import json

import pytest
from builders import make_record, make_request, make_scenario
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_profiler import outline
from ratchet_profiler.machine import MAX_STEPS
from ratchet_profiler.outline import (
    MAX_BRACKETS,
    MAX_COMMAS,
    MAX_LEVELS,
    MAX_MEMBERS,
    has_an_outline,
    repeated_key,
)
from ratchet_profiler.record import RecordRejected, record_from_json, record_to_json

SPACE = b" " * outline.SMALL_BYTES
"""Before a text, it makes it one that is looked at."""

texts = st.text(st.characters(codec="utf-8"), max_size=6)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def members(count: int) -> bytes:
    return json.dumps({f'"{number}': {"a": []} for number in range(count)}).encode()


def levels(count: int) -> bytes:
    return b'{"a": [1, ' * count + b"0" + b"]}" * count


@settings(derandomize=True, max_examples=50)
@given(document=st.dictionaries(texts, documents, max_size=4), indent=st.sampled_from([None, 1, "\t"]))
def test_every_small_object_has_an_outline(document: dict, indent: int | str | None):
    """Whatever is in its strings and however it is laid out: braces, quotes and escapes are told apart."""
    assert has_an_outline(SPACE + json.dumps(document, indent=indent).encode())


def test_the_largest_request_has_an_outline():
    """4096 steps, the most that a record can hold, in the record's own layout."""
    record = make_record(make_scenario("flux", make_request(steps=(1.5,) * MAX_STEPS)))
    data = record_to_json(record)
    assert len(data) > outline.SMALL_BYTES
    assert has_an_outline(data)
    assert record_from_json(data) == record


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        (members(MAX_MEMBERS), members(MAX_MEMBERS + 1)),
        (levels(MAX_LEVELS), levels(MAX_LEVELS + 1)),
        (b'{"a": [' + b"{}, " * 99_990 + b"0]}", b'{"a": [' + b"{}, " * 100_001 + b"0]}"),
        (b'{"a": [' + b'"", ' * 99_990 + b"0]}", b'{"a": [' + b'"", ' * 100_001 + b"0]}"),
        (b'{"a": "' + rb"\n" * 8000 + b'"}', b'{"a": "' + rb"\n" * 9000 + b'"}'),
        (b'{"a": ' + b"0," * MAX_COMMAS + b"0}", b'{"a": ' + b"0," * (MAX_COMMAS + 1) + b"0}"),
        (b'{"a": 1}', b'{"a": 1'),
        (b'{"a": 1}', b'{"a": "1}'),
    ],
    ids=["members", "levels", "objects", "strings", "escapes", "commas", "an end", "a string's end"],
)
def test_where_the_outline_ends(inside: bytes, outside: bytes):
    """One more than a record can need is refused, and so is a text that was cut off."""
    assert has_an_outline(SPACE + inside)
    assert not has_an_outline(SPACE + outside)
    with pytest.raises(
        RecordRejected, match=r"^cut off, or not the objects, members and lists that a record"
    ):
        record_from_json(SPACE + outside)


@pytest.mark.parametrize("empty", [b"{}", b"[]"])
def test_objects_and_lists_are_counted(empty: bytes):
    """Also where they hide among few members: lists in lists of objects."""
    thousand = b'{"a": [' + (empty + b", ") * 998 + b"{}]}, "
    assert has_an_outline(b'{"a": [' + thousand * (MAX_BRACKETS // 1001) + b"0]}")
    assert not has_an_outline(b'{"a": [' + thousand * (MAX_BRACKETS // 1000) + b"0]}")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]}', None),
        ('{"a": 1, "b": 2, "a": 1}', "a"),
        ('{"a": [{"b": {"c": 1, "c": 2}}]}', "c"),
        ('{"a": 1, "\\u0061": 2}', "a"),
    ],
)
def test_a_key_that_stands_twice_is_found(text: str, key: str | None):
    """In any object, whatever it is spelled like; the same key in two objects is none."""
    assert repeated_key(text.encode()) == key


def test_a_record_that_says_a_thing_twice_is_refused():
    """Two readers could take it for two different records."""
    data = record_to_json(make_record()).replace(b'"python"', b'"torch": "1.0.0",\n  "python"')
    with pytest.raises(RecordRejected, match=r"^torch: this key stands twice in one object$"):
        record_from_json(data)
