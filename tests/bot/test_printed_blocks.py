"""Printed baselines among the lines of others: recovered as they were, or refused by name."""

import itertools
import json
from datetime import UTC, datetime

import pytest
from engine_files import FLUX, FLUX_STAGES, STAMP, block, found, read, refused
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.engines.log_lines import log_line
from ratchet_bot.engines.readings import MAX_REFUSALS
from ratchet_bot.engines.sglang.printed_blocks import MAX_OPEN, MAX_SILENCE, BlockReader


def test_a_printed_baseline_is_a_request():
    """Every number of a printed block is in its request, in the block's order, with its place as id."""
    reading = read(
        ['update this baseline in the "scenarios" section of perf_baselines.json:', *FLUX.split("\n")]
    )
    (one,) = reading.requests

    assert found(reading) == [("flux_image_t2i", 560.5, FLUX_STAGES, [50.0, 100.0, 110.0])]
    assert (reading.kind, one.place, one.record.request_id) == ("CI log", "ci.log:2", "ci.log:2")
    assert (one.record.clock, one.record.frames, one.left_out) == ("host", None, ())
    assert [stage.start_ms for stage in one.record.stages] == [0.0, 0.0, 0.0]
    assert [(step.stage_id, step.index) for step in one.record.steps] == [(1, 0), (1, 1), (1, 2)]


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
    later = [f"2026-05-17T04:00:00.0Z {line}" for line in FLUX.split("\n")]
    log = [f"{STAMP}https://github.com/o/r/actions/runs/25963872007/job/3", *later]
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
    assert [stage.name for stage in one.record.stages] == [name for name, _ in FLUX_STAGES]
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
        ("flux_image_t2i", "flux image", "that is not a scenario id"),
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
            "a suggested improvement: the lowest of run and baseline, field by field, is not a request",
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
