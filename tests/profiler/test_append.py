from datetime import UTC, datetime
from pathlib import Path

import pytest
from ratchet_profiler.__main__ import main
from ratchet_profiler.appending import NotAppendable, appended, check_appendable
from ratchet_profiler.record import (
    Environment,
    MachineState,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    Total,
    record_from_json,
    record_to_json,
)

HASH = "0123456789abcdef"
HERE = Environment(hardware="h100", driver="570.86.15", torch="2.13.0", python="3.11.7")
CODE = Source(created_at=datetime(2026, 11, 22, tzinfo=UTC), installed_sha="abcdef0")
ENGINE = """
def request(profiler):
    with profiler.stage("DenoisingStage"):
        for _ in range(3):
            with profiler.stage("denoising_step_0"):
                pass

def fail(profiler):
    raise RuntimeError("out of memory")
"""
SCENARIOS = """
[scenario.one]
source = "callable"
call = "my_engine:request"

[scenario.two]
source = "callable"
call = "my_engine:request"
"""


def request(number: int, ms: float = 10.0, *, warmup: bool = False) -> RequestRecord:
    return RequestRecord(request_id=f"request-{number}", clock="host", warmup=warmup, total=Total(host_ms=ms))


def run(*scenarios: ScenarioRecord, environment: Environment = HERE) -> RunRecord:
    return RunRecord(source=CODE, environment=environment, scenarios=scenarios)


def scenario(name: str, *requests: RequestRecord, error: str | None = None) -> ScenarioRecord:
    return ScenarioRecord(id=name, config_hash=HASH, requests=requests, error=error)


RECORD = run(scenario("one", request(0, warmup=True), request(1)), scenario("two", request(0)))


def test_requests_are_added_after_those_there_are():
    """Their names go on, their order and their warm-ups stay, and the other scenario is as it was."""
    more = run(scenario("one", request(0, 11.0, warmup=True), request(1, 12.0)))
    whole = appended(RECORD, more)
    assert [(r.request_id, r.warmup, r.total.host_ms) for r in whole.scenarios[0].requests] == [
        ("request-0", True, 10.0),
        ("request-1", False, 10.0),
        ("request-2", True, 11.0),
        ("request-3", False, 12.0),
    ]
    assert whole.scenarios[1] == RECORD.scenarios[1]
    assert record_from_json(record_to_json(whole)) == whole


def test_a_name_that_is_taken_is_not_given_again():
    """A record of an engine has names of its own."""
    record = run(scenario("one", request(1), request(2)))
    names = [r.request_id for r in appended(record, run(scenario("one", request(0)))).scenarios[0].requests]
    assert names == ["request-1", "request-2", "request-3"]


@pytest.mark.parametrize(
    ("before", "after", "error"), [(None, "b", "b"), ("a", None, "a"), ("a", "b", "a"), (None, None, None)]
)
def test_an_error_of_either_run_stays(before: str | None, after: str | None, error: str | None):
    """A confirmation must not make a failure undone."""
    record, more = run(scenario("one", error=before)), run(scenario("one", error=after))
    assert appended(record, more).scenarios[0].error == error


def test_the_worse_machine_is_kept():
    """What spoiled either half spoils the whole; a reason for an unknown value goes when it becomes known."""
    cool = HERE.model_copy(update={"absent": {"temperature_celsius": "x", "driver": "y"}})
    hot = HERE.model_copy(
        update={"state": MachineState(temperature_celsius=90.0, throttle_reasons=("hw_slowdown",))}
    )
    found = appended(run(environment=cool), run(environment=hot)).environment
    assert (found.state, dict(found.absent)) == (hot.state, {"driver": "y"})


def check(**changes: object) -> None:
    values = {
        "record": RECORD,
        "environment": HERE,
        "source": CODE,
        "hashes": {"one": HASH},
        "requests": 6,
    } | changes
    check_appendable(**values)


def test_the_same_machine_code_and_configuration_may_be_appended_to():
    """Another state is the same machine, and another time the same code."""
    check()
    check(environment=HERE.model_copy(update={"state": MachineState(clock_mhz=1), "absent": {"cuda": "x"}}))
    check(source=CODE.model_copy(update={"created_at": datetime(2026, 11, 23, tzinfo=UTC), "run_id": 7}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"environment": HERE.model_copy(update={"driver": "580.65.06"})},
            "driver was 570.86.15 and is 580.65.06 now",
        ),
        ({"environment": HERE.model_copy(update={"cuda": "12.8"})}, "cuda was unknown and is 12.8 now"),
        ({"environment": HERE.model_copy(update={"hardware": "x"})}, "hardware was h100 and is x now"),
        (
            {"source": CODE.model_copy(update={"installed_sha": "1234567"})},
            "the commit was abcdef0 and is 1234567 now",
        ),
        (
            {"source": CODE.model_copy(update={"dirty": True})},
            "the commit was abcdef0 and is abcdef0 with uncommitted changes now",
        ),
        ({"hashes": {"one": HASH, "three": HASH}}, "it has no scenario three"),
        ({"hashes": {"one": "f" * 16}}, f"one has configuration {HASH} there and ffffffffffffffff now"),
        ({"requests": 255}, "one would have more than 256 requests"),
    ],
)
def test_what_would_not_belong_to_the_record_is_refused(changes: dict, message: str):
    """In one line that names what differs, before anything is measured."""
    with pytest.raises(NotAppendable, match=f"^{message}$"):
        check(**changes)


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Path:
    """A folder with an engine, and a record of its two scenarios."""
    (tmp_path / "my.toml").write_text(SCENARIOS)
    (tmp_path / "my_engine.py").write_text(ENGINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["run", "--scenarios", "my.toml", "--repeats", "1"]) == 0
    capsys.readouterr()
    return tmp_path


