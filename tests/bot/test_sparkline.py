"""A series as one word."""

from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.telling.sparkline import BARS, sparkline


def test_higher_is_slower():
    """The scale goes from the fastest to the slowest value."""
    assert sparkline([100.0, 110.0, 120.0, 130.0, 139.0]) == "▁▃▅▇█"


def test_noise_looks_flat():
    """A percent up and down stays in the middle of the scale, and so does a single value."""
    assert sparkline([100.0, 100.9, 100.0, 99.1]) == "▅▆▅▃"
    assert sparkline([100.0]) == "▅"


def test_a_spike_flattens_nothing():
    """The scale is cut around the middle: what lies beyond it is a full bar."""
    assert sparkline([100.0, 110.0, 100.0, 900.0, 100.0]) == "▁▂▁█▁"


@given(st.lists(st.floats(0, 1e300)))
def test_any_series_is_a_line(values: list[float]):
    """One bar a value, at most a month of them, whatever the values are."""
    line = sparkline(values)

    assert len(line) == min(len(values), 30)
    assert set(line) <= set(BARS)
