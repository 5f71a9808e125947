"""Distributing scenarios: every one once, as even as it can be, and the same every time."""

from itertools import product
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.adoption.plan import sharded

estimates = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.none() | st.integers(1, 1000).map(lambda tenths: tenths / 10),
    min_size=1,
    max_size=30,
)


def test_longest_first():
    """Each scenario goes to the shortest shard so far, the longest scenario first."""
    made = sharded({"a": 5.0, "b": 4.0, "c": 3.0, "d": 2.0}, 2)

    assert [(shard.scenarios, shard.estimated_s) for shard in made.shards] == [
        (("a", "d"), 7.0),
        (("b", "c"), 7.0),
    ]
    assert (made.longest_s, made.ideal_s, made.excess_ratio) == (7.0, 7.0, 0.0)


def test_exchanges_mend_what_longest_first_leaves():
    """3 3 2 2 2 on two runners: longest first ends at 7, an exchange at 6."""
    made = sharded({"a": 3.0, "b": 3.0, "c": 2.0, "d": 2.0, "e": 2.0}, 2)

    assert [set(shard.scenarios) for shard in made.shards] == [{"a", "b"}, {"c", "d", "e"}]
    assert made.longest_s == 6.0


def test_the_largest_scenario_bounds_the_plan():
    """One scenario longer than all others has its own runner; nothing can be shorter than it."""
    made = sharded({"big": 100.0, "a": 10.0, "b": 10.0}, 2)

    assert [shard.scenarios for shard in made.shards] == [("big",), ("a", "b")]
    assert (made.ideal_s, made.excess_ratio) == (100.0, 0.0)


def test_a_guess_is_the_median_of_the_known():
    """A scenario without an estimate counts as the median one, and is named."""
    made = sharded({"a": 10.0, "b": 30.0, "c": 20.0, "x": None}, 4)

    assert (made.guessed, made.guess_s, made.is_blind) == (("x",), 20.0, False)
    assert [shard.estimated_s for shard in made.shards] == [30.0, 20.0, 20.0, 10.0]


def test_without_any_estimate_all_count_the_same():
    """Where nothing is known, the scenarios are dealt out evenly."""
    made = sharded(dict.fromkeys("abcde"), 2)

    assert made.is_blind
    assert [len(shard.scenarios) for shard in made.shards] == [3, 2]


def test_no_shard_is_empty():
    """Fewer scenarios than runners need fewer runners."""
    assert [shard.scenarios for shard in sharded({"a": 1.0, "b": 2.0}, 9).shards] == [("b",), ("a",)]


@given(estimates, st.integers(1, 6))
def test_every_scenario_once(seconds: dict[str, float | None], shards: int):
    """The shards are a partition of the scenarios, at most as many as asked for, each with its sum."""
    made = sharded(seconds, shards)
    needs = {name: made.guess_s if known is None else known for name, known in seconds.items()}

    assert sorted(name for shard in made.shards for name in shard.scenarios) == sorted(seconds)
    assert len(made.shards) == min(shards, len(seconds))
    assert all(shard.estimated_s == fsum(needs[name] for name in shard.scenarios) for shard in made.shards)


@given(estimates, st.integers(1, 6), st.randoms(use_true_random=False))
def test_order_does_not_matter(seconds: dict[str, float | None], shards: int, random: object):
    """The same scenarios give the same plan, in whatever order they come."""
    shuffled = list(seconds.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert sharded(dict(shuffled), shards) == sharded(seconds, shards)


@given(estimates, st.integers(1, 6))
def test_no_runner_ends_long_after_an_even_share(seconds: dict[str, float | None], shards: int):
    """No shard exceeds an even share by more than the longest scenario's share of it.

    That is the bound of any distribution to the shortest shard: 2 - 1/m of what no plan can stay below.
    """
    made = sharded(seconds, shards)

    assert (
        made.ideal_s * (1 - 1e-12)
        <= made.longest_s
        <= made.ideal_s * (2 - 1 / len(made.shards)) * (1 + 1e-12)
    )


@given(st.lists(st.integers(1, 20).map(float), min_size=1, max_size=7), st.integers(1, 3))
def test_close_to_the_best_plan(seconds: list[float], shards: int):
    """The longest shard is at most 4/3 - 1/(3m) of that of the best of all plans."""
    made = sharded({f"s{index}": one for index, one in enumerate(seconds)}, shards)
    best = min(
        max(
            sum(one for one, place in zip(seconds, places, strict=True) if place == shard)
            for shard in range(shards)
        )
        for places in product(range(shards), repeat=len(seconds))
    )

    assert made.longest_s <= (4 / 3 - 1 / (3 * shards)) * best + 1e-9


@pytest.mark.parametrize("shards", range(1, 9))
def test_a_real_suite_is_even_within_a_tenth(shards: int):
    """46 scenarios of two to seven minutes are even within 10 %, on one to eight runners."""
    seconds = {f"s{index}": 120.0 + (index * index * 7) % 301 for index in range(46)}

    assert sharded(seconds, shards).excess_ratio <= 0.1
