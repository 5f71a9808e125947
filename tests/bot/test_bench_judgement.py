from math import inf

import pytest
from bench import flakes, nightly, pull_requests
from bench.nights import draws, made_stretches, real_stretches
from bench.rules import (
    bencher,
    github_action_benchmark,
    median_and_mad,
    rustc_perf,
    sglang,
    student_t,
)

HISTORY = (
    *(248.0, 247.2, 249.1, 248.4, 247.7, 248.9, 250.2, 247.9, 248.3, 249.0),
    *(248.6, 247.5, 248.1, 248.8, 249.4, 247.8, 248.2, 248.7, 247.6, 249.2),
    *(248.5, 247.9, 248.0, 249.3, 248.4, 247.3, 248.9, 248.1, 249.0, 248.2),
)


def test_the_rules_of_others_on_known_answers():
    """Published vectors: rustc-perf's threshold is 1.277605 %, Bencher's boundary 250.129270."""
    assert rustc_perf(HISTORY) / HISTORY[-1] - 1 == pytest.approx(0.01277605, abs=1e-8)
    assert bencher(HISTORY) == pytest.approx(250.129270, abs=1e-6)
    assert sglang([12799.168, 1.0]) == pytest.approx(15998.96)
    assert github_action_benchmark([1.0, 10.0]) == 20.0
    assert median_and_mad([9.0, 10.0, 12.0]) == pytest.approx(10 + 5 * 1.4826)


def test_rules_that_say_nothing():
    """Bencher has no boundary where all values are equal; rustc-perf knows 0.2 % where there are few."""
    assert bencher([100.0] * 10) == inf
    assert rustc_perf(HISTORY[:29]) == pytest.approx(HISTORY[28] * 1.002)


@pytest.mark.parametrize(("freedom", "expected"), [(10, 2.7638), (29, 2.4620), (1000, 2.3301)])
def test_quantiles_of_student(freedom: int, expected: float):
    """The 99 % quantiles of the tables."""
    assert student_t(0.99, freedom) == pytest.approx(expected, abs=1e-3)


def test_draws_are_the_same_every_time_and_keep_nights_together():
    """A series is made of blocks of five nights that followed each other."""
    [stretch] = made_stretches(1, nights=40)
    [series] = draws([stretch], 12, 1)
    again = stretch.values + stretch.values
    starts = [again.index(series[first]) for first in (0, 5)]
    assert [series[:5], series[5:10]] == [list(again[start : start + 5]) for start in starts]
    assert [series] == list(draws([stretch], 12, 1))


def test_the_public_stretches():
    """Fourteen stretches of nights without an event, each relative to its median."""
    found = real_stretches()
    counts = {kind: sum(len(one.values) for one in found if one.kind == kind) for kind in ("image", "video")}
    assert (len(found), counts) == (14, {"image": 165, "video": 82})
    assert max(max(one.values) for one in found) < 1.15


def test_log_loss_by_hand():
    """Of chances 1/2 and 1/4 that came, and a "never" that came: ln 2, ln 4 and ln 1000."""
    assert flakes.log_loss([(0.5, True), (0.75, False)]) == pytest.approx((0.693147 + 1.386294) / 2, abs=1e-6)
    assert flakes.log_loss([(0.0, True)]) == pytest.approx(6.907755, abs=1e-6)


def test_the_tables_have_a_line_for_each_rule():
    """Ours and five others, for three requests and for one, and for nights."""
    made = made_stretches(2)
    names = ["perf-ratchet", "sglang", "github-action-benchmark", "Bencher", "rustc-perf", "median"]
    by_request = [
        line.split()[0].strip(",") for line in pull_requests.lines(made, 3) if line.startswith("  ")
    ]
    by_night = [line.split()[0].strip(",") for line in nightly.lines(made, 1) if line.startswith("  ")]
    assert (by_request, by_night) == (names * 2, names)
    assert len(list(flakes.lines(made))) == 1 + len(flakes.LIMITS) + 1
