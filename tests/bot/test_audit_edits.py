"""What an older file says beside a newer one: edits by hand, minima, loosening. Thresholds at their edges."""

from typing import Any

import pytest
from audit_cases import MEASURED_STAGES, MEASURED_STEPS, changed, measured, told
from builders import make_baselines
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.rules.rule import Finding


def of(rule: str, findings: list[Finding]) -> list[Finding]:
    """Return the findings of one rule."""
    return [finding for finding in findings if finding.rule == rule]


def scaled(factor: float) -> dict[str, Any]:
    """Return another request of the same scenario, all of its times by a factor, to two decimals."""
    return measured(
        e2e_ms=round(612.34 * factor, 2),
        stages={name: round(ms * factor, 2) for name, ms in MEASURED_STAGES.items()},
        steps=[round(ms * factor, 2) for ms in MEASURED_STEPS],
    )


def test_a_file_against_itself_brings_nothing():
    """Nothing is introduced where nothing was changed, however wrong it is."""
    wrong = measured(expected_avg_denoise_ms=120.0, e2e_ms=400.0)

    assert changed(wrong, wrong) == []
    assert [one.introduced for one in audit(make_baselines({"s": wrong}))] == [False] * 3


@pytest.mark.parametrize("factor", [0.7, 0.94, 1.049])
def test_a_whole_request_instead_of_another_is_no_edit(factor: float):
    """Values of another request, all of them, bring at most a note about how little was gained."""
    assert {one.rule for one in changed(measured(), scaled(factor))} <= {"no-improvement"}


def test_a_placeholder_has_no_past():
    """The first values of a placeholder are no change of anything."""
    assert changed(measured(e2e_ms=0.0), measured()) == []
    assert changed({}, measured()) == []


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (measured(steps=[*MEASURED_STEPS, 2.31]), "5 steps became 6"),
        (measured(stages={**MEASURED_STAGES, "NewStage": 0.5}), "new: NewStage"),
        (
            measured(stages={"DenoisingStage": 505.62, "VaeStage": 61.27, "TextEncodingStage": 31.41}),
            "gone: DecodingStage, new: VaeStage",
        ),
    ],
)
def test_another_workload_is_a_note(new: dict[str, Any], words: str):
    """Another number of steps, or other stages: a new baseline, and nothing else is held against it."""
    [finding] = [one for one in changed(measured(), new) if one.severity != "warning"]

    assert (finding.rule, finding.severity, finding.problem) == ("workload-changed", "info", words)


def test_a_pseudo_stage_is_no_workload():
    """`per_frame_generation` may come and go."""
    assert changed(measured(), measured(stages={**MEASURED_STAGES, "per_frame_generation": None})) == []


@pytest.mark.parametrize(
    ("e2e_ms", "fires"), [(624.58, False), (624.59, True), (600.1, False), (600.09, True)]
)
def test_end_to_end_does_not_move_alone(e2e_ms: float, *, fires: bool):
    """612.34 ms may move by 2 % (12.2468 ms) while no stage does."""
    found = of("partial-edit", changed(measured(), measured(e2e_ms=e2e_ms)))

    assert told(found) == ([("partial-edit", "error")] if fires else [])
    assert [one.field for one in found] == (["expected_e2e_ms"] if fires else [])


def test_a_move_is_said_with_its_sign():
    """End to end may have moved either way."""
    [faster] = of("partial-edit", changed(measured(), measured(e2e_ms=600.09)))
    [slower] = of("partial-edit", changed(measured(), measured(e2e_ms=1524.77)))

    assert faster.problem == "end to end moved from 612.34 to 600.09 ms (-2.0 %) and no stage did"
    assert slower.problem == "end to end moved from 612.34 to 1,524.77 ms (2.5 times) and no stage did"


def test_end_to_end_may_move_with_a_stage():
    """Where any stage moved too, end to end is not alone."""
    new = measured(e2e_ms=702.34, stages={**MEASURED_STAGES, "DecodingStage": 151.27})

    assert of("partial-edit", changed(measured(), new)) == []


