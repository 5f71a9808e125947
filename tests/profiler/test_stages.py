import warnings
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.record import MAX_MESSAGE, RequestRecord
from profiler.stages import RequestProfiler, StageProfiler, StepNameMisplaced, error_line
from profiler.timers import HostTimer, Mark

NS_PER_MS = 1_000_000


class Clock:
    """A clock in nanoseconds that moves only when it is told to."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now_ns = 0

    def __call__(self) -> int:
        """Return what time it is."""
        return self.now_ns

    def pass_ms(self, ms: float) -> None:
        """Let so many milliseconds pass."""
        self.now_ns += round(ms * NS_PER_MS)


class TwoClocks:
    """A timer of a device that works behind the host's back: each mark's event is the device's time."""

    clock = "device-events"

    def __init__(self) -> None:
        """Begin with both clocks at zero."""
        self.host, self.device = Clock(), Clock()
        self.settled = 0

    def mark(self) -> Mark:
        """Return what both clocks say."""
        return Mark(self.host(), self.device())

    def settle(self) -> Mark:
        """Count, and return what both clocks say."""
        self.settled += 1
        return self.mark()

    def host_ms(self, begin: Mark, end: Mark) -> float:
        """Return milliseconds of the host."""
        return (end.host_ns - begin.host_ns) / NS_PER_MS

    def device_ms(self, begin: Mark, end: Mark) -> float:
        """Return milliseconds of the device."""
        return (end.event - begin.event) / NS_PER_MS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def request_profiler(clock: Clock) -> RequestProfiler:
    return RequestProfiler(HostTimer(clock))


def stages_of(record: RequestRecord) -> list[tuple]:
    return [(s.id, s.name, s.occurrence, s.parent, s.start_ms, s.host_ms) for s in record.stages]


def steps_of(record: RequestRecord) -> list[tuple]:
    return [(s.stage_id, s.index, s.host_ms) for s in record.steps]


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


def test_a_device_timer_needs_no_other_profiler():
    """With a device clock every time is told on both clocks, and how far the host ran ahead."""
    timer = TwoClocks()
    with RequestProfiler(timer) as request:
        loop = request.loop("DenoisingStage", 2)
        timer.host.pass_ms(1)
        timer.device.pass_ms(10)
        loop.boundary()
        timer.host.pass_ms(19)
        timer.device.pass_ms(10)
        loop.boundary()
        loop.finish()
    record = request.record("r")
    assert (record.clock, record.total.host_ms, record.total.device_ms) == ("device-events", 20.0, 20.0)
    assert [(s.host_ms, s.device_ms, s.lead_ms) for s in record.steps] == [
        (1.0, 10.0, 0.0),
        (19.0, 10.0, 9.0),
    ]
    assert (record.stages[0].device_ms, timer.settled) == (20.0, 1)


def test_an_error_line_is_one_bounded_line_of_valid_text():
    """Whatever an engine raises fits into the record."""
    line = error_line(ValueError("a\n\tb \udcff" + "x" * 5000))
    assert line.startswith("ValueError: a b ?xxx")
    assert len(line) == MAX_MESSAGE


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
