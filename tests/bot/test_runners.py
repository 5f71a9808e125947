"""A machine that took over, as the history reports it."""

from collections.abc import Sequence

import pytest
from history_lines import make_line
from ratchet_bot.data.history import Series
from ratchet_bot.judging.nights import RunnerChange, night_series, runner_change


def nights_on(names: Sequence[str | None], begin: int = 1) -> Series:
    """Return a night on each of these machines."""
    return [make_line(night, runner=name) for night, name in enumerate(names, begin)]


@pytest.mark.parametrize(
    ("before", "since"),
    [
        (["gpu-03"] * 3, ["gpu-07"] * 2),
        (["gpu-03"] * 2, ["gpu-07"]),
        (["gpu-04", "gpu-03", None, "gpu-03"], ["gpu-07"]),
    ],
)
def test_a_machine_that_took_over_is_named(before: Sequence[str | None], since: Sequence[str | None]):
    """Names that last, and one that was never seen before: the usual one and the new one."""
    assert runner_change(nights_on(before), nights_on(since, 10)) == RunnerChange("gpu-03", "gpu-07")


@pytest.mark.parametrize(
    ("before", "since"),
    [
        (["a", "b", "c"], ["d"]),  # ephemeral: every night has a name of its own
        (["gpu-03"] * 3, ["a", "b"]),
        (["gpu-03", "gpu-03", "gpu-07"], ["gpu-07"]),  # it has measured before
        (["gpu-03"] * 3, ["gpu-03"]),
        (["gpu-03"] * 3, [None]),
        (["gpu-03"] * 3, ["gpu-07", None]),
        ([None] * 3, ["gpu-07"]),
        ([], ["gpu-07"]),
        (["gpu-03"] * 3, []),
    ],
)
def test_names_that_say_nothing_are_not_told(before: Sequence[str | None], since: Sequence[str | None]):
    """Names that change every night, are unknown, or were there before explain nothing."""
    assert runner_change(nights_on(before), nights_on(since, 10)) is None


def test_what_is_slow_on_one_machine_names_it():
    """Every alarm of the night is of a machine that has not measured before."""
    past = [
        make_line(night, 100 + night % 3 / 10, scenario=name, runner="gpu-03")
        for night in range(1, 11)
        for name in ("flux", "wan")
    ]
    now = [make_line(11, 130.0, scenario=name, runner="gpu-07") for name in ("flux", "wan")]

    assert night_series(now, past, "h100", 11).runner_change == RunnerChange("gpu-03", "gpu-07")
    as_ever = [make_line(11, 100.0, scenario=name, runner="gpu-07") for name in ("flux", "wan")]
    assert night_series(as_ever, past, "h100", 11).runner_change is None
