"""Do the parts of a scenario add up to its wholes? Thresholds at their edges."""

from typing import Any

import pytest
from audit_cases import changed, measured, subject, told
from builders import STAGES, make_values
from ratchet_bot.judging.audit import audit_scenario
from ratchet_bot.judging.rules.rule import Finding
from ratchet_bot.judging.rules.sums import (
    agrees_with_itself,
    mean_mismatch,
    median_mismatch,
    stages_exceed_e2e,
    steps_exceed_stage,
)

RULES = (mean_mismatch, median_mismatch, steps_exceed_stage, stages_exceed_e2e)


def findings(values: dict[str, Any]) -> list[Finding]:
    return [finding for rule in RULES for finding in rule(subject(values))]


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
    assert told(findings(values)) == ([("mean-mismatch", severity)] if severity else [])


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
    assert told(findings(values)) == ([("median-mismatch", severity)] if severity else [])


def test_one_percent_is_not_past_one_percent():
    """A mean of 99 where 100 is stored is off by exactly 1 % of what is stored: still a warning."""
    values = make_values(steps=[99.0] * 3) | {"expected_avg_denoise_ms": 100.0}
    assert told(findings(values)) == [("mean-mismatch", "warning")]


def test_a_mismatch_says_how_to_mend_it():
    """The finding names the stored value, the computed one, and what to set."""
    [finding] = findings(make_values() | {"expected_avg_denoise_ms": 95.0})
    assert (finding.scenario, finding.field) == ("s", "expected_avg_denoise_ms")
    assert (finding.actual, finding.expected) == (95.0, 90.0)
    assert finding.message == (
        "expected_avg_denoise_ms is 95.00 ms but the mean of its 5 steps is 90.00 ms: set it to 90.00, or "
        "replace the whole scenario with the values of one request (perf-ratchet tighten --replace)"
    )


@pytest.mark.parametrize(
    ("values", "other"),
    [
        (make_values(stages=STAGES | {"DenoisingStage": 440.0}), "steps-exceed-stage"),
        (make_values(e2e_ms=500.0), "stages-exceed-e2e"),
    ],
)
def test_what_contradicts_its_stages_is_replaced_whole(values: dict[str, Any], other: str):
    """An average that is set to the mean of wrong steps would be as wrong as they are."""
    found = findings(values | {"expected_avg_denoise_ms": 95.0, "expected_median_denoise_ms": 95.0})

    assert [finding.rule for finding in found] == ["mean-mismatch", "median-mismatch", other]
    assert {finding.remedy for finding in found} == {
        "replace the whole scenario with the values of one request (perf-ratchet tighten --replace)"
    }


def test_stages_within_what_two_devices_do_are_no_contradiction():
    """Up to 0.3 % over end to end is a note: the average can be set."""
    found = findings(make_values(e2e_ms=549.0) | {"expected_avg_denoise_ms": 95.0})

    assert told(found) == [("mean-mismatch", "error"), ("stages-exceed-e2e", "info")]
    assert found[0].remedy.startswith("set it to 90.00, or ")


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
    assert told(findings(make_values(stages={"DenoisingStage": stage_ms}))) == rules


def test_steps_fit_into_all_denoising_stages_together():
    """Refinement denoises too; what comes before denoising does not."""
    assert (
        told(findings(make_values(stages={"LTX2AVDenoisingStage": 300.0, "LTX2RefinementStage": 150.0})))
        == []
    )
    assert told(findings(make_values(stages={"DenoisingStage": 300.0, "BeforeDenoisingStage": 150.0}))) == [
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
    assert told(findings(make_values(e2e_ms=e2e_ms))) == rules


def test_a_pseudo_stage_is_not_summed():
    """`per_frame_generation` is end to end over frames: no part of it."""
    stages = {"DenoisingStage": 500.0, "per_frame_generation": 300.0}
    assert told(findings(make_values(stages=stages))) == []


def test_the_order_of_steps_in_the_file_is_free():
    """Steps may stand in any order: what counts is that none is left out."""
    steps = {"4": 90.0, "0": 50.0, "3": 100.0, "1": 100.0, "2": 110.0}
    assert findings(make_values() | {"denoise_step_ms": steps}) == []


def test_sampled_steps_prove_nothing_about_sums():
    """With gapped indices mean, median and sum are not looked at, however wrong they look."""
    values = make_values(stages={"DenoisingStage": 1.0})
    values |= {"denoise_step_ms": {"0": 10.0, "20": 30.0}, "expected_avg_denoise_ms": 999.0}

    assert findings(values) == []


@pytest.mark.parametrize(("e2e_ms", "rules"), [(503.16, []), (503.15, [("steps-exceed-stage", "error")])])
def test_without_a_denoising_stage_the_request_contains_the_steps(e2e_ms: float, rules: list[Any]):
    """Where no stage is known to denoise, 503.21 ms of five steps must fit into the request, to 0.05 ms."""
    assert (
        told(list(steps_exceed_stage(subject(measured(e2e_ms=e2e_ms, stages={"Everything": 1.0}))))) == rules
    )


def test_an_untouched_scenario_keeps_its_severity():
    """A small mismatch that was there before is a warning and not introduced; touched, it is an error."""
    old = measured(expected_avg_denoise_ms=101.0)
    [kept] = mean_mismatch(subject(old, old=old))
    [touched] = mean_mismatch(subject({**old, "expected_avg_denoise_ms": 101.01}, old=old))
    [other] = mean_mismatch(subject({**old, "expected_e2e_ms": 612.35}, old=old))

    assert (kept.severity, kept.introduced) == ("warning", False)
    assert (touched.severity, touched.introduced) == ("error", True)
    assert (other.severity, other.introduced) == ("warning", False)


def test_a_new_scenario_brings_all_its_findings():
    """Where the older file does not have it, every finding of a scenario is introduced."""
    [finding] = changed({}, measured(expected_median_denoise_ms=100.6))

    assert (finding.rule, finding.severity, finding.introduced) == ("median-mismatch", "error", True)


@pytest.mark.parametrize(
    ("change", "agrees"),
    [
        ({}, True),
        ({"expected_e2e_ms": 597.0}, True),
        ({"expected_e2e_ms": 500.0}, False),
        ({"expected_avg_denoise_ms": 100.7}, False),
        ({"expected_median_denoise_ms": None}, True),
    ],
)
def test_what_agrees_with_itself(change: dict[str, Any], *, agrees: bool):
    """Parts add up to wholes, to rounding; up to 0.3 % of end to end, and what is absent, are forgiven."""
    assert agrees_with_itself(subject(measured() | change).scenario) is agrees


def test_one_request_says_nothing():
    """Values of one request agree with each other, and the audit has nothing to say."""
    assert audit_scenario("s", subject(measured()).scenario) == []
