import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.data.json_text import MAX_DEPTH, JsonRejected, edited_json, parsed_json

texts = st.text(st.characters(codec="utf-8"), max_size=6)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
spaces = st.text(" \t\r\n", max_size=3)
any_layout = settings(derandomize=True, max_examples=50)


@st.composite
def laid_out(draw: st.DrawFn, value: Any) -> str:
    """Return a JSON text of a value in a layout that nobody would choose; some keys stand twice."""
    if isinstance(value, dict):
        members = [(key, draw(laid_out(member))) for key, member in value.items()]
        if members and draw(st.booleans()):
            members.insert(0, (members[-1][0], draw(laid_out(draw(scalars)))))
        parts = [
            f"{draw(spaces)}{json.dumps(key, ensure_ascii=draw(st.booleans()))}{draw(spaces)}:{member}"
            for key, member in members
        ]
        return f"{draw(spaces)}{{{','.join(parts)}{draw(spaces)}}}{draw(spaces)}"
    if isinstance(value, list):
        return f"{draw(spaces)}[{','.join(draw(laid_out(item)) for item in value)}{draw(spaces)}]"
    return draw(spaces) + json.dumps(value, ensure_ascii=draw(st.booleans())) + draw(spaces)


@any_layout
@given(st.data())
def test_the_result_says_what_was_asked(data: st.DataObject):
    """Whatever the text and its layout, the edited text says exactly the new value, in the new order."""
    text = data.draw(documents.flatmap(laid_out))
    new = data.draw(documents)
    assert json.dumps(json.loads(edited_json(text, new))) == json.dumps(new)


@any_layout
@given(st.data())
def test_a_small_change_says_what_was_asked(data: st.DataObject):
    """Changing, adding and removing members of an object deep inside gives the new value."""
    old = data.draw(st.dictionaries(texts, st.dictionaries(texts, scalars, max_size=4), max_size=4))
    text = data.draw(laid_out(old))
    new = {
        key: data.draw(st.just(inner) | st.fixed_dictionaries(dict.fromkeys(inner, scalars)))
        | data.draw(st.dictionaries(texts, documents, max_size=2))
        for key, inner in json.loads(text).items()
        if isinstance(inner, dict)
    }
    assert json.loads(edited_json(text, new)) == new


@any_layout
@given(documents.flatmap(laid_out))
def test_saying_the_same_changes_no_byte(text: str):
    """A text that says so already is returned byte for byte."""
    assert edited_json(text, json.loads(text)) == text


@any_layout
@given(st.data())
def test_a_sibling_keeps_its_bytes(data: st.DataObject):
    """Of two members, the one that stays keeps its layout and spelling while the other changes."""
    kept = data.draw(laid_out(data.draw(documents)))
    text = f'{{ "kept":{kept},\r\n\t"changed": {data.draw(laid_out(data.draw(documents)))}}}'
    new = {"kept": json.loads(kept), "changed": data.draw(documents)}
    result = edited_json(text, new)
    assert result.startswith(f'{{ "kept":{kept},\r\n\t"changed": ')
    assert json.loads(result) == new


@pytest.mark.parametrize(
    ("text", "new", "expected"),
    [
        ('{"a": 95.0}', {"a": 95}, '{"a": 95.0}'),
        ('{"a": 1}', {"a": True}, '{"a": true}'),
        ('{"a": true}', {"a": 1}, '{"a": 1}'),
        ('{"a": 1e2, "b": 1}', {"a": 100, "b": 2}, '{"a": 1e2, "b": 2}'),
        ('{"a": 1}', {"a": 1, "b": 2}, '{"a": 1,"b": 2}'),
        ('{ "a": 1, "c": 3 }', {"a": 1, "c": 3, "b": 2}, '{ "a": 1, "c": 3, "b": 2 }'),
        ("{}", {}, "{}"),
        (" {  }\n", {}, " {  }\n"),
        ('{"a": 1, "a": 2}', {"a": 3}, '{"a": 1, "a": 3}'),
        ('{"a": {"x": 1}, "a": {"y": 2}}', {"a": {"y": 2.5}}, '{"a": {"x": 1}, "a": {"y": 2.5}}'),
        (
            '{"\\u00e9": 1, "\u00e8": "\\u00e9"}',
            {"\u00e9": 2, "\u00e8": "\u00e9"},
            '{"\\u00e9": 2, "\u00e8": "\\u00e9"}',
        ),
    ],
)
def test_only_what_differs_is_written(text: str, new: Any, expected: str):
    """Spelling, layout and the position of the last of two equal keys are kept."""
    assert edited_json(text, new) == expected