def test_steps_do_not_change_without_their_mean():
    """The step that was changed by hand: average left alone, median not touched by it."""
    steps = [300.0, *MEASURED_STEPS[1:]]
    new = measured(steps=steps) | {"expected_avg_denoise_ms": 100.64, "expected_median_denoise_ms": 100.51}
    found = of("partial-edit", changed(measured(), new))

    assert [(one.field, one.actual, one.expected) for one in found] == [
        ("expected_avg_denoise_ms", 100.64, 140.89),
        ("expected_median_denoise_ms", 100.51, 101.37),
    ]
    assert found[0].message == (
        "steps changed, their mean is 140.89 ms now, and expected_avg_denoise_ms stayed 100.64 ms: replace "
        "the whole scenario with the values of one request (perf-ratchet tighten --replace)"
    )


def test_a_median_that_was_wrong_before_is_not_of_this_edit():
    """Where the median of the steps stays, the edit of a step has not made the stored one wrong."""
    old = measured(expected_median_denoise_ms=99.9)
    new = measured(steps=[98.99, *MEASURED_STEPS[1:]]) | {"expected_median_denoise_ms": 99.9}

    assert of("partial-edit", changed(old, new)) == []


@pytest.mark.parametrize(
    ("field", "value"), [("expected_avg_denoise_ms", 97.53), ("expected_median_denoise_ms", 97.53)]
)
def test_an_aggregate_does_not_change_without_its_steps(field: str, value: float):
    """An average or a median that changed alone, and does not fit, was edited."""
    [finding] = of("partial-edit", changed(measured(), measured() | {field: value}))

    assert (finding.field, finding.actual, finding.severity) == (field, value, "error")
    assert f"{field} changed to 97.53 ms and no step did" in finding.problem


def test_putting_an_average_right_is_no_edit_by_hand():
    """What our own advice says, set it to the mean of the steps, brings nothing."""
    assert changed(measured(expected_avg_denoise_ms=110.0), measured()) == []


def test_mending_the_steps_is_no_edit_by_hand():
    """Steps that fit an average that was right all along bring no partial edit."""
    old = measured(steps=[50.0, *MEASURED_STEPS[1:]]) | {
        "expected_avg_denoise_ms": 100.64,
        "expected_median_denoise_ms": 100.51,
    }

    assert of("partial-edit", changed(old, measured())) == []


def minimum(*steps: float, average: float) -> dict[str, Any]:
    """Return a scenario with these steps and an average that is not of them."""
    return measured(steps=steps, expected_avg_denoise_ms=average)


@pytest.mark.parametrize(
    ("new", "fires"),
    [
        (minimum(90.01, *MEASURED_STEPS[1:], average=100.0), True),
        (minimum(90.01, *MEASURED_STEPS[1:], average=98.91), True),
        (minimum(90.01, *MEASURED_STEPS[1:], average=98.9), False),
        (minimum(90.01, *MEASURED_STEPS[1:], average=97.0), False),
        (minimum(90.01, 101.38, *MEASURED_STEPS[2:], average=100.0), False),
        (minimum(*MEASURED_STEPS, average=100.7), False),
        (minimum(90.01, 90.02, 90.03, 90.04, 90.05, average=95.5), False),
    ],
)
def test_the_lowest_of_each_field_is_an_error(new: dict[str, Any], *, fires: bool):
    """Values only fell, part of the steps stayed, and the average is above their mean of 98.892."""
    found = of("assembled", changed(measured(expected_avg_denoise_ms=100.7), new))

    assert told(found) == ([("assembled", "error")] if fires else [])


def test_of_another_workload_nothing_is_assembled():
    """A stage that is gone is another workload, whatever fell."""
    new = minimum(90.01, *MEASURED_STEPS[1:], average=100.0)
    del new["stages_ms"]["TextEncodingStage"]

    assert of("assembled", changed(measured(), new)) == []


