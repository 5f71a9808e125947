"""What sglang's logs and dumps hold: each number found, nothing made up, nothing mixed up."""

import itertools
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine_logs import MAX_REFUSALS, Reading, dump_reading, log_reading
from bot.errors import BadInput
from bot.log_lines import log_line, moment, run_id
from bot.printed_blocks import MAX_OPEN, MAX_SILENCE, BlockReader
from bot.step_owners import owners

STAMP = "2026-05-17T03:11:22.123456789Z "
FLUX = """\
"flux_image_t2i": {
    "stages_ms": {
        "TextEncodingStage": 30.0,
        "DenoisingStage": 460.25,
        "DecodingStage": 8.58
    },
    "denoise_step_ms": {
        "0": 50.0,
        "1": 100.0,
        "2": 110.0
    },
    "expected_e2e_ms": 560.5,
    "expected_avg_denoise_ms": 86.67,
    "expected_median_denoise_ms": 100.0
}"""
FLUX_STAGES = [("TextEncodingStage", 30.0), ("DenoisingStage", 460.25), ("DecodingStage", 8.58)]
LINE: dict[str, Any] = {
    "request_id": "req-7",
    "timestamp": "2026-05-17T03:11:22.123456+00:00",
    "commit_hash": "0123456789abcdef0123456789abcdef01234567",
    "tag": "pipeline_stage_metrics",
    "stages": [
        {"name": "TextEncodingStage", "execution_time_ms": 30.123456789012345},
        {"name": "DenoisingStage", "execution_time_ms": 460.2},
    ],
    "steps": [45.19123456789, 53.93],
    "total_duration_ms": 560.1,
    "memory_snapshots": {
        "after_DenoisingStage": {
            "allocated_mb": 1.5,
            "reserved_mb": 2.0,
            "peak_allocated_mb": 3.25,
            "peak_reserved_mb": 4.0,
        }
    },
}
DUMP: dict[str, Any] = {
    "timestamp": "2026-05-17T03:11:22+00:00",
    "request_id": "req-8",
    "commit_hash": "N/A",
    "tag": "benchmark_dump",
    "total_duration_ms": 560,
    "steps": [
        {"name": "TextEncodingStage", "duration_ms": 30.5},
        {"name": "DenoisingStage", "duration_ms": 460.2},
    ],
    "denoise_steps_ms": [{"step": 0, "duration_ms": 45.19}, {"step": 1, "duration_ms": 53.93}],
    "memory_checkpoints": {},
    "meta": {"model": "black-forest-labs/FLUX.1-dev"},
}


def block(scenario: str, *stages: str, steps: int = 3, offset: float = 0.0) -> list[str]:
    """Return the lines of a printed baseline whose numbers differ by the offset."""
    steps_ms = {str(index): 10.0 + index + offset for index in range(steps)}
    average = round(math.fsum(steps_ms.values()) / steps, 2) if steps else 0.0
    values = {
        "stages_ms": {name: 100.0 + index + offset for index, name in enumerate(stages)},
        "denoise_step_ms": steps_ms,
        "expected_e2e_ms": 500.0 + offset,
        "expected_avg_denoise_ms": average,
        "expected_median_denoise_ms": median(steps_ms.values()) if steps else 0.0,
    }
    return f'"{scenario}": {json.dumps(values, indent=4)}'.split("\n")


def read(lines: Sequence[str]) -> Reading:
    """Return what these lines of a log hold."""
    return log_reading("ci.log", [line.encode() for line in lines])


def found(reading: Reading) -> list[tuple[Any, ...]]:
    """Return every number of every request."""
    return [
        (
            one.scenario,
            one.request.total.host_ms,
            [(stage.name, stage.host_ms) for stage in one.request.stages],
            [step.host_ms for step in one.request.steps],
        )
        for one in reading.requests
    ]


def refused(reading: Reading) -> list[tuple[str, str, str]]:
    """Return what was refused, where and why."""
    return [(one.place, one.what, one.reason) for one in reading.refusals]


