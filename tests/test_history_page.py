"""What docs/history.md says of a line, the code keeps."""

import re
from pathlib import Path

from ratchet_bot.data.history import MAX_FIELDS, HistoryLine, history_from_files, line_to_text, path_of

TEXT = (Path(__file__).parent.parent / "docs/history.md").read_text("utf-8")


def example() -> str:
    """Return the line of the page."""
    found = re.search(r"```json\n(.+?)\n```", TEXT)
    assert found
    return found[1]


def test_every_field_is_explained():
    """The table has the fields of a line, in their order."""
    heads = re.findall(r"^\| (`.+?) \|", TEXT, flags=re.MULTILINE)

    assert re.findall(r"`(\w+)`", " ".join(heads)) == list(HistoryLine.model_fields)
    assert f"at most {MAX_FIELDS}:" in TEXT


def test_the_example_is_a_line():
    """It is read, written back as it is, and lies in the file that the page names."""
    history = history_from_files([example().encode()])
    [line] = history.lines

    assert line_to_text(line) == example()
    assert path_of(line.hardware, line.captured_at) in TEXT
