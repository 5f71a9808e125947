from typing import Any

import pytest
from builders import STAGES, make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.baselines import BaselinesRejected
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.verdicts import Outcome, ScenarioComparison, Verdict
from ratchet_profiler.record import RequestRecord, ScenarioRecord

TIGHT_E2E = make_baselines()
"""The builders' scenario: 560 ms, steps of 90 on average and 100 in the middle, stages 30, 460, 60."""
WIDE_E2E = make_baselines({"flux": make_values(e2e_ms=2000.0)})
"""The same with room for slower stages."""
PLACEHOLDER = make_values(e2e_ms=0.0, stages={}, steps=())


def compared(*requests: RequestRecord, file: Any = TIGHT_E2E, **terms: Any) -> ScenarioComparison:
    """Return what is said of one scenario with these requests."""
    [one] = compare(file, [make_record(make_scenario("flux", *requests))], Terms(**terms)).scenarios
    return one


def crossed(one: ScenarioComparison) -> list[tuple[str, bool]]:
    return [(row.field, row.gates) for row in one.rows if row.crossed]


def test_every_row_by_hand():
    """Tolerances: end to end 25 %, denoising 25 %, other stages 80 %, decoding 90 %, steps 30 %."""
    one = compared(make_request())
    assert [(row.field, row.baseline_ms, row.limit_ms, row.binds, row.gates) for row in one.rows] == [
        ("expected_e2e_ms", 560.0, 700.0, "tolerance", True),
        ("expected_avg_denoise_ms", 90.0, 110.0, "pad", True),
        ("expected_median_denoise_ms", 100.0, 120.0, "tolerance", True),
        ("stages_ms.TextEncodingStage", 30.0, 150.0, "pad", False),
        ("stages_ms.DenoisingStage", 460.0, 580.0, "pad", True),
        ("stages_ms.DecodingStage", 60.0, 510.0, "pad", True),
        ("denoise_step_ms.0", 50.0, 250.0, "tolerance", False),
        ("denoise_step_ms.1", 100.0, 130.0, "tolerance", False),
        ("denoise_step_ms.2", 110.0, 143.0, "tolerance", False),
        ("denoise_step_ms.3", 100.0, 130.0, "tolerance", False),
        ("denoise_step_ms.4", 90.0, 117.0, "tolerance", False),
    ]
    assert (one.verdict, one.reason, one.requests, one.notes) == (Verdict.UNCHANGED, "", 1, ())


@pytest.mark.parametrize(
    ("request_", "over"),
    [
        (make_request(e2e_ms=700.0), []),
        (make_request(e2e_ms=700.01), ["expected_e2e_ms"]),
        (make_request(e2e_ms=2000.0, stages=STAGES | {"DecodingStage": 510.0}), []),
        (make_request(e2e_ms=2000.0, stages=STAGES | {"DecodingStage": 510.01}), ["stages_ms.DecodingStage"]),
        (make_request(e2e_ms=2000.0, stages=STAGES | {"DenoisingStage": 580.0}), []),
        (
            make_request(e2e_ms=2000.0, stages=STAGES | {"DenoisingStage": 580.01}),
            ["stages_ms.DenoisingStage"],
        ),
        (
            make_request(e2e_ms=2000.0, steps=(110.0,) * 5, stages=STAGES | {"DenoisingStage": 550.0}),
            [],
        ),
        (
            make_request(e2e_ms=2000.0, steps=(110.1,) * 5, stages=STAGES | {"DenoisingStage": 560.0}),
            ["expected_avg_denoise_ms"],
        ),
        (
            make_request(
                e2e_ms=2000.0,
                steps=(50.0, 120.1, 120.1, 120.1, 100.0),
                stages=STAGES | {"DenoisingStage": 520.0},
            ),
            ["expected_median_denoise_ms"],
        ),
    ],
)
def test_a_deciding_metric_above_its_limit_regresses(request_: RequestRecord, over: list[str]):
    """At the limit it is unchanged; just above, that metric alone makes the scenario regressed."""
    one = compared(request_, file=TIGHT_E2E if request_.total.host_ms < 1000 else WIDE_E2E)
    assert crossed(one) == [(field, True) for field in over]
    assert one.verdict is (Verdict.REGRESSED if over else Verdict.UNCHANGED)


