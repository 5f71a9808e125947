from clocks import NS_PER_MS, Clock
from hypothesis import given
from hypothesis import strategies as st
from ratchet_profiler.stages import RequestProfiler
from ratchet_profiler.timers import HostTimer
from timings import stages_of, steps_of


def test_the_steps_of_a_loop_share_their_boundaries(clock: Clock, request_profiler: RequestProfiler):
    """One mark ends a step and begins the next, and the last step ends with the stage: no gap, no tail."""
    with request_profiler as request:
        clock.pass_ms(1)
        loop = request.loop("DenoisingStage", 3)
        for ms in (2, 3, 4):
            clock.pass_ms(ms)
            loop.boundary()
        clock.pass_ms(0.5)
        loop.finish()
        clock.pass_ms(9)
    record = request.record("r")
    assert stages_of(record) == [(0, "DenoisingStage", 0, None, 1.0, 9.5)]
    assert steps_of(record) == [(0, 0, 2.0), (0, 1, 3.0), (0, 2, 4.5)]


def test_a_loop_left_early_leaves_the_remainder_to_the_stage(clock: Clock, request_profiler: RequestProfiler):
    """Without an error and before its total, what came after the last boundary is no step."""
    with request_profiler as request:
        loop = request.loop("DenoisingStage", 3)
        clock.pass_ms(2)
        loop.boundary()
        clock.pass_ms(7)
        loop.finish()
    record = request.record("r")
    assert (stages_of(record)[0][-1], steps_of(record)) == (9.0, [(0, 0, 2.0)])


def test_a_loop_of_unknown_length_has_no_last_step(clock: Clock, request_profiler: RequestProfiler):
    """Nobody said which step is the last, so none is made longer."""
    with request_profiler as request:
        loop = request.loop("DenoisingStage", None)
        clock.pass_ms(2)
        loop.boundary()
        clock.pass_ms(1)
        loop.finish()
    assert steps_of(request.record("r")) == [(0, 0, 2.0)]


def test_steps_that_ended_together_have_one_time(clock: Clock, request_profiler: RequestProfiler):
    """`update(2)` is one interval: to halve it would make up two numbers."""
    with request_profiler as request:
        loop = request.loop("DenoisingStage", 3)
        for ms, steps in ((2, 1), (5, 2)):
            clock.pass_ms(ms)
            loop.boundary(steps)
        clock.pass_ms(1)
        loop.finish()
    assert steps_of(request.record("r")) == [(0, 0, 2.0), (0, 1, 6.0)]


def test_finishing_a_loop_twice_changes_nothing(clock: Clock, request_profiler: RequestProfiler):
    """A progress bar may be closed and then left."""
    with request_profiler as request:
        loop = request.loop("DenoisingStage", 1)
        clock.pass_ms(2)
        loop.boundary()
        loop.finish()
        clock.pass_ms(5)
        loop.finish()
        with request.stage("DecodingStage"):
            pass
    assert stages_of(request.record("r")) == [
        (0, "DenoisingStage", 0, None, 0.0, 2.0),
        (1, "DecodingStage", 0, None, 7.0, 0.0),
    ]


def test_forwards_are_counted_by_step_and_denoiser(request_profiler: RequestProfiler):
    """Also from inside a stage within the step; outside of a step there is nothing to count for."""
    with request_profiler as request:
        request.count_forward("transformer")
        loop = request.loop("DenoisingStage", 2)
        request.count_forward("transformer")
        with request.stage("GuidanceStage"):
            request.count_forward("transformer")
        loop.boundary()
        request.count_forward("transformer_2")
        loop.boundary()
        loop.finish()
        request.count_forward("transformer")
    assert [step.forwards for step in request.record("r").steps] == [{"transformer": 2}, {"transformer_2": 1}]


def test_an_error_in_a_loop_drops_the_running_step(clock: Clock, request_profiler: RequestProfiler):
    """Finished steps stay as they were, the stage carries the error."""
    with request_profiler as request:
        loop = request.loop("DenoisingStage", 2)
        clock.pass_ms(2)
        loop.boundary()
        clock.pass_ms(1)
        loop.finish(RuntimeError("boom"))
    record = request.record("r")
    assert steps_of(record) == [(0, 0, 2.0)]
    assert [(s.host_ms, s.error) for s in record.stages] == [(3.0, "RuntimeError: boom")]


def test_an_error_after_the_last_step_is_not_in_it(clock: Clock, request_profiler: RequestProfiler):
    """The tail in which something was raised is not taken for denoising."""
    with request_profiler as request:
        loop = request.loop("DenoisingStage", 1)
        clock.pass_ms(2)
        loop.boundary()
        clock.pass_ms(1)
        loop.finish(RuntimeError("boom"))
    assert steps_of(request.record("r")) == [(0, 0, 2.0)]


times_ms = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=20)


@given(steps_ns=times_ms, tail_ns=st.integers(min_value=0, max_value=10**9))
def test_the_steps_of_a_finished_loop_add_up_to_the_stage(steps_ns: list[int], tail_ns: int):
    """To the nanosecond, whatever the times are."""
    clock = Clock()
    with RequestProfiler(HostTimer(clock)) as request:
        loop = request.loop("DenoisingStage", len(steps_ns))
        for step_ns in steps_ns:
            clock.now_ns += step_ns
            loop.boundary()
        clock.now_ns += tail_ns
        loop.finish()
    record = request.record("r")
    total_ns = sum(round(step.host_ms * NS_PER_MS) for step in record.steps)
    assert total_ns == round(record.stages[0].host_ms * NS_PER_MS) == sum(steps_ns) + tail_ns
