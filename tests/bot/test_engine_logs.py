"""sglang's performance log and perf dump: each number found, nothing made up."""

import json
import math
from typing import Any

import pytest
from engine_files import DUMP, LINE, found, read, refused
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.data.errors import BadInput
from ratchet_bot.engines.log_lines import moment
from ratchet_bot.engines.sglang.logs import dump_reading, log_reading


def test_a_performance_log():
    """Every number of a line is in its request, unrounded; the file names no scenario."""
    reading = read([json.dumps(LINE)])
    (one,) = reading.requests
    first, second = one.record.stages

    assert (reading.kind, one.scenario, one.record.request_id) == ("performance log", None, "req-7")
    assert (one.commit, one.at) == ("0123456789abcdef0123456789abcdef01234567", moment(LINE["timestamp"]))
    assert (first.name, first.host_ms, first.memory) == ("TextEncodingStage", 30.123456789012345, None)
    assert (second.name, second.host_ms) == ("DenoisingStage", 460.2)
    assert second.memory is not None
    assert second.memory.model_dump() == {
        "allocated_bytes": 1_572_864,
        "reserved_bytes": 2_097_152,
        "peak_bytes": 3_407_872,
    }
    assert [(step.stage_id, step.host_ms) for step in one.record.steps] == [(1, 45.19123456789), (1, 53.93)]
    assert one.record.total.host_ms == 560.1
    assert one.left_out == ("after_DenoisingStage.peak_reserved_mb",)


def test_a_perf_dump():
    """The `steps` of a dump are its stages; an unknown commit is none."""
    reading = dump_reading("dump.json", b"\xef\xbb\xbf" + json.dumps(DUMP, indent=2).encode())

    assert reading is not None
    assert reading.kind == "perf dump"
    assert found(reading) == [
        (None, 560.0, [("TextEncodingStage", 30.5), ("DenoisingStage", 460.2)], [45.19, 53.93])
    ]
    assert (reading.requests[0].commit, reading.requests[0].left_out) == (None, ())


def test_other_layouts_of_a_dump():
    """Stages as one object, and steps among the stages, are read too."""
    as_object = {**LINE, "stages": {"TextEncodingStage": 30.5, "DenoisingStage": 460.2}}
    steps = [
        {"name": f"denoising_step_{index}", "duration_ms": ms} for index, ms in enumerate((45.19, 53.93))
    ]
    among = {**DUMP, "steps": [*DUMP["steps"], *steps], "denoise_steps_ms": []}
    both = {**among, "denoise_steps_ms": DUMP["denoise_steps_ms"]}

    assert found(read([json.dumps(as_object)]))[0][2] == [
        ("TextEncodingStage", 30.5),
        ("DenoisingStage", 460.2),
    ]
    assert found(read([json.dumps(among)])) == found(read([json.dumps(DUMP)]))
    assert refused(read([json.dumps(both)])) == [("ci.log:1", "req-8", "its steps stand in two places")]


def test_numbers_without_a_place_are_named():
    """Other numbers of a line are told by their key; words are not."""
    (one,) = read([json.dumps({**LINE, "cache_stats": {"hits": [3]}, "meta": {"model": "flux"}})]).requests

    assert one.left_out == ("after_DenoisingStage.peak_reserved_mb", "cache_stats")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"total_duration_ms": math.nan}, "total_duration_ms is nan: no duration from 0 to 604800000 ms"),
        ({"total_duration_ms": -1}, "total_duration_ms is -1: no duration from 0 to 604800000 ms"),
        ({"total_duration_ms": True}, "total_duration_ms is True: no number"),
        ({"steps": [1.0, "2"]}, "step 1 is '2': no number"),
        ({"steps": 3}, "its steps are not a list"),
        ({"steps": [{"step": 1, "duration_ms": 2}]}, "step 0 has no duration, or another number"),
        ({"stages": 3}, "its stages are not a list"),
        ({"stages": [{"name": "A"}]}, "stage 0 has no name with one duration"),
        ({"stages": {"A": 1e300}}, "A is 1e+300: no duration from 0 to 604800000 ms"),
        ({"stages": {"": 1}}, "name: String should have at least 1 character"),
        ({"denoise_steps_ms": []}, "its steps stand in two places"),
        (
            {
                "memory_snapshots": {
                    "after_DenoisingStage": dict.fromkeys(
                        ("allocated_mb", "reserved_mb", "peak_allocated_mb"), -1
                    )
                }
            },
            "after_DenoisingStage is -1: no amount of memory",
        ),
    ],
)
def test_a_bad_line_is_refused_with_its_place(change: dict[str, Any], reason: str):
    """A request with one bad value is refused whole, by file, line and id; the next line is read."""
    reading = read([json.dumps({**LINE, **change}), json.dumps(LINE)])

    assert refused(reading) == [("ci.log:1", "req-7", reason)]
    assert len(reading.requests) == 1


