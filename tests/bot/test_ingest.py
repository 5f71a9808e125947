"""`perf-ratchet ingest`: from an engine's files to a record that every other command takes."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import OLD_STAGES, make_baselines, make_values
from engine_files import STAGES, STEPS, line
from ratchet_bot.__main__ import main
from ratchet_bot.data.reading import record_from_file
from ratchet_bot.engines.ingest import KINDS
from ratchet_bot.engines.log_files import MAX_LINE_BYTES, engine_reading

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


def ratchet(*arguments: str, folder: Path) -> tuple[int, str, str]:
    """Run the program; return its exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-m", "ratchet_bot", *arguments],
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
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
        "wrote run-record.json: 1 scenario of h100, run 25963872007, 2026-05-17 03:11 UTC",
        "next: perf-ratchet compare run-record.json --baselines FILE",
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


def test_the_samples_of_the_page_are_what_is_found(tmp_path: Path):
    """Each form that docs/operations.md shows is one request of two stages and two steps or more."""
    page = (Path(__file__).parents[2] / "docs/operations.md").read_text("utf-8")
    section = page.split("## Records from tests you have\n")[1].split("\n## ")[0]
    samples = section.split("```\n")[1::2]
    readings = []
    for number, sample in enumerate(samples):
        (tmp_path / str(number)).write_text(sample)
        readings.append(engine_reading(tmp_path / str(number)))

    assert [one.kind for one in readings] == ["CI log", "CI log", "performance log", "perf dump"]
    for reading in readings:
        [found] = reading.requests
        assert (len(found.record.stages) >= 2, len(found.record.steps) >= 2) == (True, True)


def test_every_command_takes_an_ingested_record(files: Path):
    """A record of a CI log compares, and tightens, as one of our own."""
    slow = make_baselines({"flux": make_values(e2e_ms=1000.0, stages=OLD_STAGES)}).text
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
        "wrote o.json: 1 scenario of h100, run 7, 2026-05-17 03:11 UTC",
        "next: perf-ratchet compare o.json --baselines FILE",
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
        (("ci.log", "--out", "ci.log/record.json"), "; choose another --out"),
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


def test_long_lines_are_skipped(tmp_path: Path):
    """A line over 1 MiB is counted, and the lines after it are read."""
    log = tmp_path / "performance.log"
    log.write_text(f"{'x' * (3 * MAX_LINE_BYTES)}\n{line()}\n{'{' * MAX_LINE_BYTES}")
    reading = engine_reading(log)

    assert (reading.long_lines, len(reading.requests), reading.other_lines) == (1, 1, 1)


def test_a_dump_that_is_too_large_is_read_as_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A large file that begins like a dump is a log: it is never read whole."""
    monkeypatch.setattr("ratchet_bot.engines.log_files.MAX_DUMP_BYTES", 10)
    log = tmp_path / "performance.log"
    log.write_text(f"{line()}\n")

    assert engine_reading(log).kind == "performance log"


def test_hostile_names_stay_on_one_line(files: Path):
    """Control characters of a file do not reach the terminal."""
    (files / "performance.log").write_text(line("r\x1b[31m\n", steps=3) + "\n" + line())
    _, out, _ = ratchet("ingest", "performance.log", "--hardware", "h", "--scenario", "flux", folder=files)

    assert "\x1b" not in out
    assert len(out.splitlines()) == 5


def test_a_record_that_nobody_could_read_is_not_written(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """A record above the limit of readers is refused, and says how to stay below it."""
    monkeypatch.setattr("ratchet_profiler.record.MAX_RECORD_BYTES", 100)
    out = files / "record.json"
    code = main(["ingest", str(files / "ci.log"), "--hardware", "h100", "--out", str(out)])

    assert (code, out.exists()) == (2, False)
    assert "the record is larger than 100 bytes; ingest fewer files at once" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["h100.json", "dump.json", "performance.log"])
def test_a_file_that_is_no_record_is_not_written_over(files: Path, name: str):
    """A mistyped --out would cost a baseline file, or the very file that is read."""
    before = (files / name).read_bytes()
    done = ratchet("ingest", "performance.log", "--hardware", "h100", "--out", name, folder=files)

    assert done == (2, "", f"perf-ratchet: {name} is not a run record; name another --out\n")
    assert (files / name).read_bytes() == before


def test_a_record_is_written_over(files: Path):
    """The second call has the default --out of the first; an empty file is no loss either."""
    (files / "run-record.json").touch()
    for _ in range(2):
        assert ratchet("ingest", "ci.log", "--hardware", "h100", folder=files)[0] == 0
