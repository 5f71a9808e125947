from profiler.timers import HostTimer, Mark


def test_the_host_timer_takes_its_time_from_the_clock_it_is_given():
    """A mark holds the clock's nanoseconds and no device event."""
    assert Mark(host_ns=1_500_000, event=None) == HostTimer(iter([1_500_000]).__next__).mark()


def test_the_host_timer_gives_milliseconds():
    """A nanosecond is not rounded away."""
    assert HostTimer().host_ms(Mark(1_000_000), Mark(3_500_001)) == 2.500001


def test_settling_the_host_timer_is_one_more_mark():
    """On a CPU nothing is pending: to settle is to look at the clock."""
    assert HostTimer(iter([7]).__next__).settle() == Mark(7)


def test_the_host_timer_has_no_device_clock():
    """It says so instead of passing host time off as device time."""
    timer = HostTimer()
    assert timer.device_ms(timer.mark(), timer.mark()) is None
    assert timer.clock == "host"


def test_the_default_clock_never_goes_back():
    """Two marks in a row are in order."""
    timer = HostTimer()
    first, second = timer.mark(), timer.mark()
    assert first.host_ns <= second.host_ns
