"""What the audit says of two pull requests of sglang."""

from functools import cache

import pytest
from audit_cases import told
from builders import make_record, make_request
from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.rules.rule import Finding, tally
from ratchet_bot.telling.audit_report import AuditReport
from ratchet_profiler.record import RunRecord, ScenarioRecord
from sglang_files import sglang_file

Brief = tuple[str, str, str]


@cache
def report(pair: str) -> AuditReport:
    """Return what a pull request brought, by the names of its two files."""
    hardware_and_day, number = pair.rsplit("_", 1)
    old, new = (sglang_file(f"{hardware_and_day}_{when}_{number}") for when in ("before", "after"))
    return AuditReport("new", len(new.scenarios), tuple(audit(new, against=old)), against="old")


def brief(findings: list[Finding]) -> list[Brief]:
    """Return (scenario, rule, severity) of errors and warnings, in the file's order."""
    return [(one.scenario, one.rule, one.severity) for one in findings if one.severity != "info"]


def introduced(pair: str) -> list[Finding]:
    return [finding for finding in report(pair).findings if finding.introduced]


def test_what_25510_brought():
    """Errors and warnings are of the three scenarios that were retyped by hand, and of no other."""
    assert brief(introduced("h100_2026-05-17_25510")) == [
        ("fastwan2_2_ti2v_5b", "mean-mismatch", "error"),
        ("fastwan2_2_ti2v_5b", "median-mismatch", "error"),
        ("fastwan2_2_ti2v_5b", "stages-exceed-e2e", "error"),
        ("fastwan2_2_ti2v_5b", "stage-exceeds-steps", "warning"),
        ("fastwan2_2_ti2v_5b", "hand-typed", "warning"),
        ("wan2_1_t2v_1_3b_lora_1gpu", "mean-mismatch", "error"),
        ("wan2_1_t2v_1_3b_lora_1gpu", "steps-exceed-stage", "error"),
        ("ltx_2_3_hq_pipeline", "mean-mismatch", "error"),
        ("ltx_2_3_hq_pipeline", "median-mismatch", "error"),
        ("ltx_2_3_hq_pipeline", "unattributed-e2e", "warning"),
        ("ltx_2_3_hq_pipeline", "stage-exceeds-steps", "warning"),
        ("ltx_2_3_hq_pipeline", "hand-typed", "warning"),
    ]


def test_what_25510_brought_by_the_way():
    """The notes: a replacement that gained nothing, another workload, what is outside of stages and steps."""
    notes = [
        (one.scenario, one.rule, one.field)
        for one in introduced("h100_2026-05-17_25510")
        if one.severity == "info"
    ]

    assert notes == [
        ("flux_image_t2i_2_gpus", "implausible-stage", "stages_ms.TextEncodingStage"),
        ("qwen_image_t2i_cache_dit_enabled", "no-improvement", "expected_e2e_ms"),
        ("fastwan2_2_ti2v_5b", "early-steps-fast", "denoise_step_ms.0"),
        ("wan2_1_t2v_1.3b_frame_interp_2x", "early-steps-fast", "denoise_step_ms.0"),
        ("ltx_2.3_one_stage_ti2v", "workload-changed", "stages_ms"),
        ("ltx_2_3_two_stage_ti2v_2gpus", "unattributed-e2e", "expected_e2e_ms"),
        ("ltx_2_3_hq_pipeline", "implausible-stage", "stages_ms.LTX2LoRASwitchStage"),
        ("ltx_2_3_hq_pipeline", "implausible-stage", "stages_ms.LTX2ImageEncodingStage"),
    ]
    [replaced] = [one for one in introduced("h100_2026-05-17_25510") if one.rule == "no-improvement"]
    assert replaced.problem == (
        "replaced without improvement: 50 of 50 steps are new, end to end is still exactly 4,800.00 ms"
    )


def test_the_hand_edits_of_25510_say_how_to_mend_them():
    """The values that would be consistent are those of the steps that stand in the file."""
    wrong = {
        (one.scenario, one.field): (one.actual, one.expected)
        for one in introduced("h100_2026-05-17_25510")
        if one.rule in {"mean-mismatch", "median-mismatch", "stages-exceed-e2e", "steps-exceed-stage"}
    }

    assert wrong == {
        ("fastwan2_2_ti2v_5b", "expected_avg_denoise_ms"): (95.0, 93.33),
        ("fastwan2_2_ti2v_5b", "expected_median_denoise_ms"): (120.0, 115.0),
        ("fastwan2_2_ti2v_5b", "expected_e2e_ms"): (2684.91, 3047.91),
        ("wan2_1_t2v_1_3b_lora_1gpu", "expected_avg_denoise_ms"): (146.48, 146.59),
        ("wan2_1_t2v_1_3b_lora_1gpu", "denoise_step_ms"): (7329.7, 7328.48),
        ("ltx_2_3_hq_pipeline", "expected_avg_denoise_ms"): (900.0, 832.61),
        ("ltx_2_3_hq_pipeline", "expected_median_denoise_ms"): (980.0, 825.94),
    }


