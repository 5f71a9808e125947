"""Tightening from several runs, on machines, and with a past."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from builders import OLD_STAGES, STAGES, make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected
from ratchet_bot.data.history import Past
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.noise import Chance
from ratchet_bot.judging.proposals import Declined, Proposal, run_chance
from ratchet_bot.judging.tighten import propose, tightened
from ratchet_profiler.record import RunRecord

NIGHTS = [560.0, 561.0, 559.0, 562.0, 560.0] * 6
"""Thirty quiet nights of end to end."""
TOLERANCES = {
    "e2e": 0.1,
    "denoise_stage": 0.1,
    "non_denoise_stage": 0.1,
    "denoise_step": 0.1,
    "denoise_agg": 0.1,
}
KEY = "NVIDIA H100 80GB HBM3 x2 80 GiB | driver 570 | cuda 12.8 | torch 2.13 | host"


def slow(**values: Any) -> BaselineFile:
    """Return a baseline file of "flux" at 1000 ms."""
    return make_baselines({"flux": make_values(e2e_ms=1000.0, stages=OLD_STAGES, **values)})


def run(number: int, *times_ms: float) -> RunRecord:
    """Return a run with a request for each of these end-to-end times, on the day of its number."""
    requests = [make_request(f"{number}-{place}", e2e_ms=ms) for place, ms in enumerate(times_ms)]
    began = datetime(2026, 11, number, tzinfo=UTC)
    return make_record(make_scenario("flux", *requests), run_id=number, created_at=began)


def only(
    records: Sequence[RunRecord], file: BaselineFile | None = None, past: Past | None = None, **terms: Any
) -> Proposal:
    [one] = propose(file or slow(), records, Terms(**terms), past=past or {}).proposals
    return one


def test_the_snapshot_is_the_middle_of_all_runs():
    """Of seven requests of three runs the fourth by end to end; its provenance is that of its own run."""
    records = [run(3, 900.0, 700.0), run(5, 800.0, 810.0, 820.0), run(4, 600.0, 950.0)]
    one = only(records)
    assert one.values["expected_e2e_ms"] == 810.0
    assert (one.request_id, one.requests, one.run_id, one.captured_on) == ("5-1", 7, 5, "2026-11-05")
    assert one.values["provenance"] == {
        "run_id": 5,
        "head_sha": records[0].source.head_sha,
        "request_id": "5-1",
        "captured_at": "2026-11-05T00:00:00+00:00",
        "requests": 7,
        "comparability": KEY,
    }


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_the_records_does_not_matter(order: tuple[int, ...]):
    """Shards and repeated runs arrive in any order; the file takes the date of the latest."""
    records = [run(3, 900.0, 700.0), run(5, 800.0, 810.0, 820.0), run(4, 600.0, 950.0)]
    found = propose(slow(), [records[place] for place in order])
    assert found.proposals[0].values["expected_e2e_ms"] == 810.0
    assert tightened(slow(), found).metadata.last_updated == "2026-11-05"


def test_shards_are_one_run():
    """Each record has other scenarios: each scenario is proposed from the record that has it."""
    file = make_baselines({name: make_values(e2e_ms=1000.0, stages=OLD_STAGES) for name in "ab"})
    found = propose(file, [make_record(make_scenario("b")), make_record(make_scenario("a"))])
    assert [one.scenario for one in found.proposals] == ["b", "a"]


def test_runs_of_two_machines_do_not_make_a_baseline():
    """Requests of another driver are no testimony about the same engine."""
    other = make_record(make_scenario())
    other = other.model_copy(update={"environment": other.environment.model_copy(update={"driver": "580.1"})})
    [declined] = propose(slow(), [make_record(make_scenario()), other]).declined
    assert declined.reason == "its requests do not compare: driver 570 -> driver 580"


def test_a_baseline_of_another_machine_is_not_tightened():
    """A CPU run once went into an H100 file: the baseline's own provenance says what it compares with."""
    provenance = {
        "request_id": "r",
        "captured_at": "2026-05-17T00:00:00Z",
        "requests": 3,
        "comparability": KEY.replace("driver 570", "driver 560").replace("x2", "x4"),
    }
    [declined] = propose(slow(provenance=provenance), [make_record(make_scenario())]).declined
    assert declined.reason == (
        "its baseline does not compare with this run: NVIDIA H100 80GB HBM3 x4 80 GiB -> "
        "NVIDIA H100 80GB HBM3 x2 80 GiB; driver 560 -> driver 570"
    )
    same = provenance | {"comparability": KEY}
    assert propose(slow(provenance=same), [make_record(make_scenario())]).proposals


def test_without_a_past_nothing_is_predicted():
    """Nor is the file's profile looked at."""
    assert only([make_record(make_scenario())], profile="none").chance == Chance(None, 0, "")


