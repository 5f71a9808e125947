import json
from typing import Any

import pytest
from builders import make_baselines, make_values
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.data.baselines import (
    DEFAULT_TOLERANCES,
    BaselinesRejected,
    ScenarioBaseline,
    baselines_from_text,
    is_measurement,
)
from ratchet_bot.judging.audit import audit

FLAT = {"e2e": 0.1, "denoise_stage": 0.2, "non_denoise_stage": 0.3, "denoise_step": 0.4, "denoise_agg": 0.5}


def refusal(text: str) -> str:
    """Return why a text is refused."""
    with pytest.raises(BaselinesRejected) as refused:
        baselines_from_text(text)
    return str(refused.value)


# What a person, a merge conflict or an attacker may leave in a file.
hostile_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([10**400, 1.7e308, -0.0, 2**53, 2**53 + 1])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
metrics = st.floats() | hostile_json
hostile_scenarios = st.fixed_dictionaries(
    {},
    optional={
        "stages_ms": st.dictionaries(
            st.sampled_from(["DenoisingStage", "DecodingStage", "per_frame_generation", "\n", "", "stages"]),
            metrics,
        ),
        "denoise_step_ms": st.dictionaries(st.integers(-1, 1_000_001).map(str), metrics, max_size=4),
        "expected_e2e_ms": metrics,
        "expected_avg_denoise_ms": metrics,
        "expected_median_denoise_ms": metrics,
        "provenance": hostile_json,
        "steps": hostile_json,
        "model_config": hostile_json,
    },
)
hostile_files = st.fixed_dictionaries(
    {"scenarios": st.dictionaries(st.text(max_size=4), hostile_scenarios | hostile_json, max_size=3)},
    optional={"metadata": hostile_json, "tolerances": hostile_json, "sampling": hostile_json},
)


@settings(derandomize=True, max_examples=200)
@given(st.text(max_size=30) | hostile_json.map(json.dumps) | hostile_files.map(json.dumps))
def test_any_text_is_read_or_refused_on_one_line(text: str):
    """No text makes anything but a file or a refusal; the refusal is one line that names a place."""
    try:
        message = f"scenarios: {len(baselines_from_text(text).scenarios)}"
    except BaselinesRejected as error:
        message = str(error)
    assert message.isprintable()
    assert ":" in message


@settings(derandomize=True, max_examples=150)
@given(st.dictionaries(st.text(max_size=4), hostile_scenarios, max_size=3))
def test_whatever_is_read_can_be_audited(scenarios: dict[str, Any]):
    """The audit has an answer for every file that is read."""
    try:
        file = baselines_from_text(json.dumps({"scenarios": scenarios}))
    except BaselinesRejected:
        return
    for finding in audit(file):
        assert finding.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 column 1: Expecting value"),
        ("[]", "the top level: must be a JSON object"),
        ("{}", "scenarios: is missing: add it"),
        ('{"scenarios": null}', "scenarios: must be a JSON object"),
        ('{"scenarios": {"a\\nb": []}}', "scenarios.a\\nb: must be a JSON object"),
        ('{"scenarios": {}, "metadata": null}', "metadata: must be a JSON object"),
        (
            '{"scenarios": {}, "metadata": {"clock": "sun"}}',
            "metadata.clock: Input should be 'host' or 'device-events'",
        ),
        ('{"scenarios": {}, "tolerances": 3}', "tolerances: must be a JSON object"),
        (
            '{"scenarios": {}, "tolerances": {"pr_test": {"e2e": 1}}}',
            "tolerances.pr_test.denoise_stage: is missing: add it (and 3 more)",
        ),
        (
            '{"scenarios": {}, "tolerances": {"e2e": 1}}',
            "tolerances.long_term.denoise_stage: is missing: add it (and 7 more)",
        ),
        (
            '{"scenarios": {}, "sampling": {"step_fractions": [NaN]}}',
            "sampling.step_fractions.0: Input should be less than or equal to 1",
        ),
        (
            '{"scenarios": {"a": {"denoise_step_ms": {"1000001": 1}}}}',
            "scenarios.a.denoise_step_ms.1000001.[key]: Input should be less than or equal to 1000000",
        ),
        ('{"scenarios": {"a": {"provenance": {}}}}', None),
        ("\ufeff{}", "line 1 column 1: a byte order mark; save the file as UTF-8 without one"),
    ],
)
def test_a_refusal_says_where_and_what_to_do(text: str, message: str | None):
    """A person can mend the file from the message alone."""
    assert refusal(text) == (message or "scenarios.a.provenance.request_id: is missing: add it (and 2 more)")


@pytest.mark.parametrize(
    "spelling", ["00", "01", "-0", "+1", "1.0", " 1", "1 ", "1_0", "1e0", "\u0661", "x", ""]
)
def test_a_step_has_one_spelling(spelling: str):
    """A second spelling of an index would be the same step twice, of which one silently vanished."""
    text = json.dumps({"scenarios": {"a": {"denoise_step_ms": {"1": 5.0, spelling: 6.0}}}})
    what = "must be a step index such as 0 or 17, without sign, point or leading zero"
    assert refusal(text) == f"scenarios.a.denoise_step_ms.{spelling}.[key]: {what}"


