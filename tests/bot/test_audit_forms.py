"""What is there, what is missing, and what does not look measured. Thresholds at their edges."""

from typing import Any

import pytest
from audit_cases import changed, measured, subject, told
from builders import make_record, make_request, make_scenario
from ratchet_bot.judging.audit import audit_scenario, requests_by_scenario
from ratchet_bot.judging.rules.forms import (
    bad_value,
    early_steps_fast,
    hand_typed,
    sampled_steps,
    steps_missing,
    unguarded,
)

PROVENANCE = {"request_id": "r7", "captured_at": "2026-11-22T06:30:00+00:00", "requests": 3}


def test_sampled_steps_are_told():
    """Steps whose keys are not 0 to n-1 are a legitimate form: a note says that less is proved."""
    values = measured() | {"denoise_step_ms": {"0": 98.76, "20": 100.51}}
    [finding] = sampled_steps(subject(values))

    assert (finding.severity, finding.actual) == ("info", "2 of 21 steps")
    assert list(sampled_steps(subject(measured(steps=[])))) == []


def test_the_order_of_steps_in_the_file_is_free():
    """Steps may stand in any order: what counts is that none is left out."""
    steps = dict(reversed(measured()["denoise_step_ms"].items()))

    assert list(sampled_steps(subject(measured() | {"denoise_step_ms": steps}))) == []


@pytest.mark.parametrize(
    ("stages", "rules"),
    [
        ({"DenoisingStage": 0.01}, [("steps-missing", "warning")]),
        ({"LTX2RefinementStage": 9.0}, [("steps-missing", "warning")]),
        ({"DenoisingStage": 0.0}, []),
        ({"BeforeDenoisingStage": 9.0, "DecodingStage": 9.0}, []),
    ],
)
def test_a_denoising_stage_without_steps_is_a_warning(stages: dict[str, float], rules: list[Any]):
    """Where something denoised for some time there should be steps."""
    assert told(list(steps_missing(subject(measured(stages=stages, steps=[]))))) == rules
    assert list(steps_missing(subject(measured(stages=stages)))) == []


def test_a_bad_step_is_not_a_missing_one():
    """Steps that are no numbers are bad values, and not missing too."""
    values = measured() | {"denoise_step_ms": {"0": None}}

    assert told(audit_scenario("s", subject(values).scenario)) == [("bad-value", "error")]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("stages_ms.A", {"stages_ms": {"DenoisingStage": 505.62, "A": -0.01}}),
        ("stages_ms.A", {"stages_ms": {"DenoisingStage": 505.62, "A": 1e308}}),
        ("stages_ms.A", {"stages_ms": {"DenoisingStage": 505.62, "A": float("nan")}}),
        ("denoise_step_ms.1", {"denoise_step_ms": {"0": 5.0, "1": None}}),
        ("expected_avg_denoise_ms", {"expected_avg_denoise_ms": "90"}),
        ("expected_median_denoise_ms", {"expected_median_denoise_ms": None}),
        (
            "stages_ms.per_frame_generation",
            {"stages_ms": {"DenoisingStage": 505.62, "per_frame_generation": True}},
        ),
    ],
)
def test_a_bad_value_is_an_error(field: str, change: dict[str, Any]):
    """Anything that is no duration is named; other rules leave it out."""
    [finding] = audit_scenario("s", subject(measured() | change).scenario)

    assert (finding.rule, finding.severity, finding.field) == ("bad-value", "error", field)


@pytest.mark.parametrize(
    ("value", "shown"),
    [("x" * 1000, "x" * 80), ([1] * 1000, "a list"), ({"a": 1}, "an object"), (-1, "-1"), (None, "None")],
)
def test_a_bad_value_is_shown_in_few_words(value: object, shown: str):
    """A value may be anything: 80 characters of it are shown."""
    [finding] = bad_value(subject(measured() | {"expected_avg_denoise_ms": value}))

    assert finding.actual == shown
    assert len(finding.message) < 250


