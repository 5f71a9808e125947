import warnings

import pytest
from clocks import Clock
from hypothesis import given
from hypothesis import strategies as st
from ratchet_profiler.stages import RequestProfiler, StageProfiler, StepNameMisplaced
from ratchet_profiler.timers import HostTimer
from timings import stages_of, steps_of


def test_a_stage_has_its_start_and_its_time(clock: Clock, request_profiler: RequestProfiler):
    """Times are milliseconds since the request began, and the total includes what is in no stage."""
    with request_profiler as request:
        clock.pass_ms(1)
        with request.stage("TextEncodingStage"):
            clock.pass_ms(2.5)
        clock.pass_ms(4)
    record = request.record("r", warmup=True, frames=9)
    assert stages_of(record) == [(0, "TextEncodingStage", 0, None, 1.0, 2.5)]
    assert (record.total.host_ms, record.total.device_ms, record.clock) == (7.5, None, "host")
    assert (record.request_id, record.warmup, record.frames) == ("r", True, 9)


def test_a_name_that_begins_with_the_prefix_is_a_step(clock: Clock, request_profiler: RequestProfiler):
    """`denoising_step_*` is a step of the stage around it, whatever comes after the prefix."""
    with request_profiler as request, request.stage("DenoisingStage"):
        for number, ms in enumerate((3, 5)):
            with request.stage(f"denoising_step_{number}"):
                clock.pass_ms(ms)
            clock.pass_ms(1)
    record = request.record("r")
    assert stages_of(record) == [(0, "DenoisingStage", 0, None, 0.0, 10.0)]
    assert steps_of(record) == [(0, 0, 3.0), (0, 1, 5.0)]


@pytest.mark.parametrize("name", ["Denoising", "my_denoising_step_0"])
def test_record_as_step_makes_any_name_a_step(clock: Clock, request_profiler: RequestProfiler, name: str):
    """The flag is enough, and then the name is nobody's concern: no warning."""
    with request_profiler as request, StageProfiler(name, request, record_as_step=True):
        clock.pass_ms(2)
    record = request.record("r")
    assert (stages_of(record), steps_of(record)) == ([], [(None, 0, 2.0)])


def test_a_step_outside_of_any_stage_is_owned_by_none(clock: Clock, request_profiler: RequestProfiler):
    """Nothing is made up for it, and its index counts among its like."""
    with request_profiler as request:
        with request.stage("denoising_step_7"):
            clock.pass_ms(1)
        with request.stage("DenoisingStage"), request.stage("denoising_step_0"):
            clock.pass_ms(2)
        with request.stage("denoising_step_8"):
            clock.pass_ms(3)
    assert steps_of(request.record("r")) == [(None, 0, 1.0), (0, 0, 2.0), (None, 1, 3.0)]


def test_a_misplaced_prefix_warns_once_and_is_a_stage(clock: Clock, request_profiler: RequestProfiler):
    """A name that only contains the prefix is no step; the warning says what to do, once a name."""
    with pytest.warns(StepNameMisplaced) as caught, request_profiler as request:  # noqa: PT031 - one request is one claim
        for _ in range(3):
            with request.stage("unet_denoising_step_0"):
                clock.pass_ms(1)
    message = (
        "'unet_denoising_step_0' is recorded as a stage, not as a denoising step: begin its name with "
        "'denoising_step_', or pass record_as_step=True"
    )
    assert [str(warning.message) for warning in caught] == [message]
    assert caught[0].filename == __file__
    record = request.record("r")
    assert [stage.occurrence for stage in record.stages] == [0, 1, 2]
    assert record.steps == ()


def test_each_request_and_each_name_warns_for_itself():
    """A second request is told again: its reader may be another."""
    with pytest.warns(StepNameMisplaced) as caught:  # noqa: PT031 - two requests are one claim
        for _ in range(2):
            with RequestProfiler() as request:
                for name in ("a_denoising_step_0", "b_denoising_step_0"):
                    with request.stage(name):
                        pass
    assert len(caught) == 4


def test_a_stage_that_occurs_twice_is_kept_twice(clock: Clock, request_profiler: RequestProfiler):
    """Nothing is overwritten: the second text encoding is occurrence 1."""
    with request_profiler as request:
        for ms in (2, 3):
            with request.stage("TextEncodingStage"):
                clock.pass_ms(ms)
    assert stages_of(request.record("r")) == [
        (0, "TextEncodingStage", 0, None, 0.0, 2.0),
        (1, "TextEncodingStage", 1, None, 2.0, 3.0),
    ]


def test_a_nested_stage_names_its_parent_past_a_step(clock: Clock, request_profiler: RequestProfiler):
    """The parent is the nearest stage, even when a step lies between."""
    with request_profiler as request, request.stage("DenoisingStage"):
        with request.stage("denoising_step_0"), request.stage("AttentionStage"):
            clock.pass_ms(2)
        with request.stage("SchedulerStage"):
            clock.pass_ms(1)
    record = request.record("r")
    assert [(s.name, s.parent) for s in record.stages] == [
        ("DenoisingStage", None),
        ("AttentionStage", 0),
        ("SchedulerStage", 0),
    ]
    assert steps_of(record) == [(0, 0, 2.0)]


def test_two_denoising_stages_own_their_steps(clock: Clock, request_profiler: RequestProfiler):
    """The refinement's steps are not mixed into the first stage's."""
    with request_profiler as request:
        for name, times_ms in (("DenoisingStage", (1, 2, 3)), ("RefinementStage", (10, 20))):
            with request.stage(name):
                for ms in times_ms:
                    with request.stage("denoising_step_x"):
                        clock.pass_ms(ms)
    assert steps_of(request.record("r")) == [
        (0, 0, 1.0),
        (0, 1, 2.0),
        (0, 2, 3.0),
        (1, 0, 10.0),
        (1, 1, 20.0),
    ]


names = st.sampled_from(["A", "B", "denoising_step_0", "denoising_step_1"])
trees = st.recursive(st.just([]), lambda inner: st.lists(st.tuples(names, inner), max_size=4), max_leaves=25)


@given(tree=trees)
def test_any_nesting_of_spans_makes_a_valid_record(tree: list):
    """Whatever a pipeline does, the record holds each span once and children lie within their parents."""

    def run(spans: list) -> int:
        total = len(spans)
        for name, inner in spans:
            with request.stage(name):
                clock.pass_ms(1)
                total += run(inner)
        return total

    clock = Clock()
    with warnings.catch_warnings(action="error"), RequestProfiler(HostTimer(clock)) as request:
        count = run(tree)
    record = request.record("r")
    assert len(record.stages) + len(record.steps) == count == record.total.host_ms
    for stage in record.stages:
        if stage.parent is not None:
            parent = record.stages[stage.parent]
            assert parent.start_ms <= stage.start_ms
            assert stage.start_ms + stage.host_ms <= parent.start_ms + parent.host_ms
