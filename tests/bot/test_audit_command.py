"""`perf-ratchet audit` as a person uses it: what it prints, and its exit code."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from audit_cases import measured
from builders import make_baselines, make_record, make_request, make_scenario
from ratchet_bot.__main__ import main
from ratchet_bot.cli.audit import MOST_LISTED, MOST_SHOWN
from ratchet_bot.judging.rules.table import RULES
from ratchet_profiler.record import record_to_json

Golden = Callable[[str, str], None]

CONFIG = """\
hardware:
  h100: {baselines: h100.json}
waivers:
  - {rule: unguarded, scenario: held, reason: "no machine | for @it yet", expires: 9999-12-31}
  - {rule: hand-typed, scenario: flux, reason: gone, expires: 2020-01-01}
"""

OLD = {
    "flux": measured(),
    "held": measured(e2e_ms=0.0, stages={}, steps=[]),
    "old": measured(expected_avg_denoise_ms=95.4, steps=[98.16, 101.32, 103.41, 99.11, 100.52]),
}
NEW = {
    **OLD,
    "flux": measured(e2e_ms=700.0, expected_avg_denoise_ms=132.32),
    "sampled": {**measured(), "denoise_step_ms": {"0": 50.25, "4": 90.13}},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, with an older and a newer baseline file."""
    monkeypatch.chdir(tmp_path)
    write("old.json", OLD)
    write("h100.json", NEW)
    return tmp_path


def write(name: str, scenarios: Mapping[str, Any], **document: Any) -> None:
    """Write a baseline file."""
    Path(name).write_text(make_baselines(scenarios, **document).text)


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("against", [False, True])
@pytest.mark.usefixtures("folder")
def test_audit_is_golden(form: str, *, against: bool, golden: Golden, capsys: pytest.CaptureFixture[str]):
    """The findings of a file and of a change are told as reviewed: what is open, then what is folded."""
    Path("ratchet.yml").write_text(CONFIG)
    words = ["audit", "h100.json", "--config", "ratchet.yml", "--format", form]
    assert main([*words, *(["--against", "old.json"] if against else [])]) == 1

    name = f"audit{'_against' if against else ''}.{'md' if form == 'markdown' else 'txt'}"
    golden(name, capsys.readouterr().out)