def test_many_bad_values_are_ten_and_a_count():
    """Of a thousand bad values ten are told and the others counted."""
    stages = {f"Stage{index}": -1.0 for index in range(1000)}
    found = list(bad_value(subject(measured() | {"stages_ms": stages})))

    assert [finding.field for finding in found[:2]] == ["stages_ms.Stage0", "stages_ms.Stage1"]
    assert len(found) == 11
    assert found[10].message == (
        "990 more values are not durations in milliseconds: measure it, or remove it"
    )


def test_eleven_bad_values_are_ten_and_one():
    """The last of eleven is counted, and nothing is where there are ten."""
    eleven = {f"Stage{index}": -1.0 for index in range(11)}
    ten = dict(list(eleven.items())[:10])

    assert list(bad_value(subject(measured() | {"stages_ms": eleven})))[10].actual == "1 more"
    assert len(list(bad_value(subject(measured() | {"stages_ms": ten})))) == 10


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (measured(e2e_ms=0.0, stages={"DenoisingStage": 0.0}, steps=[0.0]), "expected_e2e_ms"),
        ({}, "expected_e2e_ms"),
    ],
)
def test_a_placeholder_is_a_warning(values: dict[str, Any], field: str):
    """Without an end-to-end time any slowdown would pass."""
    [finding] = audit_scenario("s", subject(values).scenario)

    assert (finding.rule, finding.severity, finding.field) == ("unguarded", "warning", field)


def test_end_to_end_alone_guards():
    """Stages and steps only say where a slowdown is."""
    assert list(unguarded(subject(measured(stages={}, steps=[])))) == []
    assert list(unguarded(subject(measured(stages={"per_frame_generation": None}, steps=[])))) == []
    assert list(unguarded(subject(measured(steps=[])))) == []
    assert list(unguarded(subject(measured(stages={})))) == []


def test_null_and_absent_end_to_end_are_not_the_same():
    """A null is a bad value and guards nothing; an absent one only guards nothing."""
    nothing = measured() | {"expected_e2e_ms": None}
    assert told(audit_scenario("s", subject(nothing).scenario)) == [
        ("bad-value", "error"),
        ("unguarded", "warning"),
    ]
    del nothing["expected_e2e_ms"]
    assert told(audit_scenario("s", subject(nothing).scenario)) == [("unguarded", "warning")]


@pytest.mark.parametrize(
    ("change", "typed"),
    [
        ({"expected_e2e_ms": 613.0}, "expected_e2e_ms 613.00"),
        ({"expected_avg_denoise_ms": 101.0}, "expected_avg_denoise_ms 101.00"),
        ({"expected_median_denoise_ms": 20}, "expected_median_denoise_ms 20.00"),
        ({"expected_median_denoise_ms": 19}, None),
        ({"stages_ms": {"A": 30.0, "DenoisingStage": 505.62}}, None),
        (
            {"stages_ms": {"A": 30.0, "DenoisingStage": 510}},
            "stages_ms.A 30.00, stages_ms.DenoisingStage 510.00",
        ),
        ({"stages_ms": {"A": 10.0, "DenoisingStage": 510}}, None),
        ({"stages_ms": {"A": 30.01, "DenoisingStage": 510}}, None),
        ({"stages_ms": {"per_frame_generation": 30.0, "DenoisingStage": 510}}, None),
        (
            {"denoise_step_ms": {"0": 90.0, "1": 98.0, "2": 120.0}},
            "denoise_step_ms.0 90.00, denoise_step_ms.2 120.00",
        ),
    ],
)
def test_round_values_are_typed(change: dict[str, Any], typed: str | None):
    """Two multiples of 10 from 20 ms on, or one whole aggregate, are told with their fields."""
    found = list(hand_typed(subject(measured() | change)))

    assert [finding.actual for finding in found] == ([typed] if typed else [])
    assert [finding.severity for finding in found] == ["warning"] * len(found)


def test_a_whole_mean_of_measured_steps_is_computed():
    """An average that is that of its steps was computed, however whole it is."""
    values = measured(steps=[98.76, 101.37, 103.45, 99.12, 102.3])

    assert values["expected_avg_denoise_ms"] == 101.0
    assert list(hand_typed(subject(values))) == []