def test_a_printed_baseline_is_a_request():
    """Every number of a printed block is in its request, in the block's order, with its place as id."""
    reading = read(
        ['update this baseline in the "scenarios" section of perf_baselines.json:', *FLUX.split("\n")]
    )
    (one,) = reading.requests

    assert found(reading) == [("flux_image_t2i", 560.5, FLUX_STAGES, [50.0, 100.0, 110.0])]
    assert (reading.kind, one.place, one.request.request_id) == ("CI log", "ci.log:2", "ci.log:2")
    assert (one.request.clock, one.request.frames, one.left_out) == ("host", None, ())
    assert [stage.start_ms for stage in one.request.stages] == [0.0, 0.0, 0.0]
    assert [(step.stage_id, step.index) for step in one.request.steps] == [(1, 0), (1, 1), (1, 2)]


def test_what_github_adds_is_taken_off():
    """Byte order mark, timestamps of nanoseconds, colours and worker names change nothing."""
    lines = FLUX.split("\n")
    dressed = [f"{STAMP}\x1b[31m{line}\x1b[0m\r" for line in lines]
    worker = [f"{STAMP}[gw3] {line}" for line in lines]
    job = [f"perf (h100, 1)\tRun tests\t\ufeff{STAMP}{line}" for line in lines]
    plain = found(read(lines))

    assert found(read(["\ufeff" + dressed[0], *dressed[1:]])) == plain
    assert found(read(["\ufeff" + lines[0], *lines[1:]])) == plain
    assert found(read(worker)) == plain
    assert found(read(job)) == plain


def test_time_and_run_come_from_the_log():
    """The first timestamp is when the run began; the address of the run names it."""
    log = [
        f"{STAMP}https://github.com/o/r/actions/runs/25963872007/job/3",
        *(STAMP + line for line in FLUX.split("\n")),
    ]
    reading = read(log)

    assert reading.began == datetime(2026, 5, 17, 3, 11, 22, 123456, tzinfo=UTC)
    assert reading.run_ids == {25963872007}


def test_estimates_and_frame_times_are_told_not_kept():
    """What a record has no place for is named with its value; null is no number."""
    lines = FLUX.replace(
        '"DecodingStage": 8.58', '"DecodingStage": 8.58,\n        "per_frame_generation": 33.3'
    )
    lines = lines.replace(
        '_denoise_ms": 100.0', '_denoise_ms": 100.0,\n    "estimated_full_test_time_s": 61.5'
    )
    (one,) = read(lines.split("\n")).requests
    (other,) = read(lines.replace("33.3", "null").split("\n")).requests

    assert one.left_out == ("per_frame_generation 33.3", "estimated_full_test_time_s 61.5")
    assert [stage.name for stage in one.request.stages] == [name for name, _ in FLUX_STAGES]
    assert other.left_out == ("estimated_full_test_time_s 61.5",)


def test_a_block_without_steps():
    """`{}` is an empty section: a request without steps."""
    reading = read(block("mesh", "ShapeStage", steps=0))

    assert found(reading) == [("mesh", 500.0, [("ShapeStage", 100.0)], [])]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("460.25", "NaN", 4, "DenoisingStage is nan: no duration from 0 to 604800000 ms"),
        ("460.25", "Infinity", 4, "DenoisingStage is inf: no duration from 0 to 604800000 ms"),
        ("460.25", "-3", 4, "DenoisingStage is -3.0: no duration from 0 to 604800000 ms"),
        ("460.25", "1" * 400, 4, "DenoisingStage is inf: no duration from 0 to 604800000 ms"),
        ("460.25", "null", 4, "DenoisingStage is None: no number"),
        ("110.0", "1e9", 10, "step 2 is 1000000000.0: no duration from 0 to 604800000 ms"),
        ("560.5", "null", 12, "expected_e2e_ms is None: no number"),
        (
            "86.67",
            "95.0",
            13,
            "expected_avg_denoise_ms is 95.0 but that of its 3 steps is 86.67: not of one request",
        ),
        (
            '_denoise_ms": 100.0',
            '_denoise_ms": 50.0',
            14,
            "expected_median_denoise_ms is 50.0 but that of its 3 steps is 100.00: not of one request",
        ),
    ],
)
def test_bad_numbers_are_refused_with_their_line(old: str, new: str, line: int, reason: str):
    """A value that is no measurement, or that contradicts the steps, refuses the block and says where."""
    reading = read(FLUX.replace(old, new, 1).split("\n"))

    assert reading.requests == []
    assert refused(reading) == [(f"ci.log:{line}", "flux_image_t2i", reason)]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("flux_image_t2i", "flux image", "that is no scenario's id"),
        ('    "expected_e2e_ms": 560.5,\n', "", "it has no expected_e2e_ms"),
        ('"stages_ms"', '"stage_ms"', "it has no stages_ms"),
        ('        "1": 100.0,\n', "", "cut off after line 8"),
        (
            '        "DecodingStage": 8.58\n',
            "",
            "line 6 does not follow: a line is missing, or there is another block",
        ),
    ],
)
def test_a_damaged_block_is_refused_by_name(old: str, new: str, reason: str):
    """A block that lost a line is never taken for a whole one."""
    reading = read(FLUX.replace(old, new).split("\n"))

    assert reading.requests == []
    assert [why for _, _, why in refused(reading)] == [reason]


