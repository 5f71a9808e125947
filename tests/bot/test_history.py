"""The lines of the history: written once, read back equal, and counted only when they should be."""

from datetime import UTC, datetime

from history_lines import KEY, make_line
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.data.history import (
    HistoryLine,
    appended,
    flagged,
    history_from_files,
    latest_keys,
    line_to_text,
    past,
    path_of,
    paths_until,
    series_of,
)

FIRST = (
    '{"version":1,"hardware":"h100","scenario":"flux","run_id":25963872007,"head_sha":"0ddba11","captured_at":'
    '"2026-11-01T02:17:00Z","comparability":"H100 x2","environment":"torch 2.13.0","runner":"gpu-7",'
    '"requests":3,"valid":true,"values":{"expected_e2e_ms":612.345}}'
)
"""A line as the first release wrote it. Never change it: such lines are on branches that nobody rewrites."""
FIRST_EMPTY = (
    '{"version":1,"hardware":"h100","run_id":7,"head_sha":"0ddba11","captured_at":"2026-11-01T02:17:00Z",'
    '"valid":false,"reason":"no artifact","excluded":"a broken fan"}'
)
"""The same, of a run that said nothing."""


def text_of(*lines: HistoryLine) -> str:
    """Return the file that holds these lines."""
    return "".join(f"{line_to_text(line)}\n" for line in lines)


lines = st.builds(
    make_line,
    st.integers(1, 40),
    st.floats(0, 1e6),
    scenario=st.sampled_from(["", "flux", "wan.1"]),
    run_attempt=st.integers(1, 3),
    valid=st.booleans(),
    reason=st.text(max_size=20),
    excluded=st.text(max_size=20),
    runner=st.none() | st.text(max_size=20),
)


def test_a_line_of_the_first_release_loads_and_says_what_it_said():
    """A new field is not known of an old line: it has a default, and the line is written back as it was."""
    read = history_from_files([f"{FIRST}\n{FIRST_EMPTY}\n".encode()])
    full, empty = read.lines

    assert read.broken == 0
    assert text_of(full, empty) == f"{FIRST}\n{FIRST_EMPTY}\n"
    assert (full.hardware, full.scenario, full.run_id, full.run_attempt) == ("h100", "flux", 25963872007, 1)
    assert full.captured_at == datetime(2026, 11, 1, 2, 17, tzinfo=UTC)
    assert (full.comparability, full.environment) == ("H100 x2", "torch 2.13.0")
    assert (full.runner, full.requests) == ("gpu-7", 3)
    assert (full.counts, full.values) == (True, {"expected_e2e_ms": 612.345})
    assert (empty.scenario, empty.counts, empty.reason) == ("", False, "no artifact")
    assert empty.excluded == "a broken fan"


def test_what_a_line_must_have_is_what_the_first_release_wrote():
    """A field without a default would break every line that was written before it."""
    required = {name for name, field in HistoryLine.model_fields.items() if field.is_required()}

    assert required == {"hardware", "run_id", "head_sha", "captured_at", "valid"}


@given(st.lists(lines))
def test_what_is_appended_is_read_back(written: list[HistoryLine]):
    """Every line is read back equal, whatever its words are; of two of one identity the first stays."""
    first = {line.identity: line for line in reversed(written)}
    read = history_from_files([appended("", written).encode()])

    assert read.broken == 0
    assert {line.identity: line for line in read.lines}.keys() == first.keys()
    assert all(line in written for line in read.lines)
    assert len(read.lines) == len(first)


@given(st.lists(lines), st.lists(lines))
def test_appending_again_changes_nothing(first: list[HistoryLine], second: list[HistoryLine]):
    """What is there stays byte for byte, and a line that is there is not added a second time."""
    before = appended("", first)
    after = appended(before, second)

    assert after.startswith(before)
    assert appended(after, [*second, *first]) == after


def test_a_broken_line_harms_no_other():
    """Half a line, another version, an unknown key, an endless line: counted, and the good one is read."""
    good = line_to_text(make_line())
    broken = [good[:50], good.replace('"version":1', '"version":2'), good.replace('"valid"', '"vaild"')]
    text = "\n".join([*broken, good, "", "x" * 40_000, "[" * 2000, "null"])
    read = history_from_files([text.encode()])

    assert (read.lines, read.broken) == ((make_line(),), 6)


def test_a_file_without_a_last_newline_is_mended():
    """A file that a person has edited may lack its last newline: the next line does not run into it."""
    text = appended(line_to_text(make_line(1)), [make_line(2)])

    assert [line.run_id for line in history_from_files([text.encode()]).lines] == [1, 2]


def test_only_what_counts_is_past():
    """Invalid, excluded, other hardware and another key are left out; the rest is told oldest first."""
    told = [
        make_line(4, 104.0),
        make_line(1, 101.0),
        make_line(2, 999.0, valid=False),
        make_line(3, 999.0, excluded="node 7 was broken"),
        make_line(5, 999.0, hardware="ascend"),
        make_line(6, 999.0, comparability="H100 x2 | driver 580"),
        make_line(7, 999.0, scenario="wan"),
    ]

    assert past(told, "h100", {"flux": KEY}) == {"flux": {"expected_e2e_ms": [101.0, 104.0]}}


def test_a_run_counts_once():
    """Of several attempts of a run the last one that counts is taken."""
    told = [
        make_line(1, 103.0, run_attempt=3, valid=False),
        make_line(1, 102.0, run_attempt=2),
        make_line(1, 101.0),
    ]

    assert past(told, "h100", {"flux": KEY}) == {"flux": {"expected_e2e_ms": [102.0]}}


def test_a_value_may_be_missing_in_a_night():
    """Each field has the nights that have it."""
    told = [make_line(1, values={"a": 1.0}), make_line(2, values={"a": 2.0, "b": 5.0})]

    assert past(told, "h100", {"flux": KEY}) == {"flux": {"a": [1.0, 2.0], "b": [5.0]}}


def test_the_latest_key_is_the_series_that_is_shown():
    """A scenario's present series is that of its last line that counts."""
    told = [make_line(1), make_line(2, comparability="new"), make_line(3, comparability="bad", valid=False)]
    keys = latest_keys(told, "h100")

    assert keys == {"flux": "new"}
    assert [line.run_id for line in series_of(told, "h100", keys)["flux"]] == [2]


def test_excluding_sets_a_flag_and_nothing_else():
    """The lines that are meant get the reason; every other byte stays, also of what cannot be read."""
    text = f"{text_of(make_line(1), make_line(2))}what is this\n{text_of(make_line(3))}"
    changed, count = flagged(text, lambda line: line.run_id == 2, "shared machine")
    read = history_from_files([changed.encode()])

    assert (count, [line.excluded for line in read.lines]) == (1, ["", "shared machine", ""])
    assert changed == text.replace(
        line_to_text(make_line(2)), line_to_text(make_line(2, excluded="shared machine"))
    )
    assert flagged(changed, lambda line: line.run_id == 2, "shared machine") == (changed, 0)


def test_files_are_by_month_in_utc():
    """A run belongs to the month in UTC; the months before it reach over the end of a year."""
    late = datetime.fromisoformat("2026-02-01T00:30:00+02:00")

    assert path_of("h100", late) == "h100/2026-01.jsonl"
    assert paths_until("h100", late, 3) == ["h100/2025-11.jsonl", "h100/2025-12.jsonl", "h100/2026-01.jsonl"]