def test_a_profile_that_is_not_there_is_refused():
    """With a past, the limits of an unknown profile cannot be known."""
    with pytest.raises(BaselinesRejected, match=r"there is no profile 'none'"):
        propose(slow(), [make_record(make_scenario())], Terms(profile="none"), past={"flux": {}})


@pytest.mark.parametrize(
    ("spikes", "most", "outcome"),
    [
        (0, 0.05, pytest.approx(0.25 / 35)),
        (1, 0.05, pytest.approx(1.25 / 35)),
        (2, 0.05, "6.4 %"),
        (2, 0.065, pytest.approx(2.25 / 35)),
        (0, 0.007, "0.7 %"),
        (30, 1.0, pytest.approx(0.25 / 35)),
    ],
)
def test_the_chance_is_worked_out_from_the_nights(spikes: int, most: float, outcome: Any):
    """Spikes of 30 nights above 616 ms (10 %), and a twentieth of five nights more: 1 of 30 is 3.6 %.

    Where every night is above, that is the level, and it is the engine that has become faster since.
    """
    past = {"flux": {"expected_e2e_ms": [700.0] * 30 if spikes == len(NIGHTS) else spiked(spikes)}}
    file = make_baselines({"flux": make_values(e2e_ms=1000.0, stages=OLD_STAGES)}, tolerances=TOLERANCES)
    found = propose(file, [make_record(make_scenario())], Terms(max_flake_rate=most), past=past)
    if isinstance(outcome, str):
        assert found.declined == (
            Declined(
                "flux",
                f"an unchanged engine would break the new limit of expected_e2e_ms in {outcome} of runs, "
                f"judging by 30 nights; at most {most * 100:.1f} % are accepted",
                is_replaceable=True,
            ),
        )
    else:
        [one] = found.proposals
        assert (one.chance.ratio, one.chance.nights, one.chance.field) == (outcome, 30, "expected_e2e_ms")


def spiked(count: int) -> list[float]:
    """Return thirty nights with lone spikes among them."""
    nights = list(NIGHTS)
    for spike in range(count):
        nights[5 + 10 * spike] = 700.0
    return nights


def test_what_is_likeliest_counts():
    """Of the metrics that decide, the one with the highest chance; one that does not decide never."""
    past = {
        "flux": {
            "expected_e2e_ms": NIGHTS,
            "expected_avg_denoise_ms": [90.0] * 15 + [200.0] + [90.0] * 14,
            "stages_ms.TextEncodingStage": [30.0, 1000.0] * 15,
        }
    }
    one = only([make_record(make_scenario())], past=past)
    assert (one.chance.field, one.chance.ratio) == ("expected_avg_denoise_ms", pytest.approx(1.25 / 35))
    assert one.chance.is_marked


def test_a_short_history_is_told_with_its_length():
    """Four nights say nothing, and a reader may want to know that there are four."""
    one = only([make_record(make_scenario())], past={"flux": {"expected_e2e_ms": [560.0] * 4}})
    assert (one.chance, one.chance.is_marked) == (Chance(None, 4, ""), False)


def test_other_scenarios_stand_in_for_what_a_short_history_has_not_seen():
    """Every tenth night of the others is far above its level: with five quiet nights that is half of it."""
    others = {f"other{number}": {"expected_e2e_ms": [100.0] * 9 + [300.0]} for number in range(3)}
    past = {"flux": {"expected_e2e_ms": [560.0] * 5}, **others}
    one = only([make_record(make_scenario())], past=past)
    assert one.chance.ratio == pytest.approx(5 * 0.1 / 10)


def test_noise_stays_where_the_engine_has_become_faster():
    """Nights at 1000 ms with a spike of half as much again: at 560 ms the same spike would break 616 ms."""
    nights = [1000.0, 1002.0, 998.0, 1001.0, 999.0] * 6
    nights[17] = 1500.0
    file = make_baselines({"flux": make_values(e2e_ms=1000.0, stages=OLD_STAGES)}, tolerances=TOLERANCES)
    one = only([make_record(make_scenario())], file, past={"flux": {"expected_e2e_ms": nights}})
    assert one.chance.ratio == pytest.approx(1.25 / 35)


def test_a_lucky_request_does_not_hide_the_level():
    """Nights at 600 ms, a request 1 % below: its limit of 653.4 ms is held against the nights as they are."""
    nights = [600.0, 606.0, 594.0, 603.0, 597.0] * 6
    nights[7] = 656.0
    request = make_request(e2e_ms=594.0)
    file = make_baselines({"flux": make_values(e2e_ms=1000.0, stages=OLD_STAGES)}, tolerances=TOLERANCES)
    one = only(
        [make_record(make_scenario("flux", request))], file, past={"flux": {"expected_e2e_ms": nights}}
    )
    assert one.chance.ratio == pytest.approx(1.25 / 35)