@pytest.mark.parametrize("value", [True, "0.2", -0.1, 100.5, None, [], float("nan"), float("inf")])
def test_a_tolerance_is_a_number(value: Any):
    """True would be 100 %, and a string is a slip: neither is taken for a tolerance."""
    text = json.dumps({"scenarios": {}, "tolerances": {"pr_test": {**FLAT, "e2e": value}}})
    assert refusal(text).startswith("tolerances.pr_test.e2e: ")


def test_tolerances_may_be_flat_absent_or_by_profile():
    """Each form gives the profiles it stands for; an unknown profile names those there are."""
    assert make_baselines().profile("pr_test") == DEFAULT_TOLERANCES["pr_test"]
    flat = make_baselines(tolerances=FLAT)
    assert flat.profile("pr_test") == flat.profile("long_term")
    assert flat.profile("pr_test").denoise_agg == 0.5
    assert make_baselines(tolerances={"ci": FLAT}).profile("ci").e2e == 0.1
    with pytest.raises(BaselinesRejected, match=r"^tolerances: there is no profile 'pr_test'; it has ci$"):
        make_baselines(tolerances={"ci": FLAT}).profile("pr_test")
    with pytest.raises(BaselinesRejected, match=r"^tolerances: there is no profile 'x'; it has none$"):
        make_baselines(tolerances={}).profile("x")


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        (0, True),
        (0.0, True),
        (12.5, True),
        (2**53, True),
        (2**53 + 2, False),
        (10**400, False),
        (-0.01, False),
        (float("nan"), False),
        (float("inf"), False),
        (True, False),
        ("1", False),
        (None, False),
        ([], False),
    ],
)
def test_what_can_be_a_duration(value: object, is_one: bool):  # noqa: FBT001 - a column of the table
    """A finite number that is not negative, and that a float keeps."""
    assert is_measurement(value) is is_one


def test_values_by_field_stand_in_reading_order():
    """End to end, average and median first, then stages, then steps by index; bad values are left out."""
    scenario = ScenarioBaseline.model_validate(
        make_values(stages={"B": 2, "per_frame_generation": 9.0, "A": None, "C": 3.5}, steps=[])
        | {"denoise_step_ms": {"10": 4, "9": 5.0, "2": "x"}, "expected_avg_denoise_ms": float("nan")}
    )
    assert list(scenario.by_field().items()) == [
        ("expected_e2e_ms", 560.0),
        ("expected_median_denoise_ms", 0.0),
        ("stages_ms.B", 2.0),
        ("stages_ms.C", 3.5),
        ("denoise_step_ms.9", 5.0),
        ("denoise_step_ms.10", 4.0),
    ]
    assert [field for field, _ in scenario.bad_values()] == [
        "stages_ms.A",
        "denoise_step_ms.2",
        "expected_avg_denoise_ms",
    ]


def test_the_pseudo_stage_may_be_null_and_nothing_else():
    """`per_frame_generation` is null for videos; another value there must still be a number."""
    scenario = ScenarioBaseline.model_validate({"stages_ms": {"per_frame_generation": None}})
    assert list(scenario.bad_values()) == []
    scenario = ScenarioBaseline.model_validate({"stages_ms": {"per_frame_generation": "fast"}})
    assert list(scenario.bad_values()) == [("stages_ms.per_frame_generation", "fast")]


@pytest.mark.parametrize(
    ("steps", "every"),
    [
        ({}, True),
        ({"0": 1.0, "1": 2.0}, True),
        ({"1": 2.0, "0": 1.0}, True),
        ({"0": 1.0, "2": 2.0}, False),
        ({"0": 1.0, "1": None}, False),
        ({"0": 1.0, "1": None, "2": 3.0}, False),
    ],
)
def test_a_step_list_is_whole_or_not(steps: dict[str, Any], every: bool):  # noqa: FBT001 - the same
    """Whole is 0..n-1 in any order of the file, each with a good value."""
    assert ScenarioBaseline.model_validate({"denoise_step_ms": steps}).has_every_step is every


@pytest.mark.parametrize(
    ("values", "guards"),
    [
        (make_values(), True),
        (make_values(stages={}), True),
        (make_values(steps=[]), True),
        (make_values(stages={}, steps=[]), True),
        (make_values(stages={"per_frame_generation": 5.0}, steps=[]), True),
        (make_values(e2e_ms=0.0), False),
        (make_values(e2e_ms=-1.0), False),
        ({}, False),
    ],
)
def test_what_guards(values: dict[str, Any], guards: bool):  # noqa: FBT001 - the same
    """A baseline guards with an end-to-end time; else it is a placeholder."""
    assert ScenarioBaseline.model_validate(values).guards is guards