def test_an_assembled_scenario_says_why():
    """The finding counts the steps that changed, and says what to do."""
    new = minimum(90.01, *MEASURED_STEPS[1:], average=100.0)
    [finding] = of("assembled", changed(measured(), new))

    assert finding.message == (
        "values only fell, 1 of 5 steps changed, and the average (100.00 ms) is above their mean (98.89 ms): "
        "the least values of several runs: replace the whole scenario with the values of one request "
        "(perf-ratchet tighten --replace)"
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expected_e2e_ms": 642.95}, None),
        ({"expected_e2e_ms": 642.96}, "expected_e2e_ms"),
        ({"expected_avg_denoise_ms": 105.68}, "expected_avg_denoise_ms"),
        ({"expected_avg_denoise_ms": 105.67}, None),
        ({"expected_median_denoise_ms": 105.54}, "expected_median_denoise_ms"),
        ({"stages_ms": {**MEASURED_STAGES, "DenoisingStage": 530.91}}, "stages_ms.DenoisingStage"),
        ({"stages_ms": {**MEASURED_STAGES, "DenoisingStage": 530.9}}, None),
        ({"stages_ms": {**MEASURED_STAGES, "DecodingStage": 511.28}}, "stages_ms.DecodingStage"),
        ({"stages_ms": {**MEASURED_STAGES, "DecodingStage": 511.27}}, None),
        ({"stages_ms": {**MEASURED_STAGES, "TextEncodingStage": 600.0}}, None),
        ({"denoise_step_ms": {"0": 900.0, "1": 1.0, "2": 1.0, "3": 1.0, "4": 1.0}}, None),
    ],
)
def test_what_rises_by_five_percent_needs_a_word(change: dict[str, Any], field: str | None):
    """End to end, average, median, denoising stages by 5 %, decoding by its limit, all else as it likes."""
    found = of("loosened", changed(measured(), measured() | change))

    assert [(one.severity, one.field) for one in found] == ([("warning", field)] if field else [])


def test_a_large_rise_is_told_in_times():
    """The finding is of the largest rise and names all of them, from double on as a factor."""
    [finding] = of("loosened", changed(measured(), measured(e2e_ms=7776.72, expected_avg_denoise_ms=120.77)))

    assert (finding.field, finding.actual, finding.expected) == ("expected_e2e_ms", 7776.72, 612.34)
    assert finding.problem == (
        "looser: expected_e2e_ms from 612.34 to 7,776.72 ms (12.7 times), expected_avg_denoise_ms from "
        "100.64 to 120.77 ms (+20.0 %)"
    )


def test_of_another_workload_only_end_to_end_may_not_rise():
    """A new stage changes what its neighbours take; what a user waits needs a word all the same."""
    stages = {**MEASURED_STAGES, "NewStage": 10.0, "DenoisingStage": 700.0}

    slower_steps = measured(stages=stages, steps=[130.0] * 5)
    assert of("loosened", changed(measured(), slower_steps)) == []
    assert len(of("loosened", changed(measured(), measured(stages=stages, e2e_ms=812.34)))) == 1


@pytest.mark.parametrize(
    ("factor", "fires"),
    [(1.0499, True), (1.0, False), (0.9999, True), (0.951, True), (0.95, False), (0.5, False)],
)
def test_a_replacement_should_be_an_improvement(factor: float, *, fires: bool):
    """New steps and end to end did not fall by 5 %: a note. A scenario that stayed was not replaced."""
    found = of("no-improvement", changed(measured(), scaled(factor)))

    assert told(found) == ([("no-improvement", "info")] if fires else [])


def test_end_to_end_that_stayed_is_not_of_the_request():
    """Where every step is new and end to end is exactly the old one, it was not measured with them."""
    [finding] = of("no-improvement", changed(measured(), scaled(0.9) | {"expected_e2e_ms": 612.34}))

    assert finding.message == (
        "replaced without improvement: 5 of 5 steps are new, end to end is still exactly 612.34 ms: put the "
        "end to end of the same request here, or the old values back"
    )


@pytest.mark.parametrize(("kept", "fires"), [(1, True), (2, False)])
def test_nineteen_of_twenty_new_steps_are_a_replacement(kept: int, *, fires: bool):
    """95 % of new steps are a replacement, fewer are an edit."""
    steps = [20.01 + index for index in range(20)]
    new = steps[:kept] + [value + 0.5 for value in steps[kept:]]
    found = of("no-improvement", changed(measured(steps=steps), measured(steps=new)))

    assert len(found) == fires