def test_one_whole_value_with_provenance_is_chance():
    """Where a tool took the values from a request, one whole end to end says nothing; two multiples do."""
    typed = {"stages_ms": {"A": 30.0, "DenoisingStage": 510}}

    assert list(hand_typed(subject(measured(e2e_ms=613.0, provenance=PROVENANCE)))) == []
    assert told(list(hand_typed(subject(measured(provenance=PROVENANCE) | typed)))) == [
        ("hand-typed", "warning")
    ]


def test_measured_round_values_are_not_typed():
    """Where a request of the records has all values, they were measured, however round."""
    values = measured(e2e_ms=700.0, stages={"DenoisingStage": 520.0})
    request = make_request(
        e2e_ms=700.0, stages={"DenoisingStage": 520.0}, steps=[98.76, 101.37, 103.45, 99.12, 100.51]
    )
    requests = requests_by_scenario([make_record(make_scenario("s", request))], "host")["s"]

    assert told(list(hand_typed(subject(values)))) == [("hand-typed", "warning")]
    assert list(hand_typed(subject(values, requests=requests))) == []
    assert len(list(hand_typed(subject({**values, "expected_e2e_ms": 710.0}, requests=requests)))) == 1


def test_typed_values_that_were_there_before_are_not_introduced():
    """Fewer typed values than before bring nothing new; another one does."""
    old = measured(e2e_ms=700.0, stages={"A": 30.0, "DenoisingStage": 520.0})
    fewer = measured(e2e_ms=700.0, stages={"A": 31.41, "DenoisingStage": 520.0})
    more = measured(e2e_ms=710.0, stages={"A": 30.0, "DenoisingStage": 520.0})

    assert [one.introduced for one in hand_typed(subject(fewer, old=old))] == [False]
    assert [one.introduced for one in hand_typed(subject(more, old=old))] == [True]


def test_a_long_list_of_typed_values_is_counted():
    """Eight are named, the others counted."""
    values = measured(steps=[100.0] * 12)
    [finding] = hand_typed(subject(values))

    assert finding.field == "expected_avg_denoise_ms"
    assert finding.problem.endswith("denoise_step_ms.5 100.00 and 6 more")


@pytest.mark.parametrize(
    ("steps", "fields"),
    [
        ([60.0, 100.0, 100.0, 100.0], []),
        ([59.99, 100.0, 100.0, 100.0], ["denoise_step_ms.0"]),
        ([100.0, 59.99, 100.0, 100.0], ["denoise_step_ms.1"]),
        ([1.0, 2.0, 100.0, 110.0], ["denoise_step_ms.0", "denoise_step_ms.1"]),
        ([100.0, 100.0, 1.0, 100.0], []),
        ([59.99, 50.0, 100.0], ["denoise_step_ms.1"]),
        ([1.0, 100.0], ["denoise_step_ms.0"]),
        ([1.0], []),
        ([], []),
    ],
)
def test_a_fast_early_step_is_a_note(steps: list[float], fields: list[str]):
    """Step 0 and step 1, each under 60 % of the median of those after it."""
    found = list(early_steps_fast(subject(measured(steps=steps))))

    assert [(one.severity, one.field) for one in found] == [("info", field) for field in fields]
    assert list(early_steps_fast(subject(measured(steps=steps), clock="device-events"))) == []


def test_steps_of_two_stages_may_differ():
    """The first stage of two works on fewer pixels than the second: its steps are not early, but others."""
    stages = {"LTX2AVDenoisingStage": 30.0, "LTX2RefinementStage": 300.0}

    assert list(early_steps_fast(subject(measured(stages=stages, steps=[10.0, 11.0, 100.0, 99.0])))) == []


def test_a_bad_value_of_the_change_is_introduced():
    """A step that a change spoiled is told as its own; one that was bad before is not."""
    old = measured() | {"denoise_step_ms": {"0": None, "1": 5.0}}
    new = measured() | {"denoise_step_ms": {"0": None, "1": -5.0}}

    assert [one.field for one in changed(old, new) if one.rule == "bad-value"] == ["denoise_step_ms.1"]
