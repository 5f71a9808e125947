import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.judging.changepoints import ChangePoint, change_points, changes
from ratchet_bot.judging.level import excess, excesses

QUIET = (100.0, 100.4, 99.7, 100.1, 99.9)
"""Five nights within 0.4 % of a level of 100 ms."""
TIMES = st.floats(min_value=1e-3, max_value=1e9)


def nights(*levels: tuple[float, int]) -> list[float]:
    """Return (level, nights) after each other, each with the noise of `QUIET`."""
    return [level * QUIET[night % 5] / 100.0 for level, count in levels for night in range(count)]


def found(series: Sequence[float]) -> list[tuple[int, float]]:
    """Return (index, relative change in percent, rounded)."""
    return [(change.index, round(100 * change.relative_change)) for change in change_points(series)]


def test_a_step_by_hand():
    """From 100 to 103 ms on night 30: levels, change and place are exact."""
    [change] = change_points(nights((100.0, 30), (103.0, 30)))
    assert (change.index, change.before, change.after) == (30, 100.0, 103.0)
    assert change.relative_change == pytest.approx(0.03)
    assert 0.9999 < change.confidence < 1.0


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([(100.0, 30), (103.0, 1)], []),
        ([(100.0, 30), (103.0, 2)], [(30, 3)]),
        ([(100.0, 30), (97.0, 2)], [(30, -3)]),
        ([(100.0, 5), (120.0, 3), (90.0, 9)], [(5, 20), (8, -25)]),
        ([(100.0, 30), (101.8, 5)], []),
        ([(100.0, 30), (101.8, 12)], [(30, 2)]),
        ([(100.0, 30), (100.7, 60)], []),
        ([(100.0, 30), (150.0, 1), (100.0, 10)], []),
        ([(100.0, 30), (130.0, 1), (103.0, 1)], []),
        ([(100.0, 30), (110.0, 5), (100.0, 10)], []),
        ([(100.0, 30), (110.0, 6), (100.0, 10)], [(30, 10), (36, -9)]),
        ([(100.0, 4)], []),
        ([], []),
    ],
)
def test_what_is_a_change(levels: list[tuple[float, int]], expected: list[tuple[int, float]]):
    """Two nights beyond the noise, or six by less; no spike, nor what went back within five nights."""
    assert found(nights(*levels)) == expected


def test_a_level_of_zero_is_no_error():
    """A stage that took 0 ms and then 4 ms has a change that is as large as one can be, and finite."""
    [change] = change_points([0.0, 0.0, 1.0, 0.0, 4.0, 4.0, 4.0])
    assert (change.index, change.before, change.after, change.relative_change) == (4, 0.0, 4.0, 1e6)


def test_a_slow_drift_is_found():
    """5 % slower over 30 nights, with no step above 0.2 %, is found before it ends."""
    drift = [100.0 * (1 + 0.05 * night / 30) for night in range(1, 31)]
    changed = found(nights((100.0, 30)) + drift)
    assert changed
    assert all(change > 0 for _, change in changed)


def test_what_was_found_stays_found():
    """Later nights of the same level neither move nor remove a change."""
    series = nights((100.0, 30), (104.0, 60))
    assert {tuple(found(series[:end])) for end in range(32, 90)} == {((30, 4),)}


def test_noise_among_many_series_is_left_out():
    """Two slow nights are a change where one series is looked at, and not enough among 400; twelve are."""
    quiet = {number: nights((100.0, 5)) for number in range(400)}
    short, long = nights((100.0, 30), (102.5, 2)), nights((100.0, 30), (102.5, 12))
    assert list(changes({"short": short})) == ["short"]
    assert list(changes({**quiet, "short": short})) == []
    assert list(changes({**quiet, "long": long})) == ["long"]
    assert changes({}) == {}


@given(st.lists(TIMES, max_size=80), st.integers(min_value=-20, max_value=20))
def test_the_unit_does_not_matter(series: list[float], exponent: int):
    """Scaling all times leaves the places and the relative changes."""
    factor = 2.0**exponent
    assert found([factor * one for one in series]) == found(series)


@given(st.lists(st.floats(min_value=0.0, allow_infinity=False), max_size=80))
def test_whatever_comes_changes_are_in_order_and_finite(series: list[float]):
    """Any finite times give changes in order, with finite numbers, and a confidence that is a chance."""
    changed = change_points(series)
    assert [change.index for change in changed] == sorted({change.index for change in changed})
    for change in changed:
        assert 0 < change.index < len(series)
        assert math.isfinite(change.relative_change)
        assert 0.0 <= change.confidence <= 1.0


@given(st.lists(TIMES, min_size=1, max_size=60))
def test_it_is_deterministic(series: list[float]):
    """The same series gives the same changes, as equal values."""
    once: list[ChangePoint] = change_points(series)
    assert change_points(tuple(series)) == once


@given(st.lists(st.floats(min_value=0, max_value=1e12)), st.floats(min_value=0, max_value=1e9))
def test_excesses_are_those_of_each(values: list[float], level: float):
    """Over any level, also of 0, all at once are what each is alone."""
    assert excesses(values, level) == [excess(value, level) for value in values]
