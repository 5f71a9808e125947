"""The ten ways in which device events mislead, and what is done about each."""

import pytest
from clocks import Clock
from ratchet_profiler.record import RequestRecord
from ratchet_profiler.stages import RequestProfiler
from ratchet_profiler.timers import DeviceEventTimer
from simulated_device import SimulatedDevice


def profiler_of(device: SimulatedDevice) -> RequestProfiler:
    return RequestProfiler(DeviceEventTimer("npu", device, device.clock))


def times_of(record: RequestRecord) -> list[tuple]:
    return [(stage.name, stage.host_ms, stage.device_ms) for stage in record.stages]


def test_pitfall_1_work_on_another_stream_has_settled_too():
    """The current stream is done at 1 ms, the other at 50: one wait for the device, not for one stream."""
    device = SimulatedDevice()
    side = device.Stream()
    with profiler_of(device) as request:
        with device.stream(side), request.stage("UploadStage"):
            device.launch(50)
        with request.stage("TextEncodingStage"):
            device.launch(1)
    record = request.record("r")
    assert times_of(record) == [("UploadStage", 0.0, 50.0), ("TextEncodingStage", 0.0, 1.0)]
    assert record.total.host_ms == 50.0
    assert device.synchronizations == 1


def test_pitfall_2_a_stage_ends_on_the_stream_on_which_it_began():
    """The engine has moved on to an idle stream: an end there would lie 100 ms before the stage's own."""
    device = SimulatedDevice()
    side = device.Stream()
    with profiler_of(device) as request, request.stage("DecodingStage"):
        device.launch(100)
        device.set_stream(side)
    assert times_of(request.record("r")) == [("DecodingStage", 0.0, 100.0)]


def test_pitfall_2_a_loop_stays_on_its_stream():
    """So do the boundaries of steps, whatever stream the engine left as the current one."""
    device = SimulatedDevice()
    side = device.Stream()
    with profiler_of(device) as request:
        loop = request.loop("DenoisingStage", 2)
        for _ in range(2):
            device.launch(10)
            with device.stream(side):
                loop.boundary()
        device.launch(3)
        with device.stream(side):
            loop.finish()
    assert [step.device_ms for step in request.record("r").steps] == [10.0, 13.0]


def test_pitfall_3_an_event_is_recorded_anew_only_after_it_was_read():
    """100 ms of the first request stay 100 ms, although a second one has used the timer before the record."""
    device = SimulatedDevice()
    timer = DeviceEventTimer("npu", device, device.clock)
    first, second = RequestProfiler(timer), RequestProfiler(timer)
    for request, kernel_ms in ((first, 100), (second, 50)):
        with request, request.stage("DecodingStage"):
            device.launch(kernel_ms)
    assert times_of(first.record("r")) == [("DecodingStage", 0.0, 100.0)]
    assert times_of(second.record("r")) == [("DecodingStage", 0.0, 50.0)]


@pytest.mark.parametrize(
    ("pending_ms", "device_ms"), [(0, 40.0), (100, 0.0)], ids=["idle device", "busy device"]
)
def test_pitfall_4_a_stage_of_the_host_has_both_times(pending_ms: float, device_ms: float):
    """40 ms of Python: behind a busy device its stream sees nothing of it, so the record has both clocks."""
    device = SimulatedDevice()
    with profiler_of(device) as request:
        device.launch(pending_ms)
        with request.stage("PostProcessingStage"):
            device.clock.pass_ms(40)
    assert times_of(request.record("r")) == [("PostProcessingStage", 40.0, device_ms)]


def test_pitfall_5_a_step_includes_its_wait_for_a_prefetch():
    """25 ms of upload on a side stream, then 10 ms of kernels: a user waits 35."""
    device = SimulatedDevice()
    side = device.Stream()
    with profiler_of(device) as request:
        loop = request.loop("DenoisingStage", 1)
        with device.stream(side):
            device.launch(25)
        device.current_stream().wait_stream(side)
        device.launch(0.1, kernels=100)
        loop.boundary()
        loop.finish()
    assert [step.device_ms for step in request.record("r").steps] == [35.0]


