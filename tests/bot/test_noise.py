import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.judging.noise import floor, noise_limit_ms, score

QUIET = (100.0, 100.4, 99.7, 100.1, 99.9) * 6
"""Thirty nights within 0.4 % of a level of 100 ms."""
TIMES = st.floats(min_value=1e-3, max_value=1e9)
HISTORIES = st.lists(TIMES, max_size=60)
ANYTHING = st.lists(st.floats() | st.integers(min_value=-(10**30), max_value=10**30), max_size=40)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ((), 0.0),
        ((100.0,), 0.0),
        ((102.0,), 0.98),
        ((103.0,), 1.48),
        ((103.0, 103.0), 1.97),
        ((103.0, 102.0, 120.0), 1.64),
        ((99.0, 120.0, 99.0), 0.0),
        ((102.0, 101.0, 103.0, 104.0, 90.0), 0.66),
    ],
)
def test_a_quiet_metric_by_hand(new: Sequence[float], expected: float):
    """The lower hinge of the requests in widths of 1.525 %, of 2.033 % for a lone request."""
    assert round(score(QUIET, new), 2) == expected


def test_the_floor_of_a_quiet_metric():
    """Level 100 ms, width 1.5 % by sqrt(1 + 1/30): the limit is 101.525 ms; 2 % for a lone request."""
    found = floor(QUIET)
    assert (found.level, found.nights, found.is_known) == (100.0, 30, True)
    assert noise_limit_ms(QUIET) == pytest.approx(101.525, abs=1e-3)
    assert noise_limit_ms(QUIET, requests=1) == pytest.approx(102.033, abs=1e-3)


@pytest.mark.parametrize("nights", range(5))
def test_too_short_a_history_says_so_and_leaves_it_to_the_tolerance(nights: int):
    """With four nights or fewer there is no limit, and the score is measured in tolerances."""
    history = QUIET[:nights]
    assert (floor(history).is_known, noise_limit_ms(history)) == (False, None)
    assert score(history, [130.0], tolerance_ratio=0.25) == pytest.approx(1.2 if nights else 0.0, abs=0.02)


def test_only_the_last_level_counts():
    """After a step from 100 to 80 ms two nights ago, 84 ms is slow."""
    assert score([*QUIET, 80.0, 80.2], [84.0, 84.1, 83.9]) > 1.0


def test_a_spike_in_history_does_not_widen_the_floor():
    """One night at 150 ms leaves the limit where it was."""
    assert noise_limit_ms([*QUIET[:15], 150.0, *QUIET[16:]]) == noise_limit_ms(QUIET)


def test_a_second_mode_widens_the_floor():
    """Machines that are 10 % slower twice for two nights make 10 % noise; once is an accident."""
    once = [*QUIET[:8], 110.0, 110.0, *QUIET[:20]]
    twice = [*QUIET[:8], 110.0, 110.0, *QUIET[:8], 110.0, 110.0, *QUIET[:10]]
    assert score(twice, [110.0] * 3) <= 1.0 < score(twice, [113.0] * 3)
    assert score(once, [110.0] * 3) > 1.0


@given(HISTORIES, st.lists(TIMES, max_size=9), st.integers(min_value=-20, max_value=20))
def test_the_unit_does_not_matter(history: list[float], new: list[float], exponent: int):
    """Scaling all times leaves the score."""
    factor = 2.0**exponent
    scaled = score([factor * one for one in history], [factor * one for one in new])
    assert scaled == pytest.approx(score(history, new))


@given(
    HISTORIES, st.lists(TIMES, min_size=1, max_size=9), st.floats(min_value=1.0, max_value=10.0), st.data()
)
def test_slower_requests_never_score_lower(
    history: list[float], new: list[float], factor: float, data: st.DataObject
):
    """Making one request slower leaves or raises the score."""
    index = data.draw(st.integers(min_value=0, max_value=len(new) - 1))
    slower = [factor * one if place == index else one for place, one in enumerate(new)]
    assert score(history, slower) >= score(history, new)


@given(HISTORIES, st.permutations([101.0, 102.0, 103.0, 110.0, 90.0]))
def test_the_order_of_requests_does_not_matter(history: list[float], new: list[float]):
    """Requests of a run have no order."""
    assert score(history, new) == score(history, sorted(new))


@given(ANYTHING, ANYTHING)
def test_whatever_comes_the_score_is_a_number(history: list[float], new: list[float]):
    """Zeros, infinities, NaN and 1e308 give a finite score of at least 0."""
    found = score(history, new)
    assert math.isfinite(found)
    assert found >= 0.0


@pytest.mark.parametrize(
    "history",
    [[0.0] * 30, [5.0] * 30, [1e308] * 30, [5e-324] * 30, [math.nan] * 30, [1.0], [0, 0, 1, 0, 4, 4, 4]],
)
def test_degenerate_histories_find_nothing_in_themselves(history: list[float]):
    """A history scores at most 1 against itself."""
    assert score(history, history[:3]) <= 1.0
