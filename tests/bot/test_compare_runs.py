import json
from collections.abc import Sequence
from typing import Any

import pytest
from builders import STAGES, STEPS, make_baselines, make_record, make_request, make_scenario, make_values
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.rows import sampled_indices
from ratchet_bot.judging.verdicts import Outcome, Row, Verdict
from ratchet_profiler.record import ScenarioRecord

SGLANG = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
SLOW, SAME, FAST, BROKEN = "slow", "same", "fast", "broken"
RECORDED = {
    SLOW: make_scenario(SLOW, make_request(e2e_ms=2501.0)),
    SAME: make_scenario(SAME, make_request(e2e_ms=2000.0)),
    FAST: make_scenario(FAST, make_request(e2e_ms=1900.0)),
    BROKEN: make_scenario(BROKEN, make_request(), error="crashed"),
    "new": make_scenario("new"),
}
BASELINES = {name: make_values(e2e_ms=2000.0) for name in [SLOW, SAME, FAST, BROKEN, "absent"]} | {
    "placeholder": make_values(e2e_ms=0.0)
}
VERDICTS = {
    SLOW: Verdict.REGRESSED,
    SAME: Verdict.UNCHANGED,
    FAST: Verdict.IMPROVED,
    BROKEN: Verdict.INVALID,
    "absent": Verdict.MISSING,
    "placeholder": Verdict.UNGUARDED,
    "new": Verdict.UNGUARDED,
}


@pytest.mark.parametrize(
    ("fractions", "count", "indices"),
    [
        (SGLANG, 6, [0, 1, 2, 3, 4, 5]),
        (SGLANG, 11, [0, 2, 4, 6, 8, 10]),
        (SGLANG, 50, [0, 10, 20, 29, 39, 49]),
        (SGLANG, 1, [0]),
        (SGLANG, 2, [0, 1]),
        (SGLANG, 0, []),
        ((0.5,), 2, [0]),
        ((0.5,), 4, [2]),
        ((0.5,), 6, [2]),
        ((0.5,), 8, [4]),
        ((1.0, 0.0, 1.0), 3, [0, 2]),
        ((), 50, []),
    ],
)
def test_sampled_steps_by_hand(fractions: Sequence[float], count: int, indices: list[int]):
    """Rounding is half to even: 0.5 of the last index 1, 3, 5, 7 is 0, 2, 2, 4."""
    assert sampled_indices(fractions, count) == indices


def test_the_files_sampling_chooses_the_steps():
    """Only steps at the file's fractions are compared, and only where the baseline has them."""
    values = make_values() | {"denoise_step_ms": {"0": 50.0, "2": 110.0, "4": 90.0}}
    file = make_baselines({"flux": values}, sampling={"step_fractions": [0.25, 0.5, 1]})
    rows = compare(file, [make_record(make_scenario("flux"))]).scenarios[0].rows
    assert [row.field for row in rows if row.field.startswith("denoise_step_ms")] == [
        "denoise_step_ms.2",
        "denoise_step_ms.4",
    ]


@pytest.mark.parametrize(("frames", "limits"), [(None, [250.0, 130.0]), (81, [250.0, 260.0])])
def test_steps_of_videos_have_a_larger_pad(frames: int | None, limits: list[float]):
    """A step of 100 ms may take 130 ms in an image, 260 ms in a video; the first step is the same in both."""
    record = make_record(make_scenario("flux", make_request(frames=frames)))
    rows = {row.field: row.limit_ms for row in compare(make_baselines(), [record]).scenarios[0].rows}
    assert [rows["denoise_step_ms.0"], rows["denoise_step_ms.1"]] == limits


def test_aggregates_of_zero_are_not_compared():
    """An average of 0 in the file is no baseline; a stage of 0 is one, with its pad."""
    values = make_values(stages=STAGES | {"ImageVAEEncodingStage": 0.0}) | {"expected_avg_denoise_ms": 0.0}
    request = make_request(e2e_ms=600.0, stages=STAGES | {"ImageVAEEncodingStage": 10.0})
    rows = (
        compare(make_baselines({"flux": values}), [make_record(make_scenario("flux", request))])
        .scenarios[0]
        .rows
    )
    by_field = {row.field: row for row in rows}
    assert "expected_avg_denoise_ms" not in by_field
    stage = by_field["stages_ms.ImageVAEEncodingStage"]
    assert (stage.limit_ms, stage.crossed, stage.change_ratio) == (120.0, False, None)


def test_a_change_is_relative_to_the_baseline():
    """Positive is slower."""
    assert Row("f", 200.0, 250.0, 240.0, "tolerance", gates=True).change_ratio == 0.25
    assert Row("f", 200.0, 150.0, 240.0, "tolerance", gates=True).change_ratio == -0.25


def test_every_scenario_of_both_sides_has_a_verdict():
    """In the order of the file, then of the record."""
    comparison = compare(make_baselines(BASELINES), [make_record(*RECORDED.values())])
    assert {one.scenario: one.verdict for one in comparison.scenarios} == VERDICTS
    assert [one.scenario for one in comparison.scenarios] == [*BASELINES, "new"]
    assert (comparison.profile, comparison.clock) == ("pr_test", "host")


