"""What the product promises of sglang's own files."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from statistics import fmean, median
from typing import Any

import pytest
from builders import make_record, make_request
from ratchet_bot.data.baselines import ScenarioBaseline
from ratchet_bot.data.json_text import edited_json
from ratchet_bot.data.rewriting import with_scenarios
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.rules.rule import first_error, tally
from ratchet_bot.judging.tighten import propose, tightened
from ratchet_bot.judging.verdicts import Verdict
from ratchet_profiler.record import RunRecord, ScenarioRecord
from sglang_files import sglang_file

FILES = (
    "h100_2026-03-21_after_20983",
    "h100_2026-03-21_before_20983",
    "h100_2026-05-17_after_25510",
    "h100_2026-05-17_before_25510",
    "npu_2026-05-17_after_25510",
    "npu_2026-05-17_before_25510",
)
H100_BEFORE, H100_AFTER = FILES[3], FILES[2]
NPU_BEFORE, NPU_AFTER = FILES[5], FILES[4]
DAY = date(2026, 11, 22)
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]')


def members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield (key, start, end) of each object among the members of the object at `start`, by its braces."""
    depth, last_string, key, begin = 0, "", "", 0
    for token in TOKEN.finditer(text, start):
        if token[0] == "{":
            depth += 1
            if depth == 2:
                key, begin = last_string, token.start()
        elif token[0] == "}":
            depth -= 1
            if depth == 1:
                yield key, begin, token.end()
            if depth == 0:
                return
        else:
            last_string = token[0][1:-1]


@cache
def spans(text: str) -> dict[str, tuple[int, int]]:
    """Return where `metadata` and each scenario stand; of two scenarios of one name, the last."""
    top = {key: (start, end) for key, start, end in members(text, 0)}
    scenarios = members(text, top["scenarios"][0])
    return {"metadata": top["metadata"]} | {key: (start, end) for key, start, end in scenarios}


def without(text: str, scenario: str) -> tuple[str, ...]:
    """Return what stands outside of `metadata` and of a scenario."""
    (start, end), (begin, stop) = spans(text)["metadata"], spans(text)[scenario]
    return text[:start], text[end:begin], text[stop:]


def slower(value: Any) -> Any:
    """Return a JSON value with other numbers."""
    if isinstance(value, dict):
        return {key: slower(member) for key, member in value.items()}
    return round(value * 1.5 + 1.23, 2) if isinstance(value, int | float) else value


