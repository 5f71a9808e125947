import json
from typing import Any

from builders import make_baselines
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.data.json_text import line_of, member_lines

TEXT = """{
  "metadata": {"model": "x"},
  "scenarios": {
    "flux": {
      "stages_ms": {"A": 1.0,
        "B": 2.0},
      "expected_e2e_ms": 3.0
    }, "a\\"{b": {"list": [{"c": 1}, "d"],
      "": "e"}
  }
}"""


def test_each_member_has_its_line():
    """Keys are found by the way that leads to them, whatever is in strings."""
    lines = member_lines(TEXT)

    assert lines[("metadata", "model")] == 2
    assert lines[("scenarios", "flux", "stages_ms", "A")] == 5
    assert lines[("scenarios", "flux", "stages_ms", "B")] == 6
    assert lines[("scenarios", "flux", "expected_e2e_ms")] == 7
    assert lines[("scenarios", 'a"{b')] == 8
    assert lines[("scenarios", 'a"{b', "")] == 9


def test_the_nearest_member_is_shown():
    """A field that is missing is shown at its scenario; a scenario that is missing, at the top."""
    lines = member_lines(TEXT)

    assert line_of(lines, ("scenarios", "flux", "expected_avg_denoise_ms")) == 4
    assert line_of(lines, ("scenarios", "wan", "stages_ms", "A")) == 3
    assert line_of(lines, ("gone",)) == 1


def test_of_a_repeated_key_the_last_counts():
    """It is the last one that is read."""
    assert member_lines('{"a": 1,\n"a": 2}') == {("a",): 2}


def test_a_baseline_file_names_every_value():
    """Each value of a scenario is found where it stands."""
    text = make_baselines().text
    lines = member_lines(text)

    for field in ("expected_e2e_ms", "stages_ms", "denoise_step_ms"):
        line = line_of(lines, ("scenarios", "flux", field))
        assert f'"{field}"' in text.splitlines()[line - 1]


@given(
    st.recursive(
        st.none() | st.text(), lambda it: st.lists(it) | st.dictionaries(st.text(), it), max_leaves=9
    )
)
def test_every_member_of_any_text_is_on_its_line(document: Any):
    """Whatever the document, the line that is told holds the key."""
    text = json.dumps(document, indent=1)
    for keys, line in member_lines(text).items():
        assert json.dumps(keys[-1]) in text.split("\n")[line - 1]
