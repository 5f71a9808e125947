from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_profiler.record import RequestRecord
from ratchet_profiler.stages import RequestProfiler
from ratchet_profiler.timers import DeviceEventTimer
from simulated_device import SimulatedDevice


def timer_of(device: SimulatedDevice) -> DeviceEventTimer:
    return DeviceEventTimer("npu", device, device.clock)


def run_request(device: SimulatedDevice, request: RequestProfiler, steps: int = 5) -> None:
    """Encode for 100 ms, denoise in steps of 100 kernels and 20 ms, decode for 30 ms."""
    with request:
        with request.stage("TextEncodingStage"):
            device.launch(kernel_ms=10, kernels=10)
        loop = request.loop("DenoisingStage", steps)
        for _ in range(steps):
            device.launch(kernel_ms=0.2, kernels=100)
            loop.boundary()
        loop.finish()
        with request.stage("DecodingStage"):
            device.launch(kernel_ms=30)


def record_of(device: SimulatedDevice, steps: int = 5) -> RequestRecord:
    request = RequestProfiler(timer_of(device))
    run_request(device, request, steps)
    return request.record("r")


def test_device_steps_are_equal_from_step_0_on_and_host_steps_are_not():
    """The host runs ahead until the launch queue is full; the record has both, and how far it was ahead."""
    device = SimulatedDevice(launch_ms=0.05, queue=150)
    steps = record_of(device).steps
    assert [step.device_ms for step in steps] == [20.0] * 5
    # Step 0 only launches. Step 1 meets the full queue after 40 kernels, and waits for 60 places in it: those
    # of the encoder's ten kernels and of the first 50 of step 0, of which the last is done at 110.05 ms.
    assert [step.host_ms for step in steps] == [5.0, 104.55, 20.0, 20.0, 20.0]
    assert [step.lead_ms for step in steps] == pytest.approx([99.55, 114.55, 30, 30, 30], abs=1e-9)


def test_the_record_says_what_each_clock_saw():
    """What the host did not see in the steps it waited for at the end: both totals agree."""
    device = SimulatedDevice(launch_ms=0.05, queue=150)
    record = record_of(device)
    assert record.clock == "device-events"
    assert [(s.name, s.host_ms, s.device_ms) for s in record.stages] == [
        ("TextEncodingStage", 0.5, 100.05),
        ("DenoisingStage", 169.55, 100.0),
        ("DecodingStage", 0.2, 30.0),
    ]
    assert (record.total.host_ms, record.total.device_ms) == (230.05, 230.05)


def test_a_host_that_launches_slowly_is_not_ahead():
    """Once the device waits for the host both clocks see the same, and the lead is the last kernel."""
    late = record_of(SimulatedDevice(launch_ms=0.5), steps=6).steps[4:]
    assert [(step.host_ms, step.device_ms) for step in late] == [(50.0, 50.0)] * 2
    assert [step.lead_ms for step in late] == pytest.approx([0.2, 0.2], abs=1e-9)


kernels = st.lists(st.tuples(st.integers(0, 40), st.floats(0, 5)), min_size=2, max_size=8)


@given(steps=kernels, launch_ms=st.floats(0, 2), queue=st.integers(1, 60))
def test_the_lead_explains_the_host_time_of_every_step(
    steps: list[tuple[int, float]], launch_ms: float, queue: int
):
    """Host time = device time - how much the lead grew, whatever the kernels and the queue."""
    device = SimulatedDevice(launch_ms=launch_ms, queue=queue)
    with RequestProfiler(timer_of(device)) as request:
        loop = request.loop("DenoisingStage", None)
        for count, kernel_ms in steps:
            device.launch(kernel_ms, count)
            loop.boundary()
        loop.finish()
    timings = request.record("r").steps
    for step, following in pairwise(timings):
        grown_ms = following.lead_ms - step.lead_ms
        assert step.host_ms == pytest.approx(step.device_ms - grown_ms, abs=1e-6)


def test_steps_share_their_boundaries_on_the_device_too():
    """N steps of a loop need N + 1 events beside the end of the stage, and fill the stage without a gap."""
    device = SimulatedDevice(launch_ms=0.05)
    record = record_of(device)
    assert sum(step.device_ms for step in record.steps) == record.stages[1].device_ms
    # The request 2, encoding 2, decoding 2; the loop its begin, 5 boundaries, its end.
    assert device.events_made == 13