def test_pitfall_6_no_event_is_recorded_while_a_graph_is_captured():
    """It would be a part of the graph: a span with a boundary in there has no device time, others have."""
    device = SimulatedDevice(launch_ms=1)
    with profiler_of(device) as request:
        with request.stage("WarmUpStage"), device.capture(), request.stage("DenoisingStage"):
            device.launch(20, kernels=3)
        with request.stage("DecodingStage"):
            device.launch(30)
    assert times_of(request.record("r")) == [
        ("WarmUpStage", 3.0, 3.0),
        ("DenoisingStage", 3.0, None),
        ("DecodingStage", 1.0, 31.0),
    ]


def test_pitfall_6_a_device_without_graphs_is_never_capturing():
    """A device module need not know of graphs."""

    class Plain:
        """The least that a device module has."""

        def __init__(self, device: SimulatedDevice) -> None:
            """Take it from a device."""
            self.Event = device.Event
            self.current_stream = device.current_stream
            self.synchronize = device.synchronize

    device = SimulatedDevice()
    request = RequestProfiler(DeviceEventTimer("npu", Plain(device), device.clock))
    with request, request.stage("DecodingStage"):
        device.launch(30)
    assert times_of(request.record("r")) == [("DecodingStage", 0.0, 30.0)]


def test_pitfall_7_the_clocks_are_never_mixed():
    """The host's clock began an hour ago and the device's runs 10 % fast: each time is of one clock."""
    device = SimulatedDevice(rate=1.1)
    device.clock.pass_ms(3_600_000)
    with profiler_of(device) as request, request.stage("DecodingStage"):
        device.launch(100)
        device.synchronize()
    record = request.record("r")
    assert [(s.start_ms, s.host_ms) for s in record.stages] == [(0.0, 100.0)]
    assert record.stages[0].device_ms == pytest.approx(110, abs=1e-9)


def test_pitfall_8_each_rank_has_a_record_of_its_own_device():
    """The fast rank's device time holds its wait for the slow one: the record of each says so."""
    clock = Clock()
    ranks = [SimulatedDevice(clock), SimulatedDevice(clock)]
    requests = [profiler_of(device) for device in ranks]
    for request in requests:
        request.__enter__()
    loops = [request.loop("DenoisingStage", 1) for request in requests]
    for device, kernel_ms in zip(ranks, (10, 70), strict=True):
        device.launch(kernel_ms)
    ranks[0].current_stream().wait_stream(ranks[1].current_stream())
    for loop, request in zip(loops, requests, strict=True):
        loop.boundary()
        loop.finish()
        request.__exit__(None, None, None)
    assert [request.record("r").steps[0].device_ms for request in requests] == [70.0, 70.0]


def test_pitfall_8_events_of_two_devices_have_no_time_between_them():
    """That is an error, not a number."""
    clock = Clock()
    here, there = (DeviceEventTimer("npu", SimulatedDevice(clock), clock) for _ in range(2))
    with pytest.raises(ValueError, match="different devices"):
        here.device_ms(here.mark(), there.mark())


def test_pitfall_9_the_first_use_is_real_time_of_the_device():
    """Weights go up in step 0, and again where the expert changes: those steps do take longer."""
    device = SimulatedDevice(launch_ms=0.5)
    with profiler_of(device) as request:
        loop = request.loop("DenoisingStage", 4)
        for step in range(4):
            if step in (0, 2):
                device.launch(7)
            device.launch(17)
            loop.boundary()
        loop.finish()
    record = request.record("r")
    assert [step.device_ms for step in record.steps] == [24.5, 17.0, 24.0, 17.0]
    assert [step.host_ms for step in record.steps] == [1.0, 0.5, 1.0, 0.5]


def test_pitfall_10_reading_a_value_shifts_host_times_by_one_step():
    """`timestep.item()` waits for the step before: host step 0 is the text encoder's, the last one leaks."""
    device = SimulatedDevice(launch_ms=0.5)
    with profiler_of(device) as request:
        with request.stage("TextEncodingStage"):
            device.launch(80)
        loop = request.loop("DenoisingStage", 4)
        for kernel_ms in (10, 20, 30, 40):
            device.item()
            device.launch(kernel_ms)
            loop.boundary()
        loop.finish()
    record = request.record("r")
    assert [step.host_ms for step in record.steps] == [80.5, 10.5, 20.5, 30.5]
    assert [step.device_ms for step in record.steps] == [10.5, 20.5, 30.5, 40.5]
