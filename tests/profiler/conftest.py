import pytest
from clocks import Clock
from ratchet_profiler.stages import RequestProfiler
from ratchet_profiler.timers import HostTimer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def request_profiler(clock: Clock) -> RequestProfiler:
    """A request on the host clock of `clock`."""
    return RequestProfiler(HostTimer(clock))