def test_a_request_synchronizes_once():
    """However many stages and steps it has, and at its end: no step waits."""
    device = SimulatedDevice(launch_ms=0.05)
    timer = timer_of(device)
    for number, steps in enumerate((1, 5, 50)):
        request = RequestProfiler(timer)
        run_request(device, request, steps)
        request.record("r")
        request.release()
        assert device.synchronizations == number + 1


def test_observing_with_events_costs_the_device_nothing():
    """The wall is that of the same work without a profiler; a synchronize a step would add its launches."""
    plain = SimulatedDevice(launch_ms=0.05)
    plain.launch(10, 10)
    plain.launch(0.2, 500)
    plain.launch(30)
    plain.synchronize()
    observed = SimulatedDevice(launch_ms=0.05)
    record_of(observed)
    assert observed.clock() == plain.clock()


def test_requests_use_the_same_events_again():
    """The second and third request make none: devices have few of them."""
    device = SimulatedDevice(launch_ms=0.05)
    timer = timer_of(device)
    made = []
    for _ in range(3):
        request = RequestProfiler(timer)
        run_request(device, request)
        assert [step.device_ms for step in request.record("r").steps] == [20.0] * 5
        request.release()
        made.append(device.events_made)
    assert made == [13, 13, 13]


def test_events_are_not_used_again_before_their_request_is_released():
    """A second request begins before the first one's record is built: both have events of their own."""
    device = SimulatedDevice(launch_ms=0.05)
    timer = timer_of(device)
    first, second = RequestProfiler(timer), RequestProfiler(timer)
    run_request(device, first, steps=2)
    run_request(device, second, steps=3)
    assert [[s.device_ms for s in r.record("r").steps] for r in (first, second)] == [[20.0] * 2, [20.0] * 3]


def test_releasing_twice_gives_each_event_back_once():
    """Marks are shared between spans; an event that came back twice would be in two places at once."""
    device = SimulatedDevice(launch_ms=0.05)
    timer = timer_of(device)
    request = RequestProfiler(timer)
    run_request(device, request)
    request.release()
    request.release()
    marks = [timer.mark() for _ in range(20)]
    assert len({id(mark.event) for mark in marks}) == 20
    assert device.events_made == 20


def test_a_released_request_has_no_record():
    """Its events may belong to another request by now: no record rather than a wrong one."""
    device = SimulatedDevice()
    request = RequestProfiler(timer_of(device))
    run_request(device, request)
    request.release()
    with pytest.raises(RuntimeError, match="until its release"):
        request.record("r")


def test_an_event_that_is_pending_is_an_error_and_no_number():
    """Before the request has settled a device says so instead of telling a time."""
    device = SimulatedDevice()
    timer = timer_of(device)
    begin = timer.mark()
    device.launch(10)
    end = timer.mark()
    with pytest.raises(RuntimeError, match="must be completed"):
        timer.device_ms(begin, end)
    timer.settle(begin)
    assert timer.device_ms(begin, end) == 10.0


def test_a_device_that_waits_for_events_tells_the_same():
    """On Ascend `elapsed_time` waits for a pending event instead of raising: the record is the same."""
    records = [record_of(SimulatedDevice(launch_ms=0.05, elapsed_waits=waits)) for waits in (False, True)]
    assert records[0] == records[1]


def test_a_device_that_fails_at_the_end_is_an_error_of_the_request():
    """Errors of kernels come to light when the host waits; nothing was measured then."""
    device = SimulatedDevice()
    request = RequestProfiler(timer_of(device))
    with pytest.raises(RuntimeError, match="illegal memory access"), request:
        device.failure = "an illegal memory access was encountered"
    with pytest.raises(RuntimeError, match="once its with block has ended"):
        request.record("r")


def test_what_a_request_raised_is_not_hidden_by_its_device():
    """The device fails too, but the first error is the one to read, with its stage."""
    device = SimulatedDevice()
    request = RequestProfiler(timer_of(device))
    with pytest.raises(ValueError, match="bad prompt"), request, request.stage("TextEncodingStage"):  # noqa: PT012 - what raises is a request
        device.failure = "an illegal memory access was encountered"
        raise ValueError("bad prompt")
    assert request.failed_stage == "TextEncodingStage"


def test_events_of_a_request_that_did_not_settle_are_not_used_again():
    """They may still be pending in a queue: the next request makes its own."""
    device = SimulatedDevice()
    timer = timer_of(device)
    request = RequestProfiler(timer)
    with pytest.raises(RuntimeError, match="lost"), request:
        device.failure = "lost"
    request.release()
    device.failure = None
    made = device.events_made
    timer.mark()
    assert device.events_made == made + 1