def again(*options: str) -> int:
    return main(["run", "--scenarios", "my.toml", "--repeats", "2", "--append", *options])


def test_suspects_are_confirmed_in_the_same_record(measured: Path):
    """Only those in the file get more requests; blank lines and a name given twice change nothing."""
    (measured / "suspects.txt").write_text("\n two \ntwo\n")
    assert again("--only", "suspects.txt") == 0
    record = record_from_json((measured / "run-record.json").read_bytes())
    assert [[r.warmup for r in s.requests] for s in record.scenarios] == [
        [True, False],
        [True, False, True, False, False],
    ]


def test_without_suspects_nothing_is_measured(measured: Path, capsys: pytest.CaptureFixture):
    """And the record is not touched."""
    before = (measured / "run-record.json").read_bytes()
    (measured / "suspects.txt").write_text("\n")
    assert again("--only", "suspects.txt") == 0
    assert capsys.readouterr().out == "suspects.txt names no scenario: there is nothing to measure\n"
    assert (measured / "run-record.json").read_bytes() == before


def test_a_failing_confirmation_keeps_the_requests_and_tells(
    measured: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    """The engine fails the second time: exit code 1, the first time's requests are there."""
    monkeypatch.setattr("my_engine.request", __import__("my_engine").fail)
    assert again("--scenario", "one") == 1
    record = record_from_json((measured / "run-record.json").read_bytes())
    assert [len(s.requests) for s in record.scenarios] == [2, 2]
    assert record.scenarios[0].error.endswith("RuntimeError: out of memory")
    assert "1 of 2 failed" in capsys.readouterr().out


def rewritten(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_another_machine_is_refused_in_one_line(measured: Path, capsys: pytest.CaptureFixture):
    """With what differs and what to do; nothing is measured, the record stays."""
    rewritten(measured / "run-record.json", '"hardware": "cpu"', '"hardware": "h100"')
    before = (measured / "run-record.json").read_bytes()
    assert again() == 2
    assert capsys.readouterr().err == (
        "ratchet-profiler: run-record.json: cannot append: hardware was h100 and is cpu now; "
        "run without --append\n"
    )
    assert (measured / "run-record.json").read_bytes() == before


def test_another_configuration_is_refused_in_one_line(measured: Path, capsys: pytest.CaptureFixture):
    """The scenario asks for other work now."""
    rewritten(measured / "my.toml", "[scenario.two]", "[scenario.two]\nframes = 9")
    assert again() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ratchet-profiler: run-record.json: cannot append: two has configuration ")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--only", "no.txt"), "no.txt: No such file or directory; check the path"),
        (("--only", "my.toml"), "my.toml: line 2: no scenario '[scenario.one]'; there are: one, two"),
        (("--out", "no.json"), "no.json: No such file or directory; check the path"),
        (("--out", "my_engine.py"), "my_engine.py: record: Invalid JSON: expected value at line 2 column 1"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("measured")
def test_what_is_not_there_is_told_in_one_line(
    options: tuple[str, ...], line: str, capsys: pytest.CaptureFixture
):
    """File, place, what is wrong."""
    assert again(*options) == 2
    assert capsys.readouterr().err == f"ratchet-profiler: {line}\n"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--out", "my.toml"), "--out: my.toml is what --scenarios reads; name another --out"),
        (
            ("--only", "ids.txt", "--out", "./ids.txt"),
            "--out: ids.txt is what --only reads; name another --out",
        ),
        (("--out", "h100.json"), "h100.json is not a run record; name another --out"),
        (("--out", "cut.json"), "cut.json is not a run record; name another --out"),
    ],
)
def test_a_file_that_is_no_record_is_not_written_over(
    measured: Path, options: tuple[str, ...], line: str, capsys: pytest.CaptureFixture
):
    """Before anything is measured: the scenarios, a baseline file, a record that something cut off."""
    (measured / "ids.txt").write_text("one\n")
    (measured / "h100.json").write_text('{"schema_version": 1, "scenarios": {}}')
    (measured / "cut.json").write_text('{"schema_version": 1, "scenarios": [')
    before = {file: file.read_bytes() for file in measured.iterdir() if file.is_file()}

    assert main(["run", "--scenarios", "my.toml", *options]) == 2

    assert capsys.readouterr() == ("", f"ratchet-profiler: {line}\n")
    assert {file: file.read_bytes() for file in before} == before


def test_an_empty_file_and_a_record_of_another_version_are_written_over(measured: Path):
    """Nothing is lost with the one, and the other is a record all the same."""
    for content in ("", '{"schema_version": 0, "scenarios": []}'):
        (measured / "r.json").write_text(content)
        assert main(["run", "--scenarios", "my.toml", "--repeats", "1", "--out", "r.json"]) == 0
        assert len(record_from_json((measured / "r.json").read_bytes()).scenarios) == 2
