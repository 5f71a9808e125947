"""What the last nights agree on."""

from builders import make_baselines, make_record, make_scenario, make_values
from history_lines import make_series
from ratchet_bot.data.history import past
from ratchet_bot.judging.night_tightening import Waiting, held_proposals
from ratchet_bot.judging.nights import alarms, is_forgotten, nights_in_a_row, overlap, stale_baselines
from ratchet_bot.judging.tighten import propose

KEY = make_series([1.0])[0].comparability
STEADY = [100.0, 100.4, 99.8, 100.1, 99.9, 100.2, 99.7, 100.3, 100.0, 99.9]


def test_nights_are_counted_back_from_the_last():
    """A night that does not show it ends the row, however many did before."""
    series = make_series([90.0, 90.0, 100.0, 90.0, 90.0])

    assert nights_in_a_row(series, lambda line: line.values["expected_e2e_ms"] < 95) == 2
    assert nights_in_a_row((), lambda _: True) == 0


def test_all_runs_of_a_night_have_to_show_it():
    """Two runs of one day are one night, which shows something only when both do."""
    first, second = make_series(
        [90.0, 100.0], changed={2: {"captured_at": make_series([1.0])[0].captured_at}}
    )

    assert nights_in_a_row([first, second], lambda line: line.values["expected_e2e_ms"] < 95) == 0
    assert nights_in_a_row([first, second], lambda line: line.values["expected_e2e_ms"] < 105) == 1


def test_an_improvement_is_proposed_once_it_has_held():
    """A proposal of this night needs the nights before to show the improvement too."""
    file = make_baselines({"flux": make_values(), "wan": make_values()})
    record = make_record(make_scenario("flux", scale=0.8), make_scenario("wan", scale=0.8))
    proposals = propose(file, [record]).proposals
    series = {
        "flux": make_series([560.0, 448.0, 447.0, 448.0]),
        "wan": make_series([560.0, 560.0, 448.0, 448.0], "wan"),
    }
    ready, waiting = held_proposals(proposals, series, 3, 0.05)

    assert [one.scenario for one in ready] == ["flux"]
    assert waiting == [Waiting("wan", 2)]


def test_a_missing_history_waits():
    """Without any night an improvement has held_proposals for none."""
    record = make_record(make_scenario("flux", scale=0.8))
    proposals = propose(make_baselines(), [record]).proposals

    assert held_proposals(proposals, {}, 1, 0.05) == ([], [Waiting("flux", 0)])


def test_an_improvement_is_forgotten_only_after_as_many_nights():
    """One spike does not take a proposal back; three nights without the improvement do."""
    assert not is_forgotten(make_series([80.0, 80.0, 150.0]), 100.0, 3, 0.05)
    assert not is_forgotten(make_series([80.0, 100.0, 100.0]), 100.0, 3, 0.05)
    assert is_forgotten(make_series([80.0, 100.0, 100.0, 100.0]), 100.0, 3, 0.05)
    assert not is_forgotten((), 100.0, 3, 0.05)


def test_a_loose_baseline_is_named():
    """More than 10 % above what is measured on each of the last nights; the loosest comes first."""
    file = make_baselines({"flux": make_values(e2e_ms=115.0), "wan": make_values(e2e_ms=200.0)})
    series = {
        "flux": make_series([100.0, 100.0, 100.0]),
        "wan": make_series([100.0] * 3, "wan"),
        "new": make_series([100.0] * 3, "new"),
    }

    assert [(one.scenario, round(one.slack_ratio, 2)) for one in stale_baselines(series, file, 3)] == [
        ("wan", 1.0),
        ("flux", 0.15),
    ]
    assert stale_baselines({"flux": make_series([110.0, 100.0, 100.0])}, file, 3) == []


def test_an_alarm_is_what_noise_does_not_explain():
    """A night 20 % slower than a quiet history is an alarm; one 1 % slower is none."""
    nights = make_series([*STEADY, 120.0, 101.0])
    before = past(nights[:10], "h100", {"flux": KEY})

    assert alarms(before, [nights[10]]) == ["flux"]
    assert alarms(before, [nights[11]]) == []


def test_alarms_of_two_nights_overlap():
    """A rotating cast of alarms is noise: the overlap says so."""
    assert overlap(["a", "b", "c"], ["b", "c", "d"]) == 0.5
    assert overlap([], ["a"]) == 0.0
    assert overlap([], []) is None