def test_suggested_improvements_are_no_measurement():
    """The blocks under POTENTIAL BASELINE IMPROVEMENTS end in a comma: they are field-by-field minima."""
    reading = read([*FLUX.split("\n")[:-1], "},"])

    assert refused(reading) == [
        (
            "ci.log:1",
            "flux_image_t2i",
            "a suggested improvement: the lowest of run and baseline, field by field, is no request",
        )
    ]


def test_a_printed_baseline_file_is_no_measurement():
    """Scenarios of a file that somebody printed are indented: none of them is taken."""
    reading = read(
        json.dumps({"scenarios": {"flux": json.loads("{" + FLUX + "}")["flux_image_t2i"]}}, indent=4).split(
            "\n"
        )
    )

    assert (reading.requests, reading.refusals) == ([], [])


def test_two_interleaved_blocks_are_told_apart():
    """Where each line fits only one of two open blocks, both are recovered."""
    one, two = block("flux", "A", "B", steps=5), block("wan", "C", "D", "E", steps=3, offset=0.5)
    # flux is ahead of wan all the time
    mixed = [*one[:8], *two[:6], *one[8:10], *two[6:8], *one[10:], *two[8:]]

    assert sorted(found(read(mixed))) == sorted(found(read(one)) + found(read(two)))


def test_a_line_of_two_blocks_refuses_both():
    """A stage that could be of either open block proves nothing, so neither is taken, and both are named."""
    one, two = block("flux", "A", "B"), block("wan", "C", "D", offset=0.5)
    reading = read([*one[:3], *two[:3], one[3], two[3], *two[4:], *one[4:]])

    assert reading.requests == []
    assert {(what, why) for _, what, why in refused(reading)} == {
        ("flux", "line 6 may be of wan as well"),
        ("wan", "line 6 may be of flux as well"),
    }


def test_a_block_after_one_that_was_cut_off():
    """A block in one piece is taken although an earlier one never ended; that one is refused by name."""
    reading = read([*block("flux", "A", "B")[:3], "killed", *block("wan", "C", "D")])

    assert [one.scenario for one in reading.requests] == ["wan"]
    assert refused(reading) == [("ci.log:1", "flux", "cut off after line 3")]


def test_a_torn_block_after_one_that_was_cut_off():
    """Where others write in between, a line may have been the last of the block that was cut off."""
    torn = block("wan", "C", "D")
    reading = read([*block("flux", "A", "B")[:3], *torn[:4], "in between", *torn[4:]])

    assert reading.requests == []
    assert refused(reading) == [
        ("ci.log:1", "flux", "cut off after line 3"),
        ("ci.log:4", "wan", "line 6 may be of flux as well"),
    ]


def test_a_step_is_no_stage():
    """A step of a block without a beginning is not taken for a stage of another."""
    whole = block("flux", "A", "B")
    reading = read([*whole[:3], '        "17": 33.1,', *whole[3:]])

    assert (reading.requests, len(reading.refusals)) == ([], 1)