def shown_as_json(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """Return the exit code, and what is printed as JSON."""
    code = main(["audit", *words, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("folder")
def test_json_has_what_the_other_forms_show(capsys: pytest.CaptureFixture[str]):
    """A version, the counts, the tally, and each finding, its message and whether it is new."""
    code, told = shown_as_json("h100.json", "--against", "old.json", capsys=capsys)
    findings = told.pop("findings")

    assert code == 1
    assert told == {
        "version": 1,
        "path": "h100.json",
        "against": "old.json",
        "scenarios": 4,
        "looks_like_two_files": False,
        "open": 6,
        "older": 2,
        "waived": 0,
        "tally": {
            "mean-mismatch": {"error": 1},
            "partial-edit": {"error": 2},
            "hand-typed": {"warning": 1},
            "loosened": {"warning": 1},
            "sampled-steps": {"info": 1},
        },
        "older_tally": {"mean-mismatch": {"error": 1}, "unguarded": {"warning": 1}},
        "findings_left_out": 0,
    }
    assert findings[0] == {
        "rule": "mean-mismatch",
        "severity": "error",
        "scenario": "flux",
        "field": "expected_avg_denoise_ms",
        "actual": 132.32,
        "expected": 100.64,
        "problem": "expected_avg_denoise_ms is 132.32 ms but the mean of its 5 steps is 100.64 ms",
        "remedy": (
            "set it to 100.64, or replace the whole scenario with the values of one request "
            "(perf-ratchet tighten --replace)"
        ),
        "introduced": True,
        "waived": "",
        "message": "expected_avg_denoise_ms is 132.32 ms but the mean of its 5 steps is 100.64 ms: set it to "
        "100.64, or replace the whole scenario with the values of one request "
        "(perf-ratchet tighten --replace)",
    }


@pytest.mark.usefixtures("folder")
def test_only_what_a_change_brought_fails(capsys: pytest.CaptureFixture[str]):
    """A file full of old findings is fine against itself, and not by itself."""
    assert main(["audit", "h100.json", "--against", "h100.json"]) == 0
    assert capsys.readouterr().out.endswith(
        "h100.json against h100.json: 4 scenarios, no finding introduced\n"
    )
    assert main(["audit", "h100.json"]) == 1


def test_waivers_come_from_the_usual_place(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Without --config the file of the repository is read where there is one; a broken one is bad input."""
    write("h100.json", {"held": {}, "flux": measured()})
    assert main(["audit", "h100.json"]) == 1

    (folder / ".github").mkdir()
    config = folder / ".github/perf-ratchet.yml"
    config.write_text(CONFIG.replace("2020-01-01", "9999-12-31"))
    assert main(["audit", "h100.json"]) == 0

    config.write_text("hardware: [")
    capsys.readouterr()
    assert main(["audit", "h100.json"]) == 2
    assert capsys.readouterr().err.startswith("perf-ratchet: .github/perf-ratchet.yml: line 1:")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["audit"], "nothing to audit: give a baseline file, or records after --records"),
        (
            ["audit", "--against", "old.json", "--records", "run-record.json"],
            "nothing to audit: give a baseline file, or records after --records",
        ),
        (
            ["audit", "h100.json", "--against", "gone.json"],
            "gone.json: No such file or directory; check the path",
        ),
        (
            ["audit", "h100.json", "--config", "gone.yml"],
            "gone.yml: No such file or directory; check the path, or perf-ratchet init writes one",
        ),
        (["audit", "--records", "gone.json"], "gone.json: No such file or directory; check the path"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_audited_is_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    """Nothing to audit, or a file that is not there: exit code 2, one line."""
    assert main(words) == 2
    assert capsys.readouterr() == ("", f"perf-ratchet: {message}\n")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"scenarios": 3}', b"[" * 100_000, b"1e999", b"\x00" * 100]
)
@pytest.mark.parametrize(
    "words",
    [
        ["bad", "--against", "old.json"],
        ["h100.json", "--against", "bad"],
        ["h100.json", "--records", "bad"],
        ["h100.json", "--config", "bad"],
        ["--records", "bad"],
    ],
)
@pytest.mark.usefixtures("folder")
def test_hostile_files_are_one_line(content: bytes, words: list[str], capsys: pytest.CaptureFixture[str]):
    """Whatever any of the files holds, it is exit code 2, and one line that names it."""
    Path("bad").write_bytes(content)
    assert main(["audit", *words]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("perf-ratchet: bad:")) == ("", 1, True)


@pytest.mark.usefixtures("folder")
def test_records_prove_a_change(capsys: pytest.CaptureFixture[str]):
    """A changed scenario that is one request of a record is fine; one that mixes two is an error."""
    faster = make_request("r1", e2e_ms=512.34, stages={"DenoisingStage": 405.62}, steps=[98.76, 101.37])
    Path("run-record.json").write_bytes(record_to_json(make_record(make_scenario("flux", faster))))
    options = ("h100.json", "--against", "old.json", "--records", "run-record.json")

    one = measured(e2e_ms=512.34, stages={"DenoisingStage": 405.62}, steps=[98.76, 101.37])
    write("h100.json", {**OLD, "flux": one})
    assert "mixed-snapshot" not in shown_as_json(*options, capsys=capsys)[1]["tally"]

    write("h100.json", {**OLD, "flux": one | {"expected_e2e_ms": 500.12}})
    assert shown_as_json(*options, capsys=capsys)[1]["tally"]["mixed-snapshot"] == {"error": 1}


@pytest.mark.usefixtures("folder")
def test_records_alone_are_audited_by_themselves(capsys: pytest.CaptureFixture[str]):
    """Requests that hold together are fine, with warnings too; one that contradicts itself is not."""
    good = make_request("r0", steps=[])
    bad = make_request("r1", e2e_ms=100.0)
    Path("good.json").write_bytes(record_to_json(make_record(make_scenario("flux", good))))
    Path("bad.json").write_bytes(record_to_json(make_record(make_scenario("flux", good, bad))))

    assert main(["audit", "--records", "good.json"]) == 0
    assert capsys.readouterr().out == (
        "warning flux r0 (host): steps-missing: the denoising stages take 460.00 ms and there is no step: "
        "record the steps of the denoising loop, and capture the scenario again\n\n"
        "steps-missing        1 warning\n\n"
        "good.json: 1 request, 1 warning\n"
    )
    assert main(["audit", "--records", "good.json", "bad.json"]) == 1
    assert "error   flux r1 (host): stages-exceed-e2e:" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_rules_are_told(form: str, capsys: pytest.CaptureFixture[str]):
    """Every form names every rule; JSON has what each needs and why it is there."""
    assert main(["audit", "--rules", "--format", form]) == 0
    out = capsys.readouterr().out

    assert [rule.name for rule in RULES if rule.name not in out] == []
    if form == "json":
        rules = {rule["name"]: rule for rule in json.loads(out)["rules"]}
        assert rules["loosened"]["needs"] == "--against"
        assert rules["loosened"]["fires"].startswith("end to end, average, median")
        assert rules["mixed-snapshot"]["needs"] == "--records"
        assert rules["mean-mismatch"]["needs"] == ""
        assert rules["mean-mismatch"]["reason"].startswith("Both are computed from the steps of one record")


@pytest.mark.usefixtures("folder")
def test_long_lists_are_cut_and_counted(capsys: pytest.CaptureFixture[str]):
    """Of thousands of findings the first are shown, and the rest are counted."""
    bad = {"stages_ms": {f"S{index}": -1 for index in range(20)}}
    write("h100.json", {f"s{index}": bad for index in range(200)})
    count = 200 * 12
    _, told = shown_as_json("h100.json", capsys=capsys)

    assert (told["open"], len(told["findings"])) == (count, MOST_LISTED)
    assert told["findings_left_out"] == count - MOST_LISTED
    main(["audit", "h100.json"])
    assert f"and {count - MOST_SHOWN:,} findings more" in capsys.readouterr().out
    main(["audit", "h100.json", "--format", "markdown"])
    assert f"And {count - MOST_SHOWN:,} findings more." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "older", "words"),
    [
        ("ab", "bcd", None),
        ("ab", "cd", "only 0 of 2 scenarios are in both"),
        ("abcde", "cxyz", "only 1 of 4 scenarios are in both"),
        ("abcdefgh", "a", None),
        ("abc", "", None),
    ],
)
@pytest.mark.usefixtures("folder")
def test_two_different_files_are_said_to_be(
    names: str, older: str, words: str | None, capsys: pytest.CaptureFixture[str]
):
    """Under half of the smaller file's scenarios are in the other: the first line says so."""
    write("h100.json", {name: measured() for name in names})
    write("npu.json", {name: measured() for name in older})
    firsts = {}
    for form in ("text", "markdown"):
        main(["audit", "h100.json", "--against", "npu.json", "--format", form])
        firsts[form] = capsys.readouterr().out.partition("\n")[0]
    told = shown_as_json("h100.json", "--against", "npu.json", capsys=capsys)[1]

    assert told["looks_like_two_files"] is (words is not None)
    if words:
        assert firsts["text"] == f"these look like two different files: {words}"
        assert firsts["markdown"] == f"These look like two different files: {words}."
    else:
        assert not any(first.lower().startswith("these") for first in firsts.values())


def test_a_file_without_scenarios_guards_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """No finding in it is no praise."""
    monkeypatch.chdir(tmp_path)
    Path("h100.json").write_text(make_baselines({}).text)

    assert main(["audit", "h100.json"]) == 0
    last_line = capsys.readouterr().out.splitlines()[-1]
    assert last_line == "h100.json: 0 scenarios, no finding: nothing is guarded"
