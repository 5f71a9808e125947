import json

import pytest
from ratchet_bot.data.file_diff import MAX_CHARACTERS, MAX_LINES, FileDiff, file_diff
from ratchet_bot.data.json_text import edited_json

TEXT = """{
    "a": 1,
    "b": 2,
    "c": 3,
    "d": 4,
    "e": 5,
    "f": 6,
    "g": 7,
    "h": 8,
    "i": 9,
    "j": {
        "k": 10
    }
}
"""


def diff(text: str, **values: object) -> list[str]:
    """Return the diff of a text in which these members are changed."""
    after = edited_json(text, json.loads(text) | values)
    return list(file_diff("f.json", text, after).lines)


def test_no_change_is_no_diff():
    """Not even a heading."""
    assert file_diff("f.json", TEXT, TEXT) == FileDiff((), 0)


def test_a_change_has_its_surroundings():
    """Three lines before and after, and where they stand."""
    assert diff(TEXT, e=50) == [
        "--- a/f.json",
        "+++ b/f.json",
        "@@ -3,7 +3,7 @@",
        '     "b": 2,',
        '     "c": 3,',
        '     "d": 4,',
        '-    "e": 5,',
        '+    "e": 50,',
        '     "f": 6,',
        '     "g": 7,',
        '     "h": 8,',
    ]


def test_neighbours_are_one_block_and_others_share_their_surroundings():
    """Lines that follow each other are taken and put together; six lines between two changes join them."""
    assert diff(TEXT, a=10, b=20, i=90) == [
        "--- a/f.json",
        "+++ b/f.json",
        "@@ -1,13 +1,13 @@",
        " {",
        '-    "a": 1,',
        '-    "b": 2,',
        '+    "a": 10,',
        '+    "b": 20,',
        *(f'     "{key}": {number},' for number, key in enumerate("cdefgh", start=3)),
        '-    "i": 9,',
        '+    "i": 90,',
        '     "j": {',
        '         "k": 10',
        "     }",
    ]


def test_far_changes_are_two_hunks():
    """The second one's place in the new file counts the lines that the first one added."""
    told = diff(TEXT, a={"x": 1, "y": 2}, j={"k": 11})
    assert [line for line in told if line[0] == "@"] == ["@@ -1,5 +1,8 @@", "@@ -9,6 +12,6 @@"]


def test_an_added_member_is_not_all_that_was_before():
    """Where an object is written anew, lines that stay at its beginning are not told."""
    told = diff(TEXT, j={"k": 10, "l": 11})
    assert told[2:] == [
        "@@ -9,6 +9,7 @@",
        '     "h": 8,',
        '     "i": 9,',
        '     "j": {',
        '-        "k": 10',
        '+        "k": 10,',
        '+        "l": 11',
        "     }",
        " }",
    ]


def test_what_stays_of_a_rewritten_object_is_not_told():
    """An object that loses a member is written anew: its first and its last lines may be as they were."""
    text = TEXT.replace('"k": 10', '"k": 10,\n        "l": 11,\n        "m": 12')
    assert diff(text, j={"k": 10, "m": 12})[2:] == [
        "@@ -10,7 +10,6 @@",
        '     "i": 9,',
        '     "j": {',
        '         "k": 10,',
        '-        "l": 11,',
        '         "m": 12',
        "     }",
        " }",
    ]


def test_a_file_on_one_line_is_one_line():
    """Several edits of a line are one change of it."""
    assert diff('{"a": 1, "b": 2}\n', a=3, b=4)[2:] == [
        "@@ -1,1 +1,1 @@",
        '-{"a": 1, "b": 2}',
        '+{"a": 3, "b": 4}',
    ]


def test_line_ends_do_not_show():
    """A carriage return belongs to the line's end."""
    assert diff('{\r\n"a": 1\r\n}\r\n', a=2)[2:] == ["@@ -1,3 +1,3 @@", " {", '-"a": 1', '+"a": 2', " }"]


def test_a_new_file_comes_from_nothing():
    """As git shows it."""
    told = file_diff("f.json", "", '{\n "a": 1\n}\n')
    assert told.lines == ("--- /dev/null", "+++ b/f.json", "@@ -0,0 +1,3 @@", "+{", '+ "a": 1', "+}")


@pytest.mark.parametrize(("count", "left_out"), [(997, 0), (998, 1), (10_000, 18_005)])
def test_a_huge_change_is_cut_and_counted(count: int, left_out: int):
    """Each member is a line taken and a line put; the heading has three lines, the braces one each."""
    old = "{\n" + ",\n".join(f'"{number}": 1' for number in range(count)) + "\n}\n"
    told = file_diff("f.json", old, old.replace(": 1", ": 2"))
    assert (len(told.lines), told.left_out) == (2 * count + 5 - left_out, left_out)
    assert len(told.lines) <= MAX_LINES


def test_a_long_line_is_cut():
    """A file that is one line of megabytes is not repeated."""
    told = file_diff(
        "f.json", '{"a": "' + "x" * 10**6 + '", "b": 1}\n', '{"a": "' + "x" * 10**6 + '", "b": 2}\n'
    )
    assert {len(line) for line in told.lines[3:]} == {MAX_CHARACTERS}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            '{\n "a": 1\n}',
            ["@@ -1,3 +1,3 @@", " {", '- "a": 1', '+ "a": 2', " }", "\\ No newline at end of file"],
        ),
        (
            '{"a": 1}',
            [
                "@@ -1,1 +1,1 @@",
                '-{"a": 1}',
                "\\ No newline at end of file",
                '+{"a": 2}',
                "\\ No newline at end of file",
            ],
        ),
        ('{"a": 1}\n', ["@@ -1,1 +1,1 @@", '-{"a": 1}', '+{"a": 2}']),
    ],
)
def test_a_last_line_without_end_is_marked(text: str, shown: list[str]):
    """As git writes it, and reads it: without the mark it refuses the diff."""
    assert diff(text, a=2)[2:] == shown