def test_the_middle_request_says_where_the_engine_is():
    """Of three requests at 594, 600 and 900 ms the second: nights at 600 ms are taken as they are."""
    nights = [600.0, 606.0, 594.0, 603.0, 597.0] * 6
    nights[7] = 661.0
    requests = [make_request(f"r{number}", e2e_ms=ms) for number, ms in enumerate((594.0, 600.0, 900.0))]
    file = make_baselines({"flux": make_values(e2e_ms=1000.0, stages=OLD_STAGES)}, tolerances=TOLERANCES)
    past = {"flux": {"expected_e2e_ms": nights}}
    one = only([make_record(make_scenario("flux", *requests))], file, past=past)
    assert one.values["expected_e2e_ms"] == 600.0
    assert one.chance.ratio == pytest.approx(1.25 / 35)


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), -1.0])
def test_nights_that_are_no_time_do_not_count(broken: float):
    """Of this scenario, and of the others."""
    quiet = {"flux": {"expected_e2e_ms": NIGHTS}, "other": {"expected_e2e_ms": NIGHTS}}
    past = {name: {"expected_e2e_ms": [*NIGHTS[:9], broken, *NIGHTS[9:]]} for name in quiet}
    records = [make_record(make_scenario())]
    assert only(records, past=past).chance == only(records, past=quiet).chance


def test_the_chance_of_a_run_is_that_of_any_of_its_limits():
    """Of two scenarios of 1.25 / 35 each: 1 - (1 - p)^2; one that is not known does not count."""
    file = make_baselines(
        {name: make_values(e2e_ms=1000.0, stages=OLD_STAGES) for name in "abc"}, tolerances=TOLERANCES
    )
    past = {name: {"expected_e2e_ms": spiked(1)} for name in "ab"}
    found = propose(file, [make_record(*(make_scenario(name) for name in "abc"))], past=past)
    chances = [one.chance.ratio for one in found.proposals]
    share = 1 / 30
    expected = (1 + 5 * share) / 35
    assert chances == [pytest.approx(expected), pytest.approx(expected), None]
    assert run_chance(found.proposals) == pytest.approx(1 - (1 - expected) ** 2)
    assert run_chance(found.proposals[2:]) is None


def test_a_proposal_does_not_put_an_error_into_the_file():
    """End to end fell by 44 % and no stage did: an audit of the change would call that an edit by hand."""
    file = make_baselines({"flux": make_values(e2e_ms=1000.0)})
    assert propose(file, [make_record(make_scenario())]).declined == (
        Declined(
            "flux",
            "the audit would find partial-edit: end to end moved from 1,000.00 to 560.00 ms (-44.0 %) and no "
            "stage did",
            is_replaceable=True,
        ),
    )


def test_a_warning_is_told_with_the_proposal():
    """The share of the denoising stage outside of its steps moves: that is told, and a person decides."""
    stages = STAGES | {"DenoisingStage": 900.0}
    file = make_baselines({"flux": make_values(e2e_ms=1100.0, stages=stages)})
    request = make_request(e2e_ms=900.0, stages=STAGES | {"DenoisingStage": 700.0})
    one = only([make_record(make_scenario("flux", request))], file)
    assert [(told.rule, told.severity) for told in one.warnings] == [("stage-exceeds-steps", "warning")]


def test_measured_values_are_not_called_typed():
    """A record's times may be round by chance: that warning is for files, whose values somebody may type."""
    stages = STAGES | {"TextEncodingStage": 470.0}
    file = make_baselines({"flux": make_values(e2e_ms=1001.5, stages=stages)})
    found = propose(file, [make_record(make_scenario())])
    assert found.proposals[0].warnings == ()
    written = make_baselines({"flux": make_values()})
    assert "hand-typed" in {told.rule for told in audit(written)}


def test_what_was_wrong_before_is_no_news():
    """A warning that the old values had too is not told with the new ones."""
    steps = {"denoise_step_ms": {}, "expected_avg_denoise_ms": 0.0, "expected_median_denoise_ms": 0.0}
    stages = STAGES | {"TextEncodingStage": 470.0}
    file = make_baselines({"flux": make_values(e2e_ms=1000.0, stages=stages) | steps})
    one = only([make_record(make_scenario("flux", make_request(steps=())))], file)
    assert "steps-missing" in {told.rule for told in audit(file)}
    assert one.warnings == ()


def test_requests_alike_are_chosen_from_in_the_same_order():
    """Runs whose requests have the same name and the same end to end propose the same in any order."""
    records = [make_record(make_scenario("flux", make_request()), run_id=number) for number in (2, 1)]
    first, second = (tightened(slow(), propose(slow(), given)) for given in (records, records[::-1]))

    assert first.text == second.text