def test_what_25510_did_not_touch_is_folded():
    """The errors of other scenarios are counted, and are no errors of this pull request."""
    assert tally(report("h100_2026-05-17_25510").older) == {
        "mean-mismatch": {"error": 16, "warning": 8},
        "steps-exceed-stage": {"error": 3},
        "median-mismatch": {"error": 14, "warning": 11},
        "stages-exceed-e2e": {"error": 2, "info": 1},
        "hand-typed": {"warning": 5},
        "unattributed-e2e": {"info": 2},
        "stage-exceeds-steps": {"info": 4},
        "early-steps-fast": {"info": 25},
        "implausible-stage": {"info": 7},
    }


def test_the_ascend_step_that_25510_changed_by_hand():
    """Step 0 from 101.91 to 330.0: the mean does not fit, the steps do not fit, and the average stayed."""
    found = introduced("npu_2026-05-17_25510")

    assert brief(found) == [
        ("wan2_1_t2v_1.3b_1_npu", "mean-mismatch", "error"),
        ("wan2_1_t2v_1.3b_1_npu", "steps-exceed-stage", "error"),
        ("wan2_1_t2v_1.3b_1_npu", "partial-edit", "error"),
    ]
    assert found[-1].message == (
        "steps changed, their mean is 529.23 ms now, and expected_avg_denoise_ms stayed 524.67 ms: replace "
        "the whole scenario with the values of one request (perf-ratchet tighten --replace)"
    )


def test_what_20983_loosened():
    """End to end of one scenario rose 12.7 times while all else stayed: an error, and a word is needed."""
    found = introduced("h100_2026-03-21_20983")

    assert brief(found) == [
        ("qwen_image_t2i_2_gpus", "stages-exceed-e2e", "error"),
        ("flux_2_image_t2i", "unattributed-e2e", "warning"),
        ("flux_2_image_t2i", "partial-edit", "error"),
        ("flux_2_image_t2i", "loosened", "warning"),
        ("fastwan2_2_ti2v_5b", "loosened", "warning"),
        ("fsdp-inference", "unattributed-e2e", "warning"),
        ("fsdp-inference", "loosened", "warning"),
        ("hunyuan3d_shape_gen", "loosened", "warning"),
    ]
    assert next(one.problem for one in found if one.rule == "loosened") == (
        "looser: expected_e2e_ms from 25,832.82 to 329,129.82 ms (12.7 times)"
    )


@pytest.mark.parametrize(
    ("pair", "changed"),
    [("h100_2026-05-17_25510", 10), ("h100_2026-03-21_20983", 6), ("npu_2026-05-17_25510", 1)],
)
def test_nothing_is_introduced_where_nothing_was_changed(pair: str, changed: int):
    """Every finding that is told as new is of a scenario with other values than before."""
    hardware_and_day, number = pair.rsplit("_", 1)
    old, new = (sglang_file(f"{hardware_and_day}_{when}_{number}") for when in ("before", "after"))
    touched = {name for name, scenario in new.scenarios.items() if old.scenarios.get(name) != scenario}

    assert len(touched) == changed
    assert {finding.scenario for finding in introduced(pair)} <= touched


def snapshot_of(name: str) -> RunRecord:
    """Return a run that measured what #25510's own run did for a scenario, before it was retyped.

    Source: the commit before the merge; the steps, the average and the median follow from each other.
    """
    scenario = sglang_file("h100_2026-05-17_after_25510").scenarios[name]
    steps = {**scenario.steps, 0: 84.27}
    request = make_request(
        "r7", e2e_ms=scenario.expected_e2e_ms, stages=scenario.stages, steps=list(steps.values())
    )
    return make_record(ScenarioRecord(id=name, requests=(request,)), run_id=25963872007)


def test_the_record_disproves_the_hand_edit():
    """Beside its own run, the one value that was typed is named with the one that was measured."""
    name = "wan2_1_t2v_1_3b_lora_1gpu"
    new, old = sglang_file("h100_2026-05-17_after_25510"), sglang_file("h100_2026-05-17_before_25510")
    one = {name: new.scenarios[name]}
    file = BaselineFile(new.text, new.metadata, new.tolerances, new.sampling, one, ())
    [mixed] = [
        found
        for found in audit(file, against=old, records=[snapshot_of(name)])
        if found.rule == "mixed-snapshot"
    ]

    assert (mixed.field, mixed.actual, mixed.expected) == ("denoise_step_ms.0", 90.0, 84.27)
    assert told([mixed]) == [("mixed-snapshot", "error")]
    assert mixed.problem == (
        "the values are those of no request; the closest, r7 of run 25963872007, has other values in 1 of "
        "59 fields: denoise_step_ms.0 90.00 (84.27)"
    )
