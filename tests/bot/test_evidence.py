from typing import Any

import pytest
from builders import STAGES, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.baselines import ScenarioBaseline
from ratchet_bot.judging.evidence import (
    Evidence,
    NotJudgeable,
    RecordedScenario,
    evidence,
    run_evidence,
    workload_change,
)
from ratchet_bot.judging.snapshot import Snapshot, snapshot
from ratchet_profiler.record import RequestRecord, ScenarioRecord


def baseline(**values: Any) -> ScenarioBaseline:
    return ScenarioBaseline.model_validate(make_values(**values))


def taken(**fields: Any) -> Snapshot:
    one = snapshot(make_request(**fields), "host")
    assert one
    return one


def runs(*scenarios: ScenarioRecord) -> list[RecordedScenario]:
    """Return these recordings of one scenario, each by a run of its own."""
    return [
        RecordedScenario(make_record(one, run_id=number), one)
        for number, one in enumerate(scenarios, start=1)
    ]


def failed_request(request_id: str = "failed") -> RequestRecord:
    """Return a request whose last stage raised."""
    request = make_request(request_id)
    *stages, last = request.stages
    broken = last.model_copy(update={"error": "out of memory"})
    return request.model_copy(update={"stages": (*stages, broken)})


CONTRADICTORY = make_request("contradictory", e2e_ms=300.0)
"""Its stages of 550 ms do not fit into 300 ms."""
BOTH = "DecodingStage, DenoisingStage"
TOO_LONG = "stages sum to 550.00 ms, longer than the whole request (300.00 ms)"


def test_valid_requests_testify_in_the_order_they_ran():
    """Warm-ups do not count as measured, and invalid requests are left out."""
    scenario = make_scenario(
        "s",
        make_request("w", warmup=True),
        make_request("b"),
        CONTRADICTORY,
        failed_request(),
        make_request("a"),
    )
    found = evidence(runs(scenario), "host")
    assert isinstance(found, Evidence)
    assert [one.request_id for one in found.snapshots] == ["b", "a"]
    assert found.measured == 4


@pytest.mark.parametrize(
    ("scenario", "kind", "reason"),
    [
        (ScenarioRecord(id="s"), "invalid", "no request was measured"),
        (ScenarioRecord(id="s", error="no GPU"), "invalid", "no GPU"),
        (make_scenario("s", make_request(warmup=True)), "invalid", "no request was measured"),
        (make_scenario("s", make_request(warmup=True), error="crashed"), "invalid", "crashed"),
        (make_scenario("s", make_request(), error="crashed"), "invalid", "crashed"),
        (make_scenario("s", failed_request()), "invalid", "DecodingStage failed: out of memory"),
        (
            make_scenario("s", CONTRADICTORY),
            "invalid",
            TOO_LONG,
        ),
        (make_scenario("s", make_request(e2e_ms=0.0)), "invalid", "end to end is 0 ms"),
        (make_scenario("s", make_request(scale=1e-6)), "invalid", "end to end is 0 ms"),
    ],
)
def test_why_a_scenario_cannot_be_judged(scenario: ScenarioRecord, kind: str, reason: str):
    """A scenario without a valid request is no evidence; the reason is the first that was met."""
    assert evidence(runs(scenario), "host") == NotJudgeable(kind, reason)


def test_a_run_without_scenarios_has_no_evidence():
    """There is nothing to pool."""
    assert run_evidence([], "host") == {}


def test_the_requests_of_several_runs_are_pooled_and_know_their_run():
    """Two runs may use the same request ids; a failed run's requests count as measured and say nothing."""
    failed = make_scenario("s", make_request("r0"), error="crashed")
    found = evidence(
        runs(make_scenario("s", make_request("r0"), make_request("r1")), failed, make_scenario("s")), "host"
    )
    assert isinstance(found, Evidence)
    assert [(one.snapshot.request_id, one.source.run_id) for one in found.requests] == [
        ("r0", 1),
        ("r1", 1),
        ("r0", 3),
    ]
    assert found.measured == 4


def test_another_clock_is_incomparable():
    """Requests of the host clock say nothing of a baseline on the device's."""
    assert evidence(runs(make_scenario("s", make_request())), "device-events") == NotJudgeable(
        "incomparable", "the baseline is on the device-events clock, which this run does not have"
    )


def test_one_request_without_the_clock_is_left_out():
    """As long as one request has the clock, it testifies."""
    scenario = make_scenario("s", make_request("host"), make_request("device", clock="device-events"))
    found = evidence(runs(scenario), "device-events")
    assert isinstance(found, Evidence)
    assert ([one.request_id for one in found.snapshots], found.measured) == (["device"], 2)


@pytest.mark.parametrize(
    ("steps", "change"),
    [
        ((50.0, 100.0, 110.0, 100.0), "this run has 4 denoising steps, the baseline has 5"),
        ((), "this run has no denoising steps, the baseline has their average"),
        ((1.0,) * 6, "this run has 6 denoising steps, the baseline has 5"),
    ],
)
def test_another_number_of_steps_is_other_work(steps: tuple[float, ...], change: str):
    """Five steps are not four, six, or none."""
    assert workload_change(baseline(), taken(steps=steps)) == change


def test_a_sampled_baseline_knows_its_last_step():
    """Of gapped steps only the highest index tells how many there must be."""
    sampled = ScenarioBaseline.model_validate(make_values() | {"denoise_step_ms": {"0": 50.0, "4": 90.0}})
    assert workload_change(sampled, taken()) == ""
    assert workload_change(sampled, taken(steps=(50.0,) * 4)) == (
        "this run has 4 denoising steps, the baseline has step 4"
    )


def test_a_run_that_forgot_its_steps_is_not_green():
    """A baseline with an average but no step list is not compared with a run without steps: its mean is 0."""
    without_list = ScenarioBaseline.model_validate(make_values() | {"denoise_step_ms": {}})
    assert workload_change(without_list, taken(steps=())) == (
        "this run has no denoising steps, the baseline has their average"
    )
    assert workload_change(without_list, taken()) == ""
    assert workload_change(baseline(steps=()), taken(steps=())) == ""


@pytest.mark.parametrize(
    ("stages", "change"),
    [
        (STAGES, ""),
        (STAGES | {"SafetyStage": 1.0}, ""),
        ({"DenoisingStage": 460.0, "DecodingStage": 60.0}, ""),
        (
            {"DenoisingStage": 460.0},
            f"the baseline has {BOTH}, this run has DenoisingStage",
        ),
        (
            STAGES | {"LTX2RefinementStage": 5.0},
            f"the baseline has {BOTH}, this run has {BOTH}, LTX2RefinementStage",
        ),
        (
            {},
            f"the baseline has {BOTH}, this run has no denoising or decoding stage",
        ),
    ],
)
def test_other_deciding_stages_are_other_work(stages: dict[str, float], change: str):
    """Denoising and decoding stages must be the same; others may come and go."""
    assert workload_change(baseline(), taken(stages=stages)) == change
