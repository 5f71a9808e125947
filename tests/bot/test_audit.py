from typing import Any

import pytest
from builders import make_baselines, make_values

from bot.audit import Finding, audit, audit_scenario, first_error, tally
from bot.baselines import ScenarioBaseline, baselines_from_text


def findings(values: dict[str, Any]) -> list[Finding]:
    return audit_scenario("s", ScenarioBaseline.model_validate(values))


def told(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (rule, severity) of each finding."""
    return [(finding.rule, finding.severity) for finding in findings(values)]


def test_a_single_run_has_no_finding():
    """Values of one request agree with each other, and the audit has nothing to say."""
    assert findings(make_values()) == []


@pytest.mark.parametrize(
    ("stored", "severity"),
    [
        (90.0, None),
        (90.01, None),
        (89.99, None),
        (90.02, "warning"),
        (89.98, "warning"),
        (90.9, "warning"),
        (90.91, "error"),
        (89.11, "warning"),
        (89.1, "error"),
        (0.0, "error"),
        (95.0, "error"),
    ],
)
def test_the_average_is_the_mean_of_its_steps(stored: float, severity: str | None):
    """0.01 ms is rounding; more is a warning, and past 1 % of what is stored an error. The mean is 90."""
    values = make_values() | {"expected_avg_denoise_ms": stored}
    assert told(values) == ([("mean-mismatch", severity)] if severity else [])


@pytest.mark.parametrize(
    ("stored", "severity"),
    [
        (100.01, None),
        (99.98, "warning"),
        (100.02, "warning"),
        (101.0, "warning"),
        (101.02, "error"),
        (99.0, "error"),
    ],
)
def test_the_median_is_the_median_of_its_steps(stored: float, severity: str | None):
    """The same for the median, which is 100."""
    values = make_values() | {"expected_median_denoise_ms": stored}
    assert told(values) == ([("median-mismatch", severity)] if severity else [])


def test_one_percent_is_not_past_one_percent():
    """A mean of 99 where 100 is stored is off by exactly 1 % of what is stored: still a warning."""
    values = make_values(steps=[99.0] * 3) | {"expected_avg_denoise_ms": 100.0}
    assert told(values) == [("mean-mismatch", "warning")]


def test_a_mismatch_says_how_to_mend_it():
    """The finding names the stored value, the computed one, and what to set."""
    [finding] = findings(make_values() | {"expected_avg_denoise_ms": 95.0})
    assert (finding.scenario, finding.field) == ("s", "expected_avg_denoise_ms")
    assert (finding.actual, finding.expected) == (95.0, 90.0)
    assert finding.message == (
        "expected_avg_denoise_ms is 95.00 ms but the mean of its 5 steps is 90.00 ms: set it to 90.00, or "
        "replace the whole scenario with the values of one request"
    )


def test_the_median_of_an_even_number_is_between():
    """Of 1, 2, 4 and 9 it is 3; the mean is 4."""
    values = make_values(steps=[1.0, 9.0, 2.0, 4.0])
    values |= {"expected_avg_denoise_ms": 4.0, "expected_median_denoise_ms": 3.0}
    assert findings(values) == []


@pytest.mark.parametrize(
    ("stage_ms", "rules"),
    [
        (450.0, []),
        (449.95, []),
        (449.94, [("steps-exceed-stage", "error")]),
        (0.0, [("steps-exceed-stage", "error")]),
    ],
)
def test_steps_fit_into_their_stage(stage_ms: float, rules: list[tuple[str, str]]):
    """Five steps of 450 ms may exceed their stage by five times 0.01 ms."""
    assert told(make_values(stages={"DenoisingStage": stage_ms})) == rules


def test_steps_fit_into_all_denoising_stages_together():
    """Refinement denoises too; what comes before denoising does not."""
    assert told(make_values(stages={"LTX2AVDenoisingStage": 300.0, "LTX2RefinementStage": 150.0})) == []
    assert told(make_values(stages={"DenoisingStage": 300.0, "BeforeDenoisingStage": 150.0})) == [
        ("steps-exceed-stage", "error")
    ]


@pytest.mark.parametrize(
    ("e2e_ms", "rules"),
    [
        (550.0, []),
        (549.97, []),
        (549.96, [("stages-exceed-e2e", "info")]),
        (548.36, [("stages-exceed-e2e", "info")]),
        (548.35, [("stages-exceed-e2e", "error")]),
        (300.0, [("stages-exceed-e2e", "error")]),
    ],
)
def test_stages_fit_into_the_request(e2e_ms: float, rules: list[tuple[str, str]]):
    """Three stages of 550 ms: 0.03 ms is rounding, up to 0.3 % (548.355) is told, more is an error."""
    assert told(make_values(e2e_ms=e2e_ms)) == rules


def test_a_pseudo_stage_is_not_summed():
    """`per_frame_generation` is end to end over frames: no part of it."""
    stages = {"DenoisingStage": 500.0, "per_frame_generation": 300.0}
    assert told(make_values(stages=stages)) == []


def test_sampled_steps_are_told_and_prove_less():
    """With gapped indices mean, median and sum cannot be checked, however wrong they look."""
    values = make_values(stages={"DenoisingStage": 1.0})
    values |= {"denoise_step_ms": {"0": 10.0, "20": 30.0}, "expected_avg_denoise_ms": 999.0}
    [finding] = findings(values)
    assert (finding.rule, finding.severity, finding.actual) == ("sampled-steps", "info", "2 of 21 steps")


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("stages_ms.A", {"stages_ms": {"DenoisingStage": 500.0, "A": -0.01}}),
        ("denoise_step_ms.1", {"denoise_step_ms": {"0": 5.0, "1": None}}),
        ("expected_avg_denoise_ms", {"expected_avg_denoise_ms": "90"}),
        ("expected_median_denoise_ms", {"expected_median_denoise_ms": None}),
        (
            "stages_ms.per_frame_generation",
            {"stages_ms": {"DenoisingStage": 500.0, "per_frame_generation": True}},
        ),
    ],
)
def test_a_bad_value_is_an_error(field: str, change: dict[str, Any]):
    """Anything that is no duration is named; other rules leave it out."""
    [finding] = findings(make_values() | change)
    assert (finding.rule, finding.severity, finding.field) == ("bad-value", "error", field)


def test_a_long_bad_value_is_cut():
    """A value may be anything: 80 characters of it are shown."""
    [finding] = findings(make_values() | {"expected_avg_denoise_ms": "x" * 1000})
    assert finding.actual == "x" * 80
    assert len(finding.message) < 250


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (make_values(e2e_ms=0.0, stages={"DenoisingStage": 0.0}, steps=[0.0]), "expected_e2e_ms"),
        ({}, "expected_e2e_ms"),
        (make_values(stages={}, steps=[]), "stages_ms"),
        (make_values(stages={"per_frame_generation": None}, steps=[]), "stages_ms"),
    ],
)
def test_a_placeholder_is_a_warning(values: dict[str, Any], field: str):
    """Without an end-to-end time, or with nothing inside, any slowdown would pass."""
    [finding] = findings(values)
    assert (finding.rule, finding.severity, finding.field) == ("unguarded", "warning", field)


def test_stages_alone_guard():
    """A baseline without steps, as sglang has for some models, still guards its stages."""
    assert findings(make_values(steps=[])) == []


def test_the_order_of_steps_in_the_file_is_free():
    """Steps may stand in any order: what counts is that none is left out."""
    steps = {"4": 90.0, "0": 50.0, "3": 100.0, "1": 100.0, "2": 110.0}
    assert findings(make_values() | {"denoise_step_ms": steps}) == []


def test_null_and_absent_end_to_end_are_not_the_same():
    """A null is a bad value and guards nothing; an absent one only guards nothing."""
    nothing = make_values()
    assert told(nothing | {"expected_e2e_ms": None}) == [("bad-value", "error"), ("unguarded", "warning")]
    del nothing["expected_e2e_ms"]
    assert told(nothing) == [("unguarded", "warning")]


def test_findings_come_in_the_files_order():
    """A key that stands twice first, then scenario by scenario, and the rules in their order."""
    text = make_baselines(
        {
            "b": make_values(e2e_ms=1.0) | {"expected_avg_denoise_ms": 1.0},
            "a": make_values(stages={}, steps=[]),
        }
    ).text.replace('"b": {', '"b": {}, "b": {')
    assert [(finding.scenario, finding.rule) for finding in audit(baselines_from_text(text))] == [
        ("b", "repeated-key"),
        ("b", "mean-mismatch"),
        ("b", "stages-exceed-e2e"),
        ("a", "unguarded"),
    ]


def test_the_tally_counts_by_rule_and_severity():
    """The graver findings come first; only errors make first_error true."""
    file = make_baselines(
        {
            "a": make_values() | {"expected_avg_denoise_ms": 90.5},
            "b": make_values() | {"expected_avg_denoise_ms": 95.0},
            "c": make_values() | {"expected_avg_denoise_ms": 90.5},
        }
    )
    assert tally(audit(file)) == {"mean-mismatch": {"error": 1, "warning": 2}}
    assert list(tally(audit(file))["mean-mismatch"]) == ["error", "warning"]
    assert first_error(audit(file))
    assert not first_error(finding for finding in audit(file) if finding.scenario != "b")
