"""The performance logs that newer tests of sglang print: every request of a log, also one that passed."""

import pytest
from engine_files import FLUX, FLUX_STAGES, STAMP, found, read, refused
from ratchet_bot.engines.sglang.performance_logs import MAX_LINES

STEPS_LINE = "  denoise_steps: 0=50.00ms, 1=100.00ms, 2=110.00ms"
LOG = f"""\
--- Performance Log: flux_image_t2i ---
  e2e=560.50ms, avg_denoise=86.67ms, median_denoise=100.00ms
  baseline: e2e=1.00ms, avg_denoise=2.00ms, median_denoise=3.00ms
  stages: TextEncodingStage=30.00ms, DenoisingStage=460.25ms, DecodingStage=8.58ms
{STEPS_LINE}
--- End Performance Log: flux_image_t2i ---"""
REQUEST = ("flux_image_t2i", 560.5, FLUX_STAGES, [50.0, 100.0, 110.0])


def lines_of(scenario: str) -> list[str]:
    return LOG.replace("flux_image_t2i", scenario).split("\n")


def test_a_performance_log_is_a_request():
    """All of its numbers but the baseline's, in its order; the steps have their stage."""
    reading = read(["collected 3 items", *LOG.split("\n"), "PASSED"])
    (one,) = reading.requests

    assert found(reading) == [REQUEST]
    assert (reading.kind, one.place, one.unassigned) == ("CI log", "ci.log:2", "")
    assert [(step.stage_id, step.index) for step in one.record.steps] == [(1, 0), (1, 1), (1, 2)]
    assert reading.other_lines == 2


def test_what_github_adds_and_other_lines_between_change_nothing():
    """Timestamps, colours, and the lines of a server that logs meanwhile."""
    dressed = [f"{STAMP}\x1b[32m{line}\x1b[0m" for line in LOG.split("\n")]
    between = [line for one in LOG.split("\n") for line in (one, "INFO:     127.0.0.1 - GET /health 200")]

    assert found(read(dressed)) == found(read(between)) == [REQUEST]


def test_a_request_printed_in_both_forms_is_one_request():
    """A failing test prints the log and then a baseline of the same request; another request is another."""
    other = FLUX.replace('"expected_e2e_ms": 560.5', '"expected_e2e_ms": 561.5')

    assert found(read([*LOG.split("\n"), *FLUX.split("\n")])) == [REQUEST]
    assert [e2e_ms for _, e2e_ms, *_ in found(read([*LOG.split("\n"), *other.split("\n")]))] == [560.5, 561.5]


def test_a_request_without_steps_has_none():
    """An upscaler, or a mesh: stages only."""
    lines = [line for line in LOG.split("\n") if line != STEPS_LINE]
    lines[1] = "  e2e=560.50ms, avg_denoise=0.00ms, median_denoise=0.00ms"

    assert found(read(lines)) == [("flux_image_t2i", 560.5, FLUX_STAGES, [])]


def test_two_that_are_open_at_once_prove_nothing():
    """A line that may be of either is of neither, and both say so."""
    first, second = lines_of("first"), lines_of("second")
    reading = read([first[0], second[0], *first[1:-1], *second[1:-1], first[-1], second[-1]])

    assert reading.requests == []
    assert refused(reading) == [
        ("ci.log:1", "first", "line 3 may be of second as well"),
        ("ci.log:2", "second", "line 3 may be of first as well"),
    ]


def test_one_after_the_other_are_two_requests():
    """A retry prints the same scenario again."""
    assert [name for name, *_ in found(read([*LOG.split("\n"), *lines_of("b"), *LOG.split("\n")]))] == [
        "flux_image_t2i",
        "b",
        "flux_image_t2i",
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("1=100.00ms, ", "", "line 5 does not have every step"),
        ("110.00ms", "110.00", "line 5 is not as sglang's tests print it"),
        ("DecodingStage=8.58ms", "DenoisingStage=8.58ms", "line 4 is not as sglang's tests print it"),
        ("460.25ms", "nanms", "DenoisingStage is nan: no duration from 0 to 604800000 ms"),
        (
            "86.67",
            "90.00",
            "expected_avg_denoise_ms is 90.0 but that of its 3 steps is 86.67: not of one request",
        ),
        ("  e2e=560.50ms", "e2e=560.50ms", "it has no expected_e2e_ms"),
        ("\n--- End Performance Log: flux_image_t2i ---", "", "cut off after line 5"),
    ],
)
def test_what_is_not_whole_is_refused_by_name(old: str, new: str, reason: str):
    """A line that was lost or changed makes no request, and the reason names it."""
    reading = read(LOG.replace(old, new, 1).split("\n"))

    assert reading.requests == []
    assert [why for _, _, why in refused(reading)] == [reason]


def test_one_that_falls_silent_is_cut_off():
    """What follows a thousand other lines is not taken for its end."""
    head, tail = LOG.split("\n")[:2], LOG.split("\n")[2:]
    reading = read([*head, *["a line"] * (MAX_LINES + 1), *tail])

    assert [why for _, _, why in refused(reading)] == ["cut off after line 2"]
