"""What a CI service and a terminal put around a line."""

import pytest
from engine_files import STAMP
from ratchet_bot.engines.log_lines import log_line, moment, run_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GITHUB_RUN_ID: 25963872007", 25963872007),
        ("  GITHUB_RUN_ID=7", 7),
        ("https://github.com/o/r/actions/runs/42/job/3", 42),
        ("run 42", None),
        ("/actions/runs/1234567890123456789", None),
    ],
)
def test_runs_are_named_by_variable_or_address(text: str, expected: int | None):
    """Only GitHub's own spellings name a run."""
    assert run_id(text) == expected


@pytest.mark.parametrize("text", ["2026-05-17T03:11:22", "yesterday", "", None, 3, "2026-13-01T00:00:00Z"])
def test_a_time_without_zone_is_none(text: object):
    """What does not say when is no time."""
    assert moment(text) is None


def test_a_line_keeps_its_indentation():
    """Only one space belongs to the timestamp; what a carriage return overwrote is gone."""
    assert log_line(3, f"{STAMP}    x".encode()).text == "    x"
    assert log_line(3, b" 98%|##\r 99%|##\r\n").text == " 99%|##"
    assert log_line(3, b"\x1b]0;title\x07\x1b[1;31mx\x1b[K\x1b[0m").text == "x"
