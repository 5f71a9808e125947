import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.judging.noise import flake_rate, may_fail, pooled_share, run_flake_rate

QUIET = (100.0, 100.4, 99.7, 100.1, 99.9) * 6
"""Thirty nights within 0.4 % of a level of 100 ms."""
SPIKED = (*QUIET[:10], 130.0, *QUIET[:7], 112.0, *QUIET[:11])
"""Thirty nights with two spikes."""
TIMES = st.floats(min_value=1e-3, max_value=1e9)
SHARES = st.floats(min_value=0.0, max_value=1.0)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (105.0, (2 + 5 * 0.1) / 35),
        (120.0, (1 + 5 * 0.1) / 35),
        (131.0, 5 * 0.1 / 35),
        (100.2, (8 + 0.5) / 35),
    ],
)
def test_a_rate_by_hand(limit: float, expected: float):
    """Own nights above the limit, and a share of 10 % among the others that counts for five nights."""
    assert flake_rate(SPIKED, limit, pooled_share=0.1) == pytest.approx(expected)


@pytest.mark.parametrize("nights", range(5))
def test_too_short_a_history_predicts_nothing(nights: int):
    """Four nights or fewer are unknown, not safe."""
    assert flake_rate(QUIET[:nights], 200.0) is None


def test_nights_before_a_change_count_by_their_own_level():
    """After a step from 100 to 50 ms, spikes of the old level still say how often a new limit breaks."""
    history = [*SPIKED, *(one / 2 for one in QUIET[:10])]
    assert flake_rate(history, 52.5, pooled_share=0.0) == pytest.approx(2 / 45)
    assert flake_rate(history, 90.0, pooled_share=0.0) == 0.0


def test_the_share_of_the_others_by_hand():
    """Two of sixty nights are above 10 %; half a night more is taken for what was not seen yet."""
    assert pooled_share([QUIET, SPIKED], 0.10) == pytest.approx(2.5 / 61)
    assert pooled_share([QUIET, SPIKED], 0.40) == pytest.approx(0.5 / 61)
    assert pooled_share([], 0.10) == 0.05


def test_one_of_several_limits():
    """Two chances of 10 % make 19 %; no limit is never exceeded."""
    assert run_flake_rate([0.1, 0.1]) == pytest.approx(0.19)
    assert run_flake_rate([]) == 0.0


@pytest.mark.parametrize(
    ("excess_ratio", "requests", "expected"), [(0.09, 1, False), (0.10, 1, True), (0.03, 2, True)]
)
def test_one_request_below_ten_percent_is_a_suspicion(excess_ratio: float, requests: int, *, expected: bool):
    """It takes a second request, or 10 %."""
    assert may_fail(excess_ratio, requests) is expected


@given(st.lists(TIMES, max_size=60), TIMES, TIMES, SHARES)
def test_a_higher_limit_is_never_exceeded_more_often(
    history: list[float], one: float, other: float, share: float
):
    """Rates are chances, and fall as the limit rises."""
    low, high = (flake_rate(history, limit, share) for limit in sorted((one, other)))
    if low is None or high is None:
        assert (low, high) == (None, None)
    else:
        assert 0.0 <= high <= low <= 1.0


@given(st.lists(st.floats() | st.just(0), max_size=40), st.floats())
def test_whatever_comes_a_rate_is_a_chance_or_unknown(history: list[float], limit: float):
    """Zeros, infinities and NaN give None or a number between 0 and 1."""
    rate = flake_rate(history, limit)
    assert rate is None or (math.isfinite(rate) and 0.0 <= rate <= 1.0)