@settings(derandomize=True, max_examples=20)
@given(st.permutations(list(BASELINES)), st.permutations(list(RECORDED)))
def test_the_order_of_scenarios_changes_no_verdict(baselines: list[str], recorded: list[str]):
    """Each scenario is judged alone."""
    file = make_baselines({name: BASELINES[name] for name in baselines})
    comparison = compare(file, [make_record(*(RECORDED[name] for name in recorded))])
    assert {one.scenario: one.verdict for one in comparison.scenarios} == VERDICTS


def test_a_glob_limits_both_sides():
    """Only matching scenarios are looked at, case and all."""
    file, record = make_baselines(BASELINES), make_record(*RECORDED.values())
    comparison = compare(file, [record], Terms(scenarios="[an]*"))
    assert [one.scenario for one in comparison.scenarios] == ["absent", "new"]
    assert compare(file, [record], Terms(scenarios="S*")).outcome is Outcome.NOTHING_COMPARED


@pytest.mark.parametrize(
    ("names", "outcome"),
    [
        ([SLOW, SAME, FAST, BROKEN, "absent"], Outcome.REGRESSED),
        ([SLOW], Outcome.REGRESSED),
        ([SAME, FAST, BROKEN], Outcome.INCOMPLETE),
        ([SAME, "absent"], Outcome.INCOMPLETE),
        ([FAST, "absent"], Outcome.INCOMPLETE),
        ([SAME, FAST], Outcome.IMPROVED),
        ([FAST, "new", "placeholder"], Outcome.IMPROVED),
        ([SAME, "new", "placeholder"], Outcome.UNCHANGED),
        ([BROKEN, "absent"], Outcome.NOTHING_COMPARED),
        (["new", "placeholder"], Outcome.NOTHING_COMPARED),
        ([], Outcome.NOTHING_COMPARED),
    ],
)
def test_the_worst_verdict_speaks_for_the_run(names: list[str], outcome: Outcome):
    """Regressed first; nothing judged is never good news; a hole makes it incomplete; unguarded is told."""
    file = make_baselines({name: BASELINES[name] for name in names if name in BASELINES})
    record = make_record(*(RECORDED[name] for name in names if name in RECORDED))
    assert compare(file, [record]).outcome is outcome


def test_another_workload_makes_a_run_incomplete():
    """What cannot be compared is a hole, too."""
    file = make_baselines({"a": make_values(), "b": make_values()})
    record = make_record(make_scenario("a"), make_scenario("b", make_request(steps=(90.0,))))
    assert compare(file, [record]).outcome is Outcome.INCOMPLETE


def test_an_empty_record_measured_nothing():
    """Without a scenario every guarded baseline is missing, and nothing is green."""
    comparison = compare(make_baselines(), [make_record()])
    assert [(one.verdict, one.reason) for one in comparison.scenarios] == [
        (Verdict.MISSING, "it is not in this run")
    ]
    assert comparison.outcome is Outcome.NOTHING_COMPARED


def times(value: Any, factor: float) -> Any:
    """Return a JSON value with every number multiplied."""
    if isinstance(value, dict):
        return {key: times(member, factor) for key, member in value.items()}
    return value * factor


@settings(derandomize=True, max_examples=60)
@given(
    st.floats(0.5, 2.0),
    st.floats(0.5, 2.0),
    st.floats(1.0, 3.0),
    st.sampled_from([0.5, 2.0, 4.0]),
)
def test_where_tolerances_bind_a_factor_changes_no_verdict(
    whole: float, inside: float, decoding: float, factor: float
):
    """Twice as slow a machine, with baselines of its own, says the same: pads are too small to bind here."""
    values = times(make_values(e2e_ms=1000.0), 1000.0)
    stages = {
        "TextEncodingStage": 30_000.0,
        "DenoisingStage": 460_000.0 * inside,
        "DecodingStage": 60_000.0 * decoding,
    }
    fields = {"stages": stages, "steps": [1000.0 * inside * step for step in STEPS]}
    e2e_ms = max(1_000_000.0 * whole, sum(stages.values()))

    def verdict(scale: float) -> tuple[Verdict, list[str]]:
        file = make_baselines(json.loads(json.dumps({"flux": times(values, scale)})))
        request = make_request(e2e_ms=e2e_ms, scale=scale, **fields)
        [one] = compare(file, [make_record(ScenarioRecord(id="flux", requests=(request,)))]).scenarios
        assert {row.binds for row in one.rows} == {"tolerance"}
        return one.verdict, [row.field for row in one.rows if row.crossed]

    assert verdict(1.0) == verdict(factor)


def test_a_spoilt_baseline_is_not_a_placeholder():
    """A deciding value that is no number was meant to guard: the scenario is invalid, not unguarded."""
    for field in ("expected_e2e_ms", "expected_avg_denoise_ms"):
        file = make_baselines({"flux": {**make_values(), field: "560"}})
        [one] = compare(file, [make_record(make_scenario(scale=9.0))]).scenarios

        assert (one.verdict, one.reason) == (Verdict.INVALID, f"its baseline has no usable {field}")


def test_most_requests_must_be_valid():
    """One good request among contradicting ones is no evidence."""
    bad = [make_request(f"bad{index}", e2e_ms=300.0) for index in range(2)]
    [one] = compare(make_baselines(), [make_record(make_scenario("flux", make_request(), *bad))]).scenarios

    assert one.verdict is Verdict.INVALID
    assert one.reason.startswith("2 of 3 requests are invalid: stages sum to 550.00 ms")