def test_truncated_and_foreign_lines_are_counted():
    """A line that was cut off is named, one of others counted, one that is too long skipped."""
    whole = json.dumps(LINE).encode()
    reading = log_reading("performance.log", [whole[:50], b"", b"Loading weights", None, whole])

    assert refused(reading) == [("performance.log:1", "request", "cut off, or no JSON")]
    assert (len(reading.requests), reading.other_lines, reading.long_lines) == (1, 1, 1)


def test_a_repeated_key_hides_nothing():
    """Of a key that stands twice one value would be lost: the line is refused."""
    reading = read([json.dumps(LINE).replace('"steps": [', '"steps": [], "steps": [')])

    assert refused(reading) == [("ci.log:1", "req-7", "the key steps stands twice")]


@pytest.mark.parametrize("line", [json.dumps(LINE), '"flux": {'])
def test_an_endless_log_is_refused(line: str, monkeypatch: pytest.MonkeyPatch):
    """More requests than can be kept are a mistake that says what to do."""
    monkeypatch.setattr("ratchet_bot.engines.readings.MAX_REQUESTS", 1)

    with pytest.raises(BadInput, match=r"^ci\.log: more than 1 requests; split the file$"):
        read([line] * 2)


@given(st.binary(max_size=400))
def test_any_bytes_are_read(content: bytes):
    """No bytes make the readers fail, and none of them is taken for a request."""
    assert dump_reading("any", content) is None
    assert log_reading("any", content.split(b"\n")).requests == []


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(10**30), 10**30) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*LINE, *DUMP]), JSON))
def test_any_object_is_a_request_or_refused(document: dict[str, Any]):
    """Whatever the values of a line are, it becomes a request or is refused."""
    reading = read([json.dumps({"request_id": "r", "total_duration_ms": 1, "stages": [], **document})])

    assert len(reading.requests) + len(reading.refusals) == 1


times = st.floats(0, 1e6, allow_nan=False)


@given(st.lists(times, max_size=5), st.lists(times, max_size=5), times)
def test_a_line_is_lossless(stages: list[float], steps: list[float], total: float):
    """Each number of a line comes back bit by bit, in order."""
    listed = [{"name": f"S{index}", "execution_time_ms": ms} for index, ms in enumerate(stages)]
    line = {**LINE, "stages": listed, "steps": steps, "total_duration_ms": total}
    names = [(f"S{index}", ms) for index, ms in enumerate(stages)]

    assert found(read([json.dumps(line)])) == [(None, total, names, steps)]


def test_unassigned_steps_are_in_the_request():
    """Steps that prove nothing stay in one list without a stage, in their order, and the reason is kept."""
    stages = [
        {"name": name, "execution_time_ms": 100.0} for name in ("LTX2AVDenoisingStage", "LTX2RefinementStage")
    ]
    (one,) = read([json.dumps({**LINE, "stages": stages, "steps": [10.0, 20.0]})]).requests

    assert one.unassigned == "they fit into 2 denoising stages in more than one way"
    assert [(step.stage_id, step.index, step.host_ms) for step in one.record.steps] == [
        (None, 0, 10.0),
        (None, 1, 20.0),
    ]


def test_a_stage_that_occurs_twice():
    """Both are kept with their times; memory that could be of either is of none, and named."""
    twice = [{"name": "DenoisingStage", "execution_time_ms": ms} for ms in (100.0, 200.0)]
    (one,) = read([json.dumps({**LINE, "stages": twice, "steps": []})]).requests
    stages = [(stage.occurrence, stage.host_ms, stage.memory) for stage in one.record.stages]

    assert stages == [(0, 100.0, None), (1, 200.0, None)]
    assert one.left_out == ("after_DenoisingStage",)
