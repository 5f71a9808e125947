"""Where a history shows a regression."""

from history_lines import SHARES, make_series, sha_of
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.judging.regressions import held_regressions

STEADY = [100.0, 100.4, 99.8, 100.1, 99.9, 100.2, 99.7, 100.3, 100.0, 99.9]


def test_a_regression_names_the_commits_between_which_it_began():
    """The last commit at the old level and the first at the new one, the levels, and when it began."""
    series = make_series([*STEADY, 120.0, 120.3, 119.8])
    [found] = held_regressions({"flux": series}, nights=3)

    assert (found.scenario, found.field) == ("flux", "expected_e2e_ms")
    assert (found.good_sha, found.bad_sha) == (sha_of(10), sha_of(11))
    assert (found.before_ms, found.after_ms) == (100.0, 120.0)
    assert found.since == series[10].captured_at


def test_a_regression_is_told_when_it_has_held():
    """Two nights are not three."""
    assert held_regressions({"flux": make_series([*STEADY, 120.0, 120.3])}, nights=3) == []


def test_three_runs_of_one_night_are_one_night():
    """A workflow started by hand three times does not make a regression hold for three nights."""
    at = make_series([*STEADY, 120.0])[10].captured_at
    same_night = {11: {"captured_at": at}, 12: {"captured_at": at}, 13: {"captured_at": at}}
    series = make_series([*STEADY, 120.0, 120.1, 120.2], changed=same_night)

    assert held_regressions({"flux": series}, nights=3) == []


def test_a_spike_and_a_slow_machine_are_none():
    """One bad night, of one scenario or of all, is no regression."""
    spiked = [*STEADY, 180.0, *STEADY, 130.0, *STEADY]

    assert held_regressions({name: make_series(spiked, name) for name in "abc"}, nights=3) == []


def test_what_came_back_is_none():
    """A rise after which a level came back is over; a rise after that is a new one."""
    slow = [120.0] * 7
    over = [*STEADY, *slow, *STEADY]
    again = [*over, 110.0, 110.2, 109.9]

    assert held_regressions({"flux": make_series(over)}, nights=3) == []
    assert [
        (one.bad_run_id, one.after_ms) for one in held_regressions({"flux": make_series(again)}, nights=3)
    ] == [(28, 110.0)]


def test_two_rises_are_two_regressions():
    """Each has its own commits."""
    series = make_series([*STEADY, *[110.0] * 8, *[125.0] * 8])

    assert [(one.bad_run_id, one.before_ms) for one in held_regressions({"flux": series}, nights=3)] == [
        (11, 100.0),
        (19, 110.0),
    ]


def test_the_stage_that_grew_is_named():
    """A stage is told with its part of the slowdown; one that did not grow is not."""
    steady, slow = make_series(STEADY), make_series([*STEADY, *[120.0] * 3])[10:]
    values = {"expected_e2e_ms": 120.0, **{f"stages_ms.{name}": 100.0 * it for name, it in SHARES.items()}}
    decoding = {**values, "stages_ms.DecodingStage": 34.0}
    slow = [line.model_copy(update={"values": decoding}) for line in slow]
    [found] = held_regressions({"flux": [*steady, *slow]}, nights=3)

    assert [(stage.name, stage.before_ms, stage.after_ms) for stage in found.stages] == [
        ("DecodingStage", 15.0, 34.0)
    ]
    assert round(found.stages[0].share_ratio, 2) == 0.95


def test_a_stage_can_regress_alone():
    """Decoding that doubles within an unchanged end to end is told by its own metric."""
    lines = make_series([*STEADY, *STEADY])
    slow = [
        line.model_copy(update={"values": {**line.values, "stages_ms.DecodingStage": 30.0}})
        for line in lines[10:]
    ]
    [found] = held_regressions({"flux": [*lines[:10], *slow]}, nights=3)

    assert (found.field, found.bad_run_id) == ("stages_ms.DecodingStage", 11)


def test_what_changed_on_the_machine_is_named():
    """Versions that differ between the two commits, and a runner that took over, stand beside it."""
    old = {"environment": "driver 570.1, python 3.11.7", "runner": "a"}
    new = {"environment": "driver 570.2, python 3.11.7, image x", "runner": "b"}
    changed = {night: old if night <= 10 else new for night in range(1, 14)}
    [found] = held_regressions({"flux": make_series([*STEADY, *[120.0] * 3], changed=changed)}, nights=3)

    assert found.environment == (
        "measured on b since then, on a before",
        "driver 570.1 -> 570.2",
        "image unknown -> x",
    )


@settings(max_examples=50)
@given(st.lists(st.floats(1.0, 1e5), max_size=40), st.integers(1, 5))
def test_any_series_gives_regressions_within_it(values: list[float], nights: int):
    """Whatever the values are, a regression rises by 2 % or more between two nights in a row."""
    series = make_series(values)

    for one in held_regressions({"flux": series}, nights):
        assert one.change_ratio >= 0.02
        assert int(one.bad_sha[:7]) == int(one.good_sha[:7]) + 1
        assert one.bad_run_id <= len(values) - nights + 1


def test_a_slow_drift_is_a_regression():
    """Steps each too small to be told add up: one regression, from before the first to after the last."""
    drift = [100.0 * (1 + 0.001 * night) * (1.002 if night % 2 else 0.998) for night in range(60)]
    [found] = held_regressions({"flux": make_series(drift)}, nights=3)

    assert found.change_ratio >= 0.03
    assert int(found.good_sha[:7]) < 25 < int(found.bad_sha[:7])
