import subprocess
import sys

import pytest
from ratchet_profiler.timers import DeviceEventTimer, HostTimer, timer_for
from simulated_device import SimulatedDevice


def test_the_host_timer_takes_its_time_from_the_clock_it_is_given():
    """A mark is the clock's nanoseconds, whatever it follows."""
    timer = HostTimer(iter([1_500_000, 1_500_001]).__next__)
    assert (timer.mark(), timer.mark(7)) == (1_500_000, 1_500_001)


def test_the_host_timer_gives_milliseconds():
    """A nanosecond is not rounded away."""
    assert HostTimer().host_ms(1_000_000, 3_500_001) == 2.500001


def test_settling_the_host_timer_is_one_more_mark():
    """On a CPU nothing is pending: to settle is to look at the clock."""
    assert HostTimer(iter([7]).__next__).settle(1) == 7


def test_the_host_timer_has_no_device_clock():
    """It says so instead of passing host time off as device time."""
    timer = HostTimer()
    assert timer.device_ms(timer.mark(), timer.mark()) is None
    assert timer.clock == "host"


def test_the_default_clock_never_goes_back():
    """Two marks in a row are in order."""
    timer = HostTimer()
    assert timer.mark() <= timer.mark()


def test_a_device_mark_has_both_clocks():
    """The host's stamp is of when the event was asked for, not of when the device came to it."""
    device = SimulatedDevice(launch_ms=1)
    timer = DeviceEventTimer("npu", device, device.clock)
    begin = timer.mark()
    device.launch(40)
    end = timer.mark()
    settled = timer.settle(begin)
    assert (timer.host_ms(begin, end), timer.device_ms(begin, end)) == (1.0, 41.0)
    assert (timer.host_ms(begin, settled), timer.device_ms(begin, settled)) == (41.0, 41.0)
    assert timer.clock == "device-events"


def test_a_device_timer_asks_for_the_device_it_was_given():
    """The second device of a machine has streams of its own."""
    asked = []

    class Second(SimulatedDevice):
        """Notes which device it is asked for."""

        def current_stream(self, device: object = None) -> object:
            """Note it."""
            asked.append(device)
            return super().current_stream(device)

        def synchronize(self, device: object = None) -> None:
            """Note it."""
            asked.append(device)
            super().synchronize(device)

    device = Second()
    timer = DeviceEventTimer("npu:1", device, device.clock)
    timer.settle(timer.mark())
    assert asked == ["npu:1", "npu:1"]


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_the_cpu_is_timed_by_the_host(device: str):
    """Its events cannot be recorded, though torch lets one make them."""
    assert isinstance(timer_for(device), HostTimer)


def test_timing_a_cpu_does_not_import_torch():
    """Two seconds that an engine without it need not have."""
    code = "import sys, ratchet_profiler.timers as t; t.timer_for('cpu'); print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "False\n"
