import pytest
from clocks import Clock
from ratchet_profiler.spans import DeviceMemory, memory_for
from ratchet_profiler.stages import RequestProfiler
from ratchet_profiler.timers import DeviceEventTimer, HostTimer
from simulated_device import SimulatedDevice


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice()


@pytest.fixture
def request_profiler(device: SimulatedDevice) -> RequestProfiler:
    return RequestProfiler(DeviceEventTimer("npu", device, device.clock), DeviceMemory("npu", device))


def use(device: SimulatedDevice, size: int) -> None:
    device.memory.allocate(size)
    device.memory.free(size)


def bytes_of(request: RequestProfiler) -> list[tuple]:
    stages = request.record("r").stages
    return [(s.name, s.memory.allocated_bytes, s.memory.reserved_bytes, s.memory.peak_bytes) for s in stages]


def test_a_stage_has_its_memory_at_its_end_and_its_peak(
    device: SimulatedDevice, request_profiler: RequestProfiler
):
    """Weights of 100 stay, 70 come and go, 5 remain."""
    device.memory.allocate(100)
    with request_profiler as request, request.stage("TextEncodingStage"):
        use(device, 70)
        device.memory.allocate(5)
    assert bytes_of(request) == [("TextEncodingStage", 105, 170, 170)]


def test_a_stage_does_not_have_the_peak_of_the_one_before(
    device: SimulatedDevice, request_profiler: RequestProfiler
):
    """Each peak is counted anew; what the allocator holds stays held."""
    with request_profiler as request:
        use(device, 900)
        for size in (70, 20):
            with request.stage("TextEncodingStage"):
                use(device, size)
            use(device, 500)
    assert bytes_of(request) == [("TextEncodingStage", 0, 900, 70), ("TextEncodingStage", 0, 900, 20)]


@pytest.mark.parametrize(
    ("before", "inside", "after", "outer_peak"), [(50, 80, 10, 80), (90, 80, 10, 90), (5, 8, 95, 95)]
)
def test_the_peak_of_a_stage_includes_the_stages_in_it(
    device: SimulatedDevice,
    request_profiler: RequestProfiler,
    before: int,
    inside: int,
    after: int,
    outer_peak: int,
):
    """Although the device's one counter is reset where they begin and end."""
    with request_profiler as request, request.stage("DenoisingStage"):
        use(device, before)
        with request.stage("GuidanceStage"), request.stage("AttentionStage"):
            use(device, inside)
        use(device, after)
    assert bytes_of(request) == [
        ("DenoisingStage", 0, max(before, inside, after), outer_peak),
        ("GuidanceStage", 0, max(before, inside), inside),
        ("AttentionStage", 0, max(before, inside), inside),
    ]


def test_the_peak_of_a_stage_is_the_highest_of_all_its_parts(
    device: SimulatedDevice, request_profiler: RequestProfiler
):
    """Not the last one: between two stages inside of it there was less than before them."""
    with request_profiler as request, request.stage("DenoisingStage"):
        for before in (90, 10):
            use(device, before)
            with request.stage("GuidanceStage"):
                use(device, 5)
    assert [peak for *_, peak in bytes_of(request)] == [90, 5, 5]


def test_the_stage_of_a_loop_has_the_peak_of_its_steps(
    device: SimulatedDevice, request_profiler: RequestProfiler
):
    """Steps have no memory of their own; a stage within a step counts for the stage around the step."""
    with request_profiler as request:
        loop = request.loop("DenoisingStage", 2)
        use(device, 30)
        loop.boundary()
        with request.stage("GuidanceStage"):
            use(device, 60)
        loop.boundary()
        loop.finish()
        use(device, 500)
    assert bytes_of(request) == [("DenoisingStage", 0, 60, 60), ("GuidanceStage", 0, 60, 60)]


def test_a_stage_that_failed_has_the_peak_until_then(
    device: SimulatedDevice, request_profiler: RequestProfiler
):
    """That is what one wants to know of an out-of-memory error."""
    with pytest.raises(MemoryError), request_profiler as request, request.stage("DecodingStage"):  # noqa: PT012 - what raises is a request
        use(device, 80)
        raise MemoryError
    assert bytes_of(request) == [("DecodingStage", 0, 80, 80)]


def test_a_stage_that_nobody_closed_has_its_memory_too(
    device: SimulatedDevice, request_profiler: RequestProfiler
):
    """It ends with the request, and its peak counts for the stage around it."""
    with request_profiler as request:
        request.stage("DenoisingStage").__enter__()
        request.stage("AttentionStage").__enter__()
        use(device, 80)
    assert bytes_of(request) == [("DenoisingStage", 0, 80, 80), ("AttentionStage", 0, 80, 80)]


def test_reading_memory_waits_for_nothing(device: SimulatedDevice, request_profiler: RequestProfiler):
    """The counters are the host's own books: still one synchronize a request."""
    with request_profiler as request:
        for _ in range(3):
            with request.stage("TextEncodingStage"):
                device.launch(10)
        assert (device.synchronizations, device.clock()) == (0, 0)
    assert device.synchronizations == 1


def test_a_cpu_has_no_memory_counters():
    """Absent, not zero."""
    assert memory_for("cpu") is None
    with RequestProfiler(HostTimer(Clock())) as request, request.stage("DecodingStage"):
        pass
    assert [stage.memory for stage in request.record("r").stages] == [None]
