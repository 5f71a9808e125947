"""Steps of several denoising stages in one list: assigned where the times prove it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.engines.requests import step_owners


@pytest.mark.parametrize(
    ("stages", "steps", "expected"),
    [
        ([100.0], [60.0, 60.0], (0, 0)),  # one stage: whatever it took
        ([4522.0, 545.0], [1500.0, 1500.0, 1520.0, 192.0, 172.0, 166.0], (0, 0, 0, 1, 1, 1)),
        ([30.0, 100.0], [50.0, 40.0], (1, 1)),  # the first stage recorded none
        ([100.0, 5.0], [50.0, 50.01], (0, 0)),  # 0.01 ms a step is rounding
        ([], [], ()),
    ],
)
def test_steps_are_assigned_where_the_times_prove_it(
    stages: list[float], steps: list[float], expected: tuple[int, ...]
):
    """One denoising stage, or one and only one split that fits, owns the steps."""
    assert step_owners(stages, steps).stages == expected


@pytest.mark.parametrize(
    ("stages", "steps", "reason"),
    [
        ([100.0, 100.0], [10.0, 10.0], "they fit into 2 denoising stages in more than one way"),
        ([10.0, 10.0], [50.0, 50.0], "they do not fit into 2 denoising stages"),
        ([], [50.0], "no stage denoises"),
    ],
)
def test_unproven_steps_stay_unassigned(stages: list[float], steps: list[float], reason: str):
    """Where two splits fit, or none, no step has a stage, and it is said why."""
    owned = step_owners(stages, steps)

    assert (set(owned.stages), owned.reason) == ({None}, reason)


@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=4), st.lists(st.integers(0, 6), min_size=1, max_size=6)
)
def test_owners_agree_with_trying_every_split(stages: list[int], steps: list[int]):
    """Steps are assigned exactly when one split of all fits, and then to that one."""
    slack = 0.01 * len(steps)
    cuts = itertools.combinations_with_replacement(range(len(steps) + 1), len(stages) - 1)
    splits = [[0, *inner, len(steps)] for inner in cuts]
    fitting = [
        split
        for split in splits
        if all(
            sum(steps[begin:end]) <= stage + slack
            for begin, end, stage in zip(split, split[1:], stages, strict=False)
        )
    ]
    expected: tuple[int | None, ...] = (None,) * len(steps)
    if len(fitting) == 1:
        (only,) = fitting
        expected = tuple(stage for stage in range(len(stages)) for _ in range(only[stage + 1] - only[stage]))

    assert step_owners(stages, steps).stages == expected