def longer(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario of another shape: one step more, another first stage, provenance."""
    steps = {str(index): 5.0 for index in range(len(values["denoise_step_ms"]) + 1)}
    stages = {"NewStage": 1.5, **dict(list(values["stages_ms"].items())[1:])}
    provenance = {"request_id": "r", "captured_at": "2026-11-22T00:00:00+00:00", "requests": 3}
    return {**values, "stages_ms": stages, "denoise_step_ms": steps, "provenance": provenance}


def as_recorded(name: str, scenario: ScenarioBaseline) -> ScenarioRecord:
    """Return a run that measured exactly a scenario's own stages and steps."""
    request = make_request(
        e2e_ms=scenario.aggregate("expected_e2e_ms") or 0.0,
        stages=scenario.stages,
        steps=list(scenario.steps.values()),
    )
    return ScenarioRecord(id=name, requests=(request,))


def record_of(name: str, *, consistent: bool = False) -> RunRecord:
    """Return a run that measured what a file says, of all its scenarios or of those without an error."""
    file = sglang_file(name)
    wrong = {one.scenario for one in audit(file) if one.severity == "error"}
    names = [one for one in file.scenarios if not (consistent and one in wrong)]
    return make_record(*(as_recorded(one, file.scenarios[one]) for one in names))


@pytest.mark.parametrize("name", FILES)
def test_replacing_any_scenario_keeps_every_other_byte(name: str):
    """Whichever scenario is replaced, whatever by, nothing changes outside of it and of `metadata`."""
    file = sglang_file(name)
    for number, (scenario, values) in enumerate(json.loads(file.text)["scenarios"].items()):
        new = longer(values) if number % 2 else slower(values)
        changed = with_scenarios(file, {scenario: new}, DAY)
        assert without(changed.text, scenario) == without(file.text, scenario), scenario
        assert json.loads(changed.text)["scenarios"][scenario] == new


@pytest.mark.parametrize("name", FILES)
def test_writing_the_same_values_changes_no_byte(name: str):
    """All scenarios written again as they are leave the text as it is, but for the date."""
    file = sglang_file(name)
    document = json.loads(file.text)
    assert edited_json(file.text, document) == file.text
    changed = with_scenarios(file, document["scenarios"], DAY)
    start, end = spans(file.text)["metadata"]
    assert changed.text.startswith(file.text[:start])
    assert changed.text.endswith(file.text[end:])


def test_the_ascend_file_is_irregular():
    """The file that the promise is hardest for does have members at odd depths of indentation."""
    indents = {len(line) - len(line.lstrip()) for line in sglang_file(NPU_AFTER).text.splitlines()}
    assert indents - {0, 4, 8, 12, 16}


def scenarios_with(name: str, rule: str, severity: str = "error") -> set[str]:
    return {one.scenario for one in audit(sglang_file(name)) if (one.rule, one.severity) == (rule, severity)}


def test_what_25510_left_behind():
    """The file as merged still contradicts itself, in the places a reviewer found and in more."""
    assert tally(audit(sglang_file(H100_AFTER))) == {
        "mean-mismatch": {"error": 18, "warning": 9},
        "median-mismatch": {"error": 16, "warning": 11},
        "steps-exceed-stage": {"error": 4},
        "stages-exceed-e2e": {"error": 3, "info": 1},
        "hand-typed": {"warning": 7},
        "unattributed-e2e": {"info": 4},
        "stage-exceeds-steps": {"info": 6},
        "early-steps-fast": {"info": 27},
        "implausible-stage": {"info": 10},
    }
    typed = {"fastwan2_2_ti2v_5b", "ltx_2_3_hq_pipeline"}
    assert typed <= scenarios_with(H100_AFTER, "mean-mismatch")
    assert typed <= scenarios_with(H100_AFTER, "median-mismatch")
    assert "layerwise_offload" in scenarios_with(H100_AFTER, "steps-exceed-stage")
    assert "fastwan2_2_ti2v_5b" in scenarios_with(H100_AFTER, "stages-exceed-e2e")


def test_the_ascend_step_that_was_changed_by_hand():
    """The file had notes only; step 0 edited from 101.91 to 330.0 makes two findings, in that scenario."""
    assert not [one for one in audit(sglang_file(NPU_BEFORE)) if one.severity != "info"]
    after = [one for one in audit(sglang_file(NPU_AFTER)) if one.severity != "info"]
    assert [(one.scenario, one.rule, one.severity) for one in after] == [
        ("wan2_1_t2v_1.3b_1_npu", "mean-mismatch", "warning"),
        ("wan2_1_t2v_1.3b_1_npu", "steps-exceed-stage", "error"),
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_file_compared_with_itself_is_unchanged(name: str):
    """A run of exactly a file's values is unchanged wherever the file is consistent, and nowhere improved.

    Where steps do not fit into stages, or stages into the request, such a run is impossible: invalid.
    """
    file = sglang_file(name)
    impossible = scenarios_with(name, "steps-exceed-stage") | scenarios_with(name, "stages-exceed-e2e")
    wrong = {one.scenario for one in audit(file) if one.severity == "error"}
    for one in compare(file, [record_of(name)]).scenarios:
        if one.scenario in impossible:
            assert one.verdict is Verdict.INVALID
        elif one.scenario not in wrong:
            assert (one.verdict, one.requests) == (Verdict.UNCHANGED, 1), one
        else:
            assert one.verdict in {Verdict.UNCHANGED, Verdict.REGRESSED}


def top_level(scenario: ScenarioBaseline) -> list[float]:
    """Return end to end, average, median and the denoising stages, by hand."""
    stages = [
        value
        for stage, value in scenario.stages_ms.items()
        if re.search(r"(?<!Before)DenoisingStage$|RefinementStage$", stage)
    ]
    return [
        scenario.expected_e2e_ms,
        scenario.expected_avg_denoise_ms,
        scenario.expected_median_denoise_ms,
        *stages,
    ]


def test_tightening_as_25510_should_have():
    """From the run's consistent values, exactly the scenarios that meet the rule are proposed."""
    before, after = sglang_file(H100_BEFORE), sglang_file(H100_AFTER)
    found = propose(before, [record_of(H100_AFTER, consistent=True)])
    assert [one.scenario for one in found.proposals] == [
        "flux_image_t2i_2_gpus",
        "ltx_2_two_stage_t2v",
        "qwen_image_layered_i2i",
        "wan2_1_t2v_1.3b_frame_interp_2x",
        "ltx_2.3_one_stage_ti2v",
        "ltx_2_3_two_stage_ti2v_2gpus",
    ]
    for one in found.proposals:
        old, new = before.scenarios[one.scenario], after.scenarios[one.scenario]
        assert new.expected_e2e_ms <= 0.95 * old.expected_e2e_ms
        for was, now in zip(top_level(old), top_level(new), strict=True):
            assert now <= max(1.02 * was, was + 5)
        steps = list(one.values["denoise_step_ms"].values())
        assert steps == list(new.denoise_step_ms.values())
        assert one.values["expected_avg_denoise_ms"] == pytest.approx(fmean(steps), abs=0.005)
        assert one.values["expected_median_denoise_ms"] == pytest.approx(median(steps), abs=0.005)


def test_the_tightened_file_is_better():
    """Of the scenarios that were proposed none has an error any more; the others keep theirs."""
    before = sglang_file(H100_BEFORE)
    found = propose(before, [record_of(H100_AFTER, consistent=True)])
    after = tightened(before, found)
    proposed = {one.scenario for one in found.proposals}
    assert not first_error(one for one in audit(after) if one.scenario in proposed)
    untouched = [
        [one for one in audit(file) if one.scenario not in proposed and one.severity != "info"]
        for file in (before, after)
    ]
    assert untouched[0] == untouched[1]
    assert after.metadata.description == "Captured on 2026-11-22."