def test_not_a_number_is_the_same_as_itself():
    """NaN, which Python reads, does not make a list or an object be written anew."""
    text = '{"a":[NaN,  1],  "b": { "c":NaN,"d":Infinity}}'
    assert edited_json(text, json.loads(text)) == text
    assert edited_json('{"a": NaN}', {"a": 1.0}) == '{"a": 1.0}'
    assert math.isnan(json.loads(edited_json('{"a": 1.0}', {"a": math.nan}))["a"])


@pytest.mark.parametrize(
    ("text", "added"),
    [
        (
            '{\n    "s": {\n        "a": {\n            "x": 1\n        }@\n    }\n}\n',
            ',\n        "b": {\n            "y": [\n                2\n            ]\n        }',
        ),
        (
            '{\r\n\t"s": {\r\n\t\t"a": {"x": 1}@\r\n\t}\r\n}',
            ',\r\n\t\t"b": {\r\n\t\t\t"y": [\r\n\t\t\t\t2\r\n\t\t\t]\r\n\t\t}',
        ),
        (
            '{\n  "s": {\n      "z": 0,\n        "a": {"x": 1}@\n  }\n}',
            ',\n        "b": {\n          "y": [\n            2\n          ]\n        }',
        ),
    ],
)
def test_a_new_member_is_laid_out_as_its_siblings(text: str, added: str):
    """A member added at the end, here at the @, takes the indentation, tabs and line ends of the text."""
    new = json.loads(text.replace("@", ""))
    new["s"]["b"] = {"y": [2]}
    assert edited_json(text.replace("@", ""), new) == text.replace("@", added)


def test_an_empty_object_is_filled_in_the_texts_indentation():
    """The first member of an object comes on a line of its own, one step deeper."""
    text = '{\n  "scenarios": {}\n}\n'
    expected = '{\n  "scenarios": {\n    "a": 1\n  }\n}\n'
    assert edited_json(text, {"scenarios": {"a": 1}}) == expected


def test_a_text_without_indentation_gets_sglangs():
    """Four spaces, where the text shows none of its own."""
    assert edited_json("{}", {"a": 1}) == '{\n    "a": 1\n}'


def test_a_removed_key_rewrites_only_its_object():
    """The object that lost a member is written anew; what is around it stays."""
    text = '{ "keep":1,\n    "s":   {"a": 1, "b": 2} }'
    expected = '{ "keep":1,\n    "s":   {\n        "b": 2\n    } }'
    assert edited_json(text, {"keep": 1, "s": {"b": 2}}) == expected


def test_keys_that_stand_twice_are_told():
    """Each such key is named once an object, however often it stands there."""
    document, repeated = parsed_json('{"a": {"x": 1, "x": 2, "x": 3}, "b": {"x": 1, "x": 1}, "a": 4}')
    assert document == {"a": 4, "b": {"x": 1}}
    assert repeated == ("x", "x", "a")


@pytest.mark.parametrize(("nested", "levels"), [("[{}]", 1), ('{{"a":{}}}', 1), ('[{{"a":{}}}]', 2)])
def test_nesting_is_read_to_a_limit(nested: str, levels: int):
    """64 levels of arrays and objects are read, 65 are refused: hundreds would exhaust the stack."""
    text = "1"
    for _ in range(MAX_DEPTH // levels):
        text = nested.format(text)
    assert parsed_json(text)[0]
    with pytest.raises(JsonRejected, match=r"^nested deeper than 64 levels: flatten it$"):
        parsed_json(f"[{text}]")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 column 1: Expecting value"),
        ('{\n "a" 1\n}', "line 2 column 6: Expecting ':' delimiter"),
        ("\ufeff{}", "line 1 column 1: a byte order mark; save the file as UTF-8 without one"),
        ("[" * 100_000, "nested too deeply, or a number of thousands of digits: shorten it"),
        ("9" * 5_000, "nested too deeply, or a number of thousands of digits: shorten it"),
        ('"\\ud800"', "half of a surrogate pair (\\ud800 to \\udfff) in a string: remove it"),
        ('{"\\uDFFF": 1}', "half of a surrogate pair (\\ud800 to \\udfff) in a string: remove it"),
        ('"\ud800"', "half of a surrogate pair (\\ud800 to \\udfff) in a string: remove it"),
    ],
)
def test_what_is_no_json_is_refused(text: str, message: str):
    """The message names the place or the reason on one line, and says what to do."""
    with pytest.raises(JsonRejected) as refused:
        parsed_json(text)
    assert str(refused.value) == message


def test_a_whole_surrogate_pair_is_read():
    """An escaped character beyond the basic plane is a character as any other."""
    assert parsed_json('"\\ud83d\\ude00"') == ("\U0001f600", ())
