import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from builders import OLD_STAGES, STAGES, make_baselines, make_record, make_request, make_scenario, make_values
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.rules.rule import first_error
from ratchet_bot.judging.tighten import propose, tightened
from ratchet_profiler.record import ScenarioRecord

durations = st.floats(0, 400)


@st.composite
def recorded(draw: st.DrawFn, name: str) -> ScenarioRecord:
    """Return a scenario of one to four requests of five steps, some of which contradict themselves."""
    requests = []
    for number in range(draw(st.integers(1, 4))):
        steps = draw(st.lists(st.floats(0, 130), min_size=5, max_size=5))
        stages = {"TextEncodingStage": draw(durations), "DenoisingStage": draw(st.floats(400, 470))}
        stages["DecodingStage"] = draw(durations)
        e2e_ms = sum(stages.values()) + draw(st.floats(-5, 100))
        requests.append(make_request(f"r{number}", e2e_ms=e2e_ms, stages=stages, steps=steps))
    return ScenarioRecord(id=name, requests=tuple(requests))


def errors(text: str) -> list[tuple[str, str]]:
    return [(one.scenario, one.rule) for one in audit(baselines_from_text(text)) if one.severity == "error"]


@settings(derandomize=True, max_examples=60)
@given(
    data=st.data(),
    least=st.sampled_from([0.0, 0.05, 0.5]),
    indent=st.sampled_from([2, 4, "\t"]),
    add=st.booleans(),
)
def test_tightening_twice_changes_nothing_more(
    data: st.DataObject, least: float, indent: int | str, *, add: bool
):
    """The tightened file has no new error, and the same record proposes nothing more to it."""
    record = make_record(*(data.draw(recorded(name)) for name in ("a", "b", "c")))
    contradictory = make_values(e2e_ms=500.0) | {"expected_avg_denoise_ms": 120.0}
    scenarios = {"a": make_values(e2e_ms=900.0), "b": contradictory | {"note": "caf\u00e9"}}
    before = baselines_from_text(json.dumps({"scenarios": scenarios}, indent=indent))
    found = propose(before, [record], Terms(min_improvement=least, add=add))
    after = tightened(before, found)
    assert set(errors(after.text)) <= set(errors(before.text))
    changed = {one.scenario for one in found.proposals}
    assert not first_error(one for one in audit(after) if one.scenario in changed)
    assert not propose(after, [record], Terms(min_improvement=least, add=add)).proposals


def test_nothing_proposed_is_the_same_file():
    """Not even the date moves when there is no proposal."""
    file = make_baselines()
    assert tightened(file, propose(file, [make_record(make_scenario())])) is file


def test_only_the_scenario_and_the_metadata_change():
    """Tolerances, the other scenario and unknown keys keep every byte, also with odd spacing."""
    head = '{"metadata" : {"description":"Runs (2026-05-17).",\r\n\t"model":"X"},\r\n'
    rest = '"unknown": [1,2 ,3],"scenarios":{ "other":{"expected_e2e_ms" :1e3, "x":{}},\r\n'
    flux = json.dumps(
        make_values(e2e_ms=1000.0, stages=OLD_STAGES, estimated_full_test_time_s=33.0, odd={"k": None})
    )
    file = baselines_from_text(f'{head}{rest}"flux":{flux} }} }}')
    text = tightened(file, propose(file, [make_record(make_scenario())])).text
    assert text.startswith(
        '{"metadata" : {"description":"Runs (2026-11-22).",\r\n\t"model":"X",\r\n\t'
        f'"last_updated": "2026-11-22"}},\r\n{rest}"flux":'
    )
    new = json.loads(text)["scenarios"]["flux"]
    assert (new["estimated_full_test_time_s"], new["odd"]) == (33.0, {"k": None})
    assert list(new) == [*json.loads(flux), "provenance"]
    assert '"expected_e2e_ms": 560.0, "expected_avg_denoise_ms": 90.0' in text
    assert text.endswith(" } }")


def test_the_day_is_the_runs_in_utc():
    """A run that began after midnight in Shanghai began the day before in UTC."""
    began = datetime(2026, 11, 22, 1, 0, tzinfo=timezone(timedelta(hours=8)))
    file = make_baselines({"flux": make_values(e2e_ms=1000.0, stages=OLD_STAGES)})
    changed = tightened(file, propose(file, [make_record(make_scenario(), created_at=began)]))
    assert changed.metadata.last_updated == "2026-11-21"
    assert changed.metadata.description == "Reference numbers (2026-11-21)."
    provenance = changed.scenarios["flux"].provenance
    assert provenance
    assert provenance.captured_at == datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


def test_the_null_pseudo_stage_stays():
    """`per_frame_generation: null` keeps its place in a tightened video scenario."""
    values: dict[str, Any] = make_values(e2e_ms=1000.0, stages={"per_frame_generation": None, **OLD_STAGES})
    file = make_baselines({"flux": values})
    changed = tightened(file, propose(file, [make_record(make_scenario("flux", make_request(frames=81)))]))
    assert list(changed.scenarios["flux"].stages_ms) == ["per_frame_generation", *STAGES]
    assert changed.scenarios["flux"].stages_ms["per_frame_generation"] is None


def test_first_baselines_go_into_an_empty_file():
    """The first scenarios of a file are laid out in its indentation, in the record's order."""
    file = baselines_from_text('{\n  "scenarios": {}\n}\n')
    record = make_record(make_scenario("b.1+x"), make_scenario("a"))
    changed = tightened(file, propose(file, [record], Terms(add=True)))
    assert changed.text.startswith('{\n  "scenarios": {\n    "b.1+x": {\n      "stages_ms": {\n')
    assert changed.text.endswith('\n  "metadata": {\n    "last_updated": "2026-11-22"\n  }\n}\n')
    assert list(changed.scenarios) == ["b.1+x", "a"]
    assert not first_error(audit(changed))