def test_lines_of_a_block_without_its_beginning_spoil_the_stages_of_another():
    """Where members of an unknown block stand, a stage between them may be its own."""
    other = block("wan", "C", "D")
    reading = read([*block("flux", "A", "B")[:3], other[3], other[5], *block("flux", "A", "B")[3:]])

    assert reading.requests == []
    assert refused(reading) == [
        ("ci.log:1", "flux", "line 5 does not follow: a line is missing, or there is another block")
    ]


def test_workers_and_jobs_are_kept_apart():
    """Lines that name their worker cannot be mixed up, however they are interleaved."""
    one = [f"[gw0] {line}" for line in block("flux", "A", "B")]
    two = [f"[gw1] {line}" for line in block("wan", "A", "B", offset=0.5)]
    mixed = list(itertools.chain.from_iterable(zip(one, two, strict=True)))

    assert [one.scenario for one in read(mixed).requests] == ["flux", "wan"]


def test_a_silent_block_ends():
    """After thousands of lines a block that was cut off claims nothing any more."""
    silence = ["server: ready"] * (MAX_SILENCE + 1)
    whole = block("wan", "C", "D")
    reading = read([*block("flux", "A", "B")[:3], *silence, *whole[:4], "in between", *whole[4:]])

    assert [one.scenario for one in reading.requests] == ["wan"]


def test_beginnings_without_end_are_bounded():
    """A log of nothing but beginnings is read in linear time, and every one is named or counted."""
    reading = read(['"flux": {', '    "stages_ms": {'] * (MAX_REFUSALS + MAX_OPEN))

    blocks = BlockReader()
    for number in range(2 * MAX_OPEN):
        blocks.read(log_line(number, b'"flux": {'))

    assert (len(reading.refusals), reading.more_refusals) == (MAX_REFUSALS, MAX_OPEN)
    assert len(blocks._open) == MAX_OPEN


FOREIGN = st.text(max_size=40).filter(
    lambda text: not text.lstrip(" \t\r[gw0123456789]").startswith(('"', "}"))
)


@given(st.data())
def test_foreign_lines_change_nothing(data: st.DataObject):
    """Whatever stands between the lines of a block, the same request is found."""
    lines = FLUX.split("\n")
    between = data.draw(st.lists(st.lists(FOREIGN, max_size=3), min_size=len(lines), max_size=len(lines)))
    mixed = [part for line, others in zip(lines, between, strict=True) for part in (*others, STAMP + line)]

    assert found(read("\n".join(mixed).split("\n"))) == found(read(lines))


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.booleans()), min_size=2, max_size=3),
    st.data(),
)
def test_interleaved_blocks_are_right_or_refused(shapes: list[tuple[int, int, bool]], data: st.DataObject):
    """However whole blocks are interleaved, what is found is one of them, the others are refused by name."""
    blocks = [
        block(
            f"s{index}",
            *[f"{'Shared' if shared else f'Own{index}'}{n}" for n in range(stages)],
            steps=steps,
            offset=index,
        )
        for index, (stages, steps, shared) in enumerate(shapes)
    ]
    whole = [found(read(lines))[0] for lines in blocks]
    order = data.draw(st.permutations([index for index, lines in enumerate(blocks) for _ in lines]))
    rest = [iter(lines) for lines in blocks]
    reading = read([next(rest[index]) for index in order])

    assert all(one in whole for one in found(reading))
    assert len(reading.requests) + len(reading.refusals) == len(blocks)


def test_a_performance_log():
    """Every number of a line is in its request, unrounded; the file names no scenario."""
    reading = read([json.dumps(LINE)])
    (one,) = reading.requests
    first, second = one.request.stages

    assert (reading.kind, one.scenario, one.request.request_id) == ("performance log", None, "req-7")
    assert (one.commit, one.at) == ("0123456789abcdef0123456789abcdef01234567", moment(LINE["timestamp"]))
    assert (first.name, first.host_ms, first.memory) == ("TextEncodingStage", 30.123456789012345, None)
    assert (second.name, second.host_ms) == ("DenoisingStage", 460.2)
    assert second.memory is not None
    assert second.memory.model_dump() == {
        "allocated_bytes": 1_572_864,
        "reserved_bytes": 2_097_152,
        "peak_bytes": 3_407_872,
    }
    assert [(step.stage_id, step.host_ms) for step in one.request.steps] == [(1, 45.19123456789), (1, 53.93)]
    assert one.request.total.host_ms == 560.1
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
        ({"steps": 3}, "its steps are no list"),
        ({"steps": [{"step": 1, "duration_ms": 2}]}, "step 0 has no duration, or another number"),
        ({"stages": 3}, "its stages are no list"),
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