@pytest.mark.parametrize(
    ("request_", "over"),
    [
        (
            make_request(e2e_ms=2000.0, stages=STAGES | {"TextEncodingStage": 150.1}),
            "stages_ms.TextEncodingStage",
        ),
        (make_request(e2e_ms=2000.0, steps=(50.0, 130.1, 100.0, 100.0, 79.0)), "denoise_step_ms.1"),
        (make_request(e2e_ms=2000.0, steps=(251.0, 50.0, 50.0, 50.0, 50.0)), "denoise_step_ms.0"),
    ],
)
def test_what_does_not_decide_is_told(request_: RequestRecord, over: str):
    """Another stage, or a single step, above its limit is told and regresses nothing."""
    one = compared(request_, file=WIDE_E2E)
    assert crossed(one) == [(over, False)]
    assert one.verdict is Verdict.UNCHANGED


@pytest.mark.parametrize(
    ("baseline_ms", "e2e_ms", "verdict"),
    [
        (1000.0, 950.0, Verdict.IMPROVED),
        (1000.0, 950.01, Verdict.UNCHANGED),
        (1000.2, 950.19, Verdict.IMPROVED),
        (1000.0, 560.0, Verdict.IMPROVED),
    ],
)
def test_five_percent_less_is_an_improvement(baseline_ms: float, e2e_ms: float, verdict: Verdict):
    """End to end decides on improvement, from 5 % on: also from 1000.20 to 950.19, where floats miss it."""
    file = make_baselines({"flux": make_values(e2e_ms=baseline_ms)})
    assert compared(make_request(e2e_ms=e2e_ms), file=file).verdict is verdict


def test_a_regression_is_none_the_less_one():
    """Half the end-to-end time does not excuse a decoding stage above its limit."""
    stages = STAGES | {"DecodingStage": 510.5}
    assert compared(make_request(e2e_ms=1001.0, stages=stages), file=WIDE_E2E).verdict is Verdict.REGRESSED


def test_the_lower_median_of_the_requests_is_judged():
    """Of four, the second fastest; each metric has its own. Warm-ups and invalid requests are left out."""
    one = compared(
        make_request("w", e2e_ms=100_000.0, warmup=True),
        make_request("a", e2e_ms=900.0),
        make_request("b", e2e_ms=610.0, stages=STAGES | {"DecodingStage": 70.0}),
        make_request("c", e2e_ms=600.0, stages=STAGES | {"DecodingStage": 90.0}),
        make_request("d", e2e_ms=590.0, stages=STAGES | {"DecodingStage": 80.0}),
        make_request("x", e2e_ms=1.0),
    )
    measured = {row.field: row.measured_ms for row in one.rows}
    assert (measured["expected_e2e_ms"], measured["stages_ms.DecodingStage"]) == (600.0, 70.0)
    assert (one.requests, one.verdict) == (4, Verdict.UNCHANGED)
    assert one.notes == ("left out as invalid: 1 of 5 requests",)


def test_stages_of_one_side_only_are_noted():
    """A stage that does not decide may come or go: it is said, not judged."""
    stages = {"DenoisingStage": 460.0, "DecodingStage": 60.0, "SafetyStage": 5.0}
    one = compared(make_request(stages=stages))
    assert one.notes == (
        "stage TextEncodingStage has a baseline and was not measured",
        "stage SafetyStage was measured and has no baseline",
    )
    assert "stages_ms.TextEncodingStage" not in [row.field for row in one.rows]


