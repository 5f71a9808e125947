from contextlib import suppress

import pytest
from clocks import Clock
from ratchet_profiler.record import MAX_MESSAGE
from ratchet_profiler.stages import RequestProfiler, error_line
from timings import steps_of


def test_an_error_is_recorded_in_its_stage_and_goes_on(clock: Clock, request_profiler: RequestProfiler):
    """The caller sees the exception; the record has it in every stage that it left, and the time until it."""
    with pytest.raises(RuntimeError, match="out of"), request_profiler as request:  # noqa: PT012 - what raises is a request
        with request.stage("TextEncodingStage"):
            clock.pass_ms(1)
        with request.stage("DenoisingStage"), request.stage("AttentionStage"):
            clock.pass_ms(4)
            raise RuntimeError("out of\n  memory")
    record = request.record("r")
    assert [(s.name, s.host_ms, s.error) for s in record.stages] == [
        ("TextEncodingStage", 1.0, None),
        ("DenoisingStage", 4.0, "RuntimeError: out of memory"),
        ("AttentionStage", 4.0, "RuntimeError: out of memory"),
    ]
    assert record.total.host_ms == 5.0


def test_a_step_with_an_error_is_no_timing(clock: Clock, request_profiler: RequestProfiler):
    """Half a step would be a fast step: the stage carries the error, the finished steps stay."""
    with pytest.raises(ValueError, match="nan"), request_profiler as request, request.stage("DenoisingStage"):  # noqa: PT012 - what raises is a request
        with request.stage("denoising_step_0"):
            clock.pass_ms(5)
        with request.stage("denoising_step_1"):
            clock.pass_ms(1)
            raise ValueError("nan")
    record = request.record("r")
    assert steps_of(record) == [(0, 0, 5.0)]
    assert [(s.host_ms, s.error) for s in record.stages] == [(6.0, "ValueError: nan")]


def test_an_error_that_a_stage_swallows_is_not_its_error(clock: Clock, request_profiler: RequestProfiler):
    """A stage that finished has no error: only what left it is recorded."""
    with request_profiler as request, request.stage("Outer"), suppress(KeyError), request.stage("Inner"):
        clock.pass_ms(1)
        raise KeyError("gone")
    assert [(s.name, s.error) for s in request.record("r").stages] == [
        ("Outer", None),
        ("Inner", "KeyError: 'gone'"),
    ]


def test_what_is_open_ends_with_the_request(clock: Clock, request_profiler: RequestProfiler):
    """A stage that nobody closed ends with the request, with its error, and not with a made-up time."""
    with pytest.raises(KeyboardInterrupt), request_profiler as request:  # noqa: PT012 - what raises is a request
        request.loop("DenoisingStage", 4).boundary()
        clock.pass_ms(3)
        raise KeyboardInterrupt
    record = request.record("r")
    assert [(s.host_ms, s.error) for s in record.stages] == [(3.0, "KeyboardInterrupt")]
    assert steps_of(record) == [(0, 0, 0.0)]


def test_there_is_no_record_before_the_end(request_profiler: RequestProfiler):
    """A record of half a request would look like a fast one."""
    with request_profiler as request, pytest.raises(RuntimeError, match="once its with block has ended"):
        request.record("r")


def test_an_error_line_is_one_bounded_line_of_valid_text():
    """Whatever an engine raises fits into the record."""
    line = error_line(ValueError("a\n\tb \udcff" + "x" * 5000))
    assert line.startswith("ValueError: a b ?xxx")
    assert len(line) == MAX_MESSAGE
