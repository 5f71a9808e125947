"""`--replace`: a person's word that a scenario takes the values of a run, whatever they improve."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import (
    OLD_STAGES,
    STAGES,
    make_baselines,
    make_record,
    make_request,
    make_scenario,
    make_values,
)
from ratchet_bot.__main__ import main
from ratchet_bot.data.history import Past
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.proposals import Declined, Proposal
from ratchet_bot.judging.tighten import propose, tightened
from ratchet_profiler.record import RequestRecord, record_to_json

FASTER = make_values(e2e_ms=410.0, stages={"DenoisingStage": 350.0}, steps=(50.0, 70.0, 70.0, 70.0, 60.0))

ELSEWHERE = {
    "run_id": 6,
    "head_sha": None,
    "request_id": "r0",
    "captured_at": "2026-11-01T00:00:00Z",
    "requests": 1,
    "comparability": "H200 | driver 580",
}


def replaced(
    *requests: RequestRecord, baseline: dict[str, Any], past: Past | None = None, **terms: Any
) -> Proposal | Declined:
    """Return what is said of one scenario that is to be replaced."""
    file = make_baselines({"flux": baseline})
    record = make_record(make_scenario("flux", *requests))
    found = propose(file, [record], Terms(replaced=["other", "fl*"], **terms), past=past or {})
    [one] = [*found.proposals, *found.declined]
    return one


@pytest.mark.parametrize(
    "baseline",
    [
        pytest.param(FASTER, id="slower"),
        pytest.param(make_values(steps=(90.0,) * 8), id="another number of steps"),
        pytest.param(make_values(stages={"OldDenoisingStage": 400.0}), id="other stages"),
        pytest.param(make_values(provenance=ELSEWHERE), id="another machine"),
        pytest.param(make_values(e2e_ms=3000.0), id="an end to end that somebody typed"),
        pytest.param(make_values(expected_avg_denoise_ms=50.0), id="an average that somebody typed"),
        pytest.param(make_values(e2e_ms=0.0), id="a placeholder"),
        pytest.param({"expected_e2e_ms": "fast"}, id="no numbers"),
    ],
)
def test_whatever_the_baseline_is_it_takes_the_whole_snapshot(baseline: dict[str, Any]):
    """Every value is the request's, none is the old one's, and no error of the audit stands against it."""
    one = replaced(baseline=baseline)
    assert isinstance(one, Proposal), one
    assert one.kind == "replaced"
    provenance = one.values.pop("provenance")
    assert one.values == make_values()
    assert provenance["comparability"].startswith("NVIDIA H100")


def test_the_snapshot_is_the_middle_request():
    """Never the fastest, and never field by field."""
    one = replaced(
        *(make_request(f"r{number}", e2e_ms=600.0 + number) for number in (9, 2, 5)), baseline=FASTER
    )
    assert isinstance(one, Proposal)
    assert (one.request_id, one.values["expected_e2e_ms"]) == ("r5", 605.0)


def test_a_request_that_contradicts_itself_replaces_nothing():
    """A person's word does not make it a measurement."""
    longer_than_all = STAGES | {"DenoisingStage": 900.0}
    one = replaced(make_request(stages=longer_than_all), baseline=FASTER)
    assert isinstance(one, Declined)
    assert one.reason.startswith("stages sum to 990.00 ms, longer than the whole request")


def test_a_flaky_limit_is_told_and_does_not_gate():
    """The old limit was worse, as the person says."""
    past = {"flux": {"expected_e2e_ms": [560.0, 900.0] * 12}}
    one = replaced(baseline=FASTER, past=past)
    assert isinstance(one, Proposal), one
    assert one.chance.is_marked


def test_other_scenarios_are_held_to_what_they_improve():
    """A glob replaces what it names; what has no baseline still needs --add."""
    file = make_baselines({"flux": FASTER, "wan": FASTER})
    record = make_record(*map(make_scenario, ("flux", "wan", "flux_new")))
    found = propose(file, [record], Terms(replaced=["flux*"]))
    assert [one.scenario for one in found.proposals] == ["flux"]
    assert [(one.scenario, one.is_replaceable) for one in found.declined] == [
        ("wan", True),
        ("flux_new", False),
    ]
    after = tightened(file, found)
    assert json.loads(after.text)["scenarios"]["wan"] == json.loads(file.text)["scenarios"]["wan"]


def test_the_command_replaces_and_shows_what_rises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Without it the last line names it; with it each rise is told; a second time nothing is left."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text(
        make_baselines({"flux": FASTER, "wan": make_values(e2e_ms=1000.0, stages=OLD_STAGES)}).text
    )
    (tmp_path / "r.json").write_bytes(record_to_json(make_record(make_scenario("flux"))))
    options = ["tighten", "r.json", "--baselines", "bad.json", "--write"]
    assert main(options) == 0
    _, hint, end = capsys.readouterr().out.splitlines()
    assert hint.startswith("for a wrong baseline, or an accepted slowdown: --replace GLOB takes this run")
    assert end == "0 new baselines proposed; bad.json stays as it is"
    assert main([*options, "--replace", "f*"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "flux: a replaced baseline (--replace)"
    assert told[1] == "  end to end                          410.0 ->        560.0    +36.6 %, a rise"
    assert "  step 4                               60.0 ->         90.0    +50.0 %, a rise" in told
    assert "1 new baseline proposed; written to bad.json" in told
    assert main([*options, "--replace", "f*"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "flux: not proposed: it has the values of this request already",
        "0 new baselines proposed; bad.json stays as it is",
    ]
    assert main([*options, "--replace", "qwen"]) == 2
    assert capsys.readouterr().err == "perf-ratchet: r.json: no scenario matches 'qwen'; known: flux\n"