@pytest.mark.parametrize(
    ("scenario", "verdict", "reason"),
    [
        (make_scenario("flux", make_request(e2e_ms=1.0)), Verdict.INVALID, "stages sum to 550.00 ms, longer"),
        (make_scenario("flux", error="crashed"), Verdict.INVALID, "crashed"),
        (ScenarioRecord(id="flux", error="crashed"), Verdict.INVALID, "crashed"),
        (make_scenario("flux", make_request(warmup=True)), Verdict.INVALID, "no request was measured"),
        (
            make_scenario("flux", make_request(steps=(90.0,))),
            Verdict.INCOMPARABLE,
            "this run has 1 denoising steps, the baseline has 5",
        ),
        (
            make_scenario("flux", make_request("a"), make_request("b", steps=(90.0,))),
            Verdict.INCOMPARABLE,
            "this run has 1 denoising steps, the baseline has 5",
        ),
        (
            make_scenario("flux", make_request(stages={"DenoisingStage": 460.0})),
            Verdict.INCOMPARABLE,
            "the baseline has DecodingStage, DenoisingStage, this run has DenoisingStage",
        ),
    ],
)
def test_what_cannot_be_judged_says_why(scenario: ScenarioRecord, verdict: Verdict, reason: str):
    """A failed, contradictory or different run has a reason instead of rows, and is never green."""
    comparison = compare(TIGHT_E2E, [make_record(scenario)])
    [one] = comparison.scenarios
    assert (one.verdict, one.rows, one.e2e) == (verdict, (), None)
    assert one.reason.startswith(reason)
    assert comparison.outcome is Outcome.NOTHING_COMPARED


def test_the_baselines_clock_is_needed():
    """A baseline of the device clock is not compared with a run of the host's; with its own clock it is."""
    file = make_baselines(metadata={"clock": "device-events"})
    one = compared(make_request(), file=file)
    reason = "the baseline is on the device-events clock, which this run does not have"
    assert (one.verdict, one.reason) == (Verdict.INCOMPARABLE, reason)
    measured = {
        row.field: row.measured_ms for row in compared(make_request(clock="device-events"), file=file).rows
    }
    assert (measured["expected_e2e_ms"], measured["stages_ms.DenoisingStage"]) == (560.0, 414.0)
    assert measured["expected_avg_denoise_ms"] == pytest.approx(81.0)


@pytest.mark.parametrize(
    ("baselines", "reason"),
    [
        ({}, "it has no baseline"),
        ({"flux": PLACEHOLDER}, "its baseline is a placeholder"),
        ({"flux": make_values(e2e_ms=0.0)}, "its baseline is a placeholder"),
    ],
)
def test_without_a_baseline_nothing_is_guarded(baselines: dict[str, Any], reason: str):
    """A scenario that is new, or whose baseline holds nothing, is unguarded, and the run judged nothing."""
    comparison = compare(make_baselines(baselines), [make_record(make_scenario("flux"))])
    [one] = comparison.scenarios
    assert (one.verdict, one.reason) == (Verdict.UNGUARDED, reason)
    assert comparison.outcome is Outcome.NOTHING_COMPARED


def test_a_failure_of_an_unguarded_scenario_is_said():
    """A placeholder that was not run is unguarded; one that was run and failed is invalid."""
    file = make_baselines({"flux": PLACEHOLDER})
    assert compare(file, [make_record()]).scenarios[0].verdict is Verdict.UNGUARDED
    failed = make_record(ScenarioRecord(id="flux", error="crashed"))
    assert compare(file, [failed]).scenarios[0].verdict is Verdict.INVALID


def test_an_unknown_profile_is_refused():
    """The message names the profiles there are."""
    with pytest.raises(
        BaselinesRejected, match=r"^tolerances: there is no profile 'x'; it has long_term, pr_test$"
    ):
        compare(TIGHT_E2E, [make_record()], Terms(profile="x"))


def test_the_profile_is_used():
    """The long-term profile allows 15 % end to end: 650 of 560 ms regresses there, and not in pr_test."""
    request = make_request(e2e_ms=650.0)
    assert compared(request, profile="long_term").verdict is Verdict.REGRESSED
    assert compared(request).verdict is Verdict.UNCHANGED