def test_an_endless_log_is_refused(monkeypatch: pytest.MonkeyPatch):
    """More requests than can be kept are a mistake that says what to do."""
    monkeypatch.setattr("bot.engine_logs.MAX_REQUESTS", 1)

    with pytest.raises(BadInput, match=r"^ci\.log: more than 1 requests; split the file$"):
        read([json.dumps(LINE)] * 2)


@given(st.binary(max_size=400))
def test_any_bytes_are_read(content: bytes):
    """No bytes make the readers fail."""
    dump_reading("any", content)
    log_reading("any", content.split(b"\n"))


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


@pytest.mark.parametrize(
    ("stages", "steps", "expected"),
    [
        ([100.0], [60.0, 60.0], (0, 0)),  # one stage: whatever it took
        ([4522.0, 545.0], [1500.0, 1500.0, 1520.0, 192.0, 172.0, 166.0], (0, 0, 0, 1, 1, 1)),
        ([30.0, 100.0], [50.0, 40.0], (1, 1)),  # the first stage recorded none
        ([100.0, 5.0], [50.0, 50.01], (0, 0)),  # 0.01 ms a step is rounding
        ([], [], ()),
    ],
)
def test_steps_are_assigned_where_the_times_prove_it(
    stages: list[float], steps: list[float], expected: tuple[int, ...]
):
    """One denoising stage, or one and only one split that fits, owns the steps."""
    assert owners(stages, steps).stages == expected


@pytest.mark.parametrize(
    ("stages", "steps", "reason"),
    [
        ([100.0, 100.0], [10.0, 10.0], "they fit into 2 denoising stages in more than one way"),
        ([10.0, 10.0], [50.0, 50.0], "they do not fit into 2 denoising stages"),
        ([], [50.0], "no stage denoises"),
    ],
)
def test_unproven_steps_stay_unassigned(stages: list[float], steps: list[float], reason: str):
    """Where two splits fit, or none, no step has a stage, and it is said why."""
    owned = owners(stages, steps)

    assert (set(owned.stages), owned.reason) == ({None}, reason)


@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=4), st.lists(st.integers(0, 6), min_size=1, max_size=6)
)
def test_owners_agree_with_trying_every_split(stages: list[int], steps: list[int]):
    """Steps are assigned exactly when one split of all fits, and then to that one."""
    slack = 0.01 * len(steps)
    cuts = itertools.combinations_with_replacement(range(len(steps) + 1), len(stages) - 1)
    splits = [[0, *inner, len(steps)] for inner in cuts]
    fitting = [
        split
        for split in splits
        if all(
            sum(steps[begin:end]) <= stage + slack
            for begin, end, stage in zip(split, split[1:], stages, strict=False)
        )
    ]
    expected: tuple[int | None, ...] = (None,) * len(steps)
    if len(fitting) == 1:
        (only,) = fitting
        expected = tuple(stage for stage in range(len(stages)) for _ in range(only[stage + 1] - only[stage]))

    assert owners(stages, steps).stages == expected


def test_unassigned_steps_are_in_the_request():
    """Steps that prove nothing stay in one list without a stage, in their order, and the reason is kept."""
    stages = [
        {"name": name, "execution_time_ms": 100.0} for name in ("LTX2AVDenoisingStage", "LTX2RefinementStage")
    ]
    (one,) = read([json.dumps({**LINE, "stages": stages, "steps": [10.0, 20.0]})]).requests

    assert one.unassigned == "they fit into 2 denoising stages in more than one way"
    assert [(step.stage_id, step.index, step.host_ms) for step in one.request.steps] == [
        (None, 0, 10.0),
        (None, 1, 20.0),
    ]
