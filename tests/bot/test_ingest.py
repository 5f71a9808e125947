"""`ratchet ingest`: from an engine's files to a record that every other command takes."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders import make_baselines, make_values
from hypothesis import given
from hypothesis import strategies as st

from bot.__main__ import main
from bot.engine_logs import log_reading
from bot.errors import BadInput
from bot.evidence import Evidence, evidence
from bot.ingest import KINDS, Given, Ingested, ingested
from bot.intake import MAX_LINE_BYTES, engine_reading, record_from_file
from profiler.record import record_from_json, record_to_json

STEPS = (50.0, 100.0, 110.0, 100.0, 90.0)
"""Mean 90, median 100: what `make_values()` has."""
STAGES = {"TextEncodingStage": 30.0, "DenoisingStage": 460.0, "DecodingStage": 60.0}
CI_LOG = """\
\ufeff2026-05-17T03:11:20.1234567Z ##[group]Run pytest
2026-05-17T03:11:20.1234567Z GITHUB_RUN_ID: 25963872007
2026-05-17T03:11:21.0000000Z \x1b[31m[05-17 03:11:21] ERROR:
2026-05-17T03:11:21.0000000Z add this baseline in the "scenarios" section of perf_baselines.json:
2026-05-17T03:11:21.0000000Z
2026-05-17T03:11:21.0000000Z "flux": {
2026-05-17T03:11:21.0000000Z     "stages_ms": {
2026-05-17T03:11:21.0000000Z         "TextEncodingStage": 30.0,
2026-05-17T03:11:21.0000000Z [gw1] [ 50%] PASSED test_server.py::test_wan
2026-05-17T03:11:21.0000000Z         "DenoisingStage": 460.0,
2026-05-17T03:11:21.0000000Z         "DecodingStage": 60.0
2026-05-17T03:11:21.0000000Z     },
2026-05-17T03:11:21.0000000Z     "denoise_step_ms": {
2026-05-17T03:11:21.0000000Z         "0": 50.0,
2026-05-17T03:11:21.0000000Z         "1": 100.0,
2026-05-17T03:11:21.0000000Z         "2": 110.0,
2026-05-17T03:11:21.0000000Z \x1b[36m 98%|#########8|\x1b[0m
2026-05-17T03:11:21.0000000Z         "3": 100.0,
2026-05-17T03:11:21.0000000Z         "4": 90.0
2026-05-17T03:11:21.0000000Z     },
2026-05-17T03:11:21.0000000Z     "expected_e2e_ms": 560.0,
2026-05-17T03:11:21.0000000Z     "expected_avg_denoise_ms": 90.0,
2026-05-17T03:11:21.0000000Z     "expected_median_denoise_ms": 100.0
2026-05-17T03:11:21.0000000Z }
2026-05-17T03:11:22.0000000Z "wan": {
2026-05-17T03:11:22.0000000Z     "stages_ms": {
2026-05-17T03:11:22.0000000Z ##[error]Process completed with exit code 137.
"""
GIVEN = Given(hardware="h100", scenario="flux", created_at=datetime(2026, 5, 17, tzinfo=UTC))


def line(request_id: str = "r1", **fields: Any) -> str:
    """Return a line of a performance log that agrees with `make_values()`."""
    document = {
        "request_id": request_id,
        "timestamp": "2026-05-17T03:11:22.123456+00:00",
        "commit_hash": "0123456789abcdef",
        "tag": "pipeline_stage_metrics",
        "stages": [{"name": name, "execution_time_ms": ms} for name, ms in STAGES.items()],
        "steps": list(STEPS),
        "total_duration_ms": 560.0,
    }
    return json.dumps({**document, **fields})


def take(*lines: str, given: Given = GIVEN) -> Ingested:
    """Return what a performance log of these lines gives."""
    return ingested([log_reading("performance.log", [one.encode() for one in lines])], given)


def ratchet(*arguments: str, folder: Path) -> tuple[int, str, str]:
    """Run the program; return its exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments], cwd=folder, text=True, capture_output=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with each kind of file."""
    (tmp_path / "ci.log").write_text(CI_LOG)
    (tmp_path / "performance.log").write_text(line() + "\n" + line("r2", total_duration_ms=561.0) + "\n")
    stages = [{"name": name, "duration_ms": ms} for name, ms in STAGES.items()]
    steps = [{"step": index, "duration_ms": ms} for index, ms in enumerate(STEPS)]
    dump = {
        "timestamp": "2026-05-18T00:00:00+00:00",
        "request_id": "r3",
        "commit_hash": "N/A",
        "tag": "benchmark_dump",
        "total_duration_ms": 562.0,
        "steps": stages,
        "denoise_steps_ms": steps,
        "meta": {"num_gpus": 1},
    }
    (tmp_path / "dump.json").write_text(json.dumps(dump, indent=2))
    (tmp_path / "h100.json").write_text(make_baselines({"flux": make_values()}).text)
    return tmp_path


def test_a_ci_log_as_text(files: Path):
    """The output says what each file is, what was refused and why, and what the record holds."""
    code, out, err = ratchet("ingest", "ci.log", "--hardware", "h100", folder=files)

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "ci.log: CI log: 1 request, 1 refused, 7 other lines",
        "  refused: ci.log:25: wan: cut off after line 26",
        "flux: 1 request",
        "run-record.json: 1 scenario of h100, run 25963872007, 2026-05-17 03:11 UTC",
    ]


def test_a_ci_log_as_json(files: Path):
    """JSON has the same, with a version, under fixed names."""
    _, out, _ = ratchet("ingest", "ci.log", "--hardware", "h100", "--format", "json", folder=files)
    told = json.loads(out)

    assert (told["version"], told["path"], told["scenarios"]) == (1, "run-record.json", {"flux": 1})
    assert told["files"] == [
        {
            "file": "ci.log",
            "kind": "CI log",
            "requests": 1,
            "refused": [{"place": "ci.log:25", "what": "wan", "reason": "cut off after line 26"}],
            "more_refused": 0,
            "other_lines": 7,
            "long_lines": 0,
        }
    ]


def test_every_command_takes_an_ingested_record(files: Path):
    """A record of a CI log compares, and tightens, as one of our own."""
    slow = make_baselines({"flux": make_values(e2e_ms=1000.0)}).text
    (files / "slow.json").write_text(slow)
    assert ratchet("ingest", "ci.log", "--hardware", "h100", folder=files)[0] == 0
    options = ("run-record.json", "--baselines")

    assert ratchet("compare", *options, "h100.json", folder=files)[0] == 0
    assert "1 new baseline proposed" in ratchet("tighten", *options, "slow.json", folder=files)[1]


def test_several_files_make_one_record(files: Path):
    """A performance log and a dump of one scenario are one run: the earliest time, the commit where known."""
    options = (
        "--hardware",
        "h100",
        "--scenario",
        "flux",
        "--run-id",
        "7",
        "--head",
        "abcdef0",
        "--out",
        "o.json",
    )
    code, out, _ = ratchet("ingest", "performance.log", "dump.json", *options, folder=files)
    record = record_from_file(files / "o.json")

    assert code == 0
    assert out.splitlines() == [
        "performance.log: performance log: 2 requests, 0 refused, 0 other lines",
        "dump.json: perf dump: 1 request, 0 refused, 0 other lines",
        "note: flux: a record has no place for meta (dump.json:1)",
        "flux: 3 requests",
        "o.json: 1 scenario of h100, run 7, 2026-05-17 03:11 UTC",
    ]
    assert [one.request_id for one in record.scenarios[0].requests] == ["r1", "r2", "r3"]
    assert record.source.created_at == datetime(2026, 5, 17, 3, 11, 22, 123456, tzinfo=UTC)
    assert (record.source.installed_sha, record.source.head_sha) == ("0123456789abcdef", "abcdef0")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("nowhere.log",), "nowhere.log: No such file or directory; check the path"),
        ((".",), ".: Is a directory; check the path"),
        (
            ("h100.json",),
            f"h100.json: no request: neither {KINDS}",
        ),
        (
            ("performance.log",),
            "performance.log:1: the file does not name the scenario of its requests: pass --scenario ID",
        ),
        (
            ("ci.log", "--out", "no/where.json"),
            "no/where.json: No such file or directory; choose another --out",
        ),
        (
            ("dump.json", "--scenario", "a b"),
            "a b: String should match pattern '^[A-Za-z0-9][A-Za-z0-9._+-]{0,119}$'",
        ),
        (("ci.log", "--head", "main"), "head_sha: main: String should match pattern '^[0-9a-f]{7,64}$'"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(files: Path, arguments: tuple[str, ...], error: str):
    """A mistake is exit code 2 and one line that says where and what to do."""
    code, out, err = ratchet("ingest", *arguments, "--hardware", "h100", folder=files)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert error in err
    assert not (files / "run-record.json").exists()


@pytest.mark.parametrize(
    "options",
    [("--run-id", "x"), ("--run-id", "9" * 17), ("--created-at", "2026-05-17"), ("--created-at", "soon")],
)
def test_wrong_options_are_refused(options: tuple[str, str], capsys: pytest.CaptureFixture[str]):
    """A run is a number, a time has a zone."""
    with pytest.raises(SystemExit, match="2"):
        main(["ingest", "ci.log", "--hardware", "h100", *options])

    assert options[1] in capsys.readouterr().err


def test_a_file_without_a_time_needs_one():
    """Without a timestamp nothing is made up: the option is asked for, and taken."""
    undated = line(timestamp="yesterday")
    without = Given(hardware="h100", scenario="flux")

    with pytest.raises(
        BadInput, match=r"performance\.log:1: the file has no time of its own: pass --created-at TIME"
    ):
        take(undated, given=without)
    assert take(undated).record.source.created_at == GIVEN.created_at


def test_two_commits_are_two_runs():
    """Requests of two commits are not one run, and the line says where both are."""
    with pytest.raises(BadInput) as error:
        take(line(), line("r2", commit_hash="fedcba9"))

    assert str(error.value) == (
        "performance.log:1: commit 0123456789abcdef, performance.log:2: commit fedcba9: "
        "ingest each commit's requests apart"
    )


def test_only_a_single_run_is_named():
    """Two runs in one log name none of them, and that is said."""
    lines = [b"GITHUB_RUN_ID: 7", b"GITHUB_RUN_ID: 8", line().encode()]
    taken = ingested([log_reading("ci.log", lines)], GIVEN)

    assert taken.record.source.run_id is None
    assert [note.text for note in taken.notes] == [
        "several runs are named, 7, 8: none is taken, pass --run-id"
    ]


def test_the_same_request_is_kept_once():
    """What a test printed twice is one request; another request with the same id goes by its place."""
    taken = take(line(), line(), line(total_duration_ms=570.0))
    (scenario,) = taken.record.scenarios

    assert [one.request_id for one in scenario.requests] == ["r1", "performance.log:3"]
    assert [(note.text, note.places) for note in taken.notes] == [
        ("the same values as at performance.log:1: kept once", ("performance.log:2",))
    ]


def test_unassigned_steps_are_said():
    """Steps of two denoising stages without proof are said to be unassigned, once for all requests."""
    stages = [
        {"name": name, "execution_time_ms": 500.0} for name in ("LTX2AVDenoisingStage", "LTX2RefinementStage")
    ]
    taken = take(line(stages=stages), line("r2", stages=stages))

    assert [(note.text, note.places) for note in taken.notes] == [
        (
            "steps of flux stay unassigned: they fit into 2 denoising stages in more than one way",
            ("performance.log:1", "performance.log:2"),
        )
    ]
    assert {step.stage_id for one in taken.record.scenarios[0].requests for step in one.steps} == {None}


def test_proven_steps_are_assigned():
    """Where one split fits, each step has its stage, with indices of its own."""
    stages = [
        {"name": "LTX2AVDenoisingStage", "execution_time_ms": 262.0},
        {"name": "LTX2UpsampleStage", "execution_time_ms": 3.2},
        {"name": "LTX2RefinementStage", "execution_time_ms": 195.0},
    ]
    (request,) = take(line(stages=stages)).record.scenarios[0].requests

    assert [(step.stage_id, step.index) for step in request.steps] == [(0, 0), (0, 1), (0, 2), (2, 0), (2, 1)]


def test_too_many_requests_are_refused(monkeypatch: pytest.MonkeyPatch):
    """More requests than a record holds are a mistake with its line."""
    monkeypatch.setattr("bot.ingest.MAX_REQUESTS", 1)

    with pytest.raises(
        BadInput, match=r"performance\.log:2: more than 1 requests of flux: ingest a part of the file"
    ):
        take(line(), line("r2"))


def test_nothing_but_refusals_says_the_first():
    """Where every request is refused, the line says where the first is and why."""
    with pytest.raises(BadInput) as error:
        take(line(total_duration_ms=-1), line(steps=3))

    assert str(error.value) == (
        "performance.log:1: r1: total_duration_ms is -1: no duration from 0 to 604800000 ms (and 1 more): "
        "no request can be used"
    )


def test_the_evidence_of_a_log_is_that_of_a_record():
    """Judgement sees the log's own numbers: the stages, the steps, end to end."""
    (scenario,) = take(line()).record.scenarios
    seen = evidence(scenario, "host")

    assert isinstance(seen, Evidence)
    assert seen.snapshots[0].values() == {
        "stages_ms": STAGES,
        "denoise_step_ms": {"0": 50.0, "1": 100.0, "2": 110.0, "3": 100.0, "4": 90.0},
        "expected_e2e_ms": 560.0,
        "expected_avg_denoise_ms": 90.0,
        "expected_median_denoise_ms": 100.0,
    }


def test_long_lines_are_skipped(tmp_path: Path):
    """A line over 1 MiB is counted, and the lines after it are read."""
    log = tmp_path / "performance.log"
    log.write_text(f"{'x' * (3 * MAX_LINE_BYTES)}\n{line()}\n{'{' * MAX_LINE_BYTES}")
    reading = engine_reading(log)

    assert (reading.long_lines, len(reading.requests), reading.other_lines) == (1, 1, 1)


def test_a_dump_that_is_too_large_is_read_as_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A large file that begins like a dump is a log: it is never read whole."""
    monkeypatch.setattr("bot.intake.MAX_DUMP_BYTES", 10)
    log = tmp_path / "performance.log"
    log.write_text(f"{line()}\n")

    assert engine_reading(log).kind == "performance log"


def test_hostile_names_stay_on_one_line(files: Path):
    """Control characters of a file do not reach the terminal."""
    (files / "performance.log").write_text(line("r\x1b[31m\n", steps=3) + "\n" + line())
    _, out, _ = ratchet("ingest", "performance.log", "--hardware", "h", "--scenario", "flux", folder=files)

    assert "\x1b" not in out
    assert len(out.splitlines()) == 4


@given(st.binary(max_size=300))
def test_any_bytes_around_a_request_leave_it(content: bytes):
    """Whatever else a file holds, the request in it is in the record, which reads back equal."""
    lines = [*content.split(b"\n"), line().encode()]
    record = ingested([log_reading("any", lines)], GIVEN).record

    assert record_from_json(record_to_json(record)) == record
    assert [one.request_id for one in record.scenarios[0].requests] == ["r1"]


@given(st.binary(max_size=300))
def test_any_bytes_alone_are_one_line(content: bytes):
    """A file without a request is bad input, in one line."""
    with pytest.raises(BadInput, match="no request") as error:
        ingested([log_reading("any", content.split(b"\n"))], GIVEN)

    assert "\n" not in str(error.value)
