import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ratchet_profiler.record import (
    Environment,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    StageTiming,
    StepTiming,
    Total,
    record_from_json,
    record_to_json,
)
from ratchet_profiler.record_schema import record_schema
from ratchet_profiler.scenarios import builtin_scenarios, config_hash

SCENARIOS = """
[scenario.small]
pipeline = "flux"
prompt = "a cat"
width = 32
height = 32
steps = 2

[scenario.broken]
pipeline = "flux"
prompt = "a cat"
width = 32
height = 32
steps = 2
prepare = "engine:install"
"""
ENGINE = "def install(pipe):\n    raise RuntimeError('no such kernel')\n"
HEAVY = "{'torch', 'diffusers', 'transformers', 'numpy', 'rich', 'pydantic'}"


def ratchet_profiler(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does, in a folder of its own."""
    program = Path(sys.executable).with_name("ratchet-profiler")
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "120"},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my.toml").write_text(SCENARIOS)
    (tmp_path / "engine.py").write_text(ENGINE)
    (tmp_path / "ids.txt").write_text("my_engine\n")
    return tmp_path


def one_record() -> RunRecord:
    stages = [
        ("TextEncodingStage", 1.0, None),
        ("DenoisingStage", 30.0, None),
        ("AttentionStage", 4.0, 1),
        ("DecodingStage", 7.5, None),
    ]
    request = RequestRecord(
        request_id="request-1",
        clock="host",
        total=Total(host_ms=40.0),
        stages=tuple(
            StageTiming(id=n, name=name, occurrence=0, parent=parent, start_ms=0.0, host_ms=ms)
            for n, (name, ms, parent) in enumerate(stages)
        ),
        steps=tuple(StepTiming(stage_id=1, index=n, host_ms=ms) for n, ms in enumerate((8.0, 9.0, 13.0))),
    )
    warmup = RequestRecord(request_id="request-0", clock="host", warmup=True, total=Total(host_ms=55.0))
    broken = ScenarioRecord(id="broken", error="RuntimeError: no such kernel")
    return RunRecord(
        source=Source(created_at=datetime(2026, 11, 22, 6, tzinfo=UTC), installed_sha="abcdef0"),
        environment=Environment(hardware="cpu", python="3.11.7"),
        scenarios=(ScenarioRecord(id="flux", requests=(warmup, request)), broken),
    )


SHOWN = """\
cpu, 2026-11-22 06:00 UTC, commit abcdef0

flux
  request-0                               55.00 ms  warm-up
  request-1                               40.00 ms
  request-1, the middle one, stage by stage (host clock):
    TextEncodingStage                      1.00 ms
    DenoisingStage                        30.00 ms
      3 steps, mean 10.00 ms, median 9.00 ms
      8.0 9.0 13.0
      AttentionStage                       4.00 ms
    DecodingStage                          7.50 ms
    in no stage                            1.50 ms

broken
  failed: RuntimeError: no such kernel
"""


def test_a_run_with_a_failing_scenario_says_so_and_keeps_the_rest(folder: Path):
    """Exit code 1, one line a scenario on stderr, a whole record with both, and nothing half-written."""
    done = ratchet_profiler(folder, "run", "--scenarios", "my.toml", "--warmup", "1", "--repeats", "2")
    first, second = done.stderr.splitlines()
    assert done.returncode == 1
    assert first.startswith("small: ")
    assert " ms end to end, median of 2" in first
    assert second == "broken: failed: RuntimeError: no such kernel"
    assert done.stdout == (
        "wrote run-record.json: scenarios: 1 of 2 failed, requests: 2; "
        "next: ratchet-profiler show run-record.json\n"
    )
    run = record_from_json((folder / "run-record.json").read_bytes())
    assert [(s.id, len(s.requests), s.error) for s in run.scenarios] == [
        ("small", 3, None),
        ("broken", 0, "RuntimeError: no such kernel"),
    ]
    assert run.environment.hardware == "cpu"
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
        "engine.py",
        "ids.txt",
        "my.toml",
        "run-record.json",
    ]


def test_a_run_in_which_all_is_well_exits_with_zero(folder: Path):
    """The glob leaves the broken scenario out; hardware and file are what was asked for."""
    options = ["--scenarios", "my.toml", "--scenario", "sm*", "--warmup", "0", "--repeats", "1"]
    done = ratchet_profiler(folder, "run", *options, "--hardware", "my-cpu", "--out", "r.json")
    assert done.returncode == 0
    assert done.stdout == (
        "wrote r.json: scenarios: 1 measured, requests: 1; next: ratchet-profiler show r.json\n"
    )
    run = record_from_json((folder / "r.json").read_bytes())
    assert (run.environment.hardware, [s.id for s in run.scenarios]) == ("my-cpu", ["small"])


HELP = "see ratchet-profiler run --help"
BAD = {
    ("run", "--scenarios", "no.toml"): "ratchet-profiler: no.toml: No such file or directory; check the path",
    ("run", "--scenario", "flix*"): (
        "ratchet-profiler: --scenario: no scenario matches 'flix*'; "
        f"there are: {', '.join(scenario.id for scenario in builtin_scenarios())}"
        "; these are the built-in ones, yours need --scenarios FILE"
    ),
    ("run", "--repeats", "0"): (
        f"ratchet-profiler run: argument --repeats: '0' is not a whole number of at least 1; {HELP}"
    ),
    ("run", "--repeats", "256"): (
        "ratchet-profiler: --warmup and --repeats: a record holds 256 requests a scenario"
    ),
    ("run", "--hardware", "H 100"): (
        "ratchet-profiler: --hardware: 'H 100' is not 1 to 40 of a-z, 0-9, _ . -"
    ),
    ("run", "--out", "no/such/file.json"): (
        "ratchet-profiler: --out: no/such/file.json cannot be written; name a file in an existing folder"
    ),
    (
        "run",
        "--device",
        "xpu:1",
    ): "ratchet-profiler: --device: torch finds no 'xpu:1' on this machine; use cpu",
    ("run", "--device", "H100"): (
        "ratchet-profiler run: argument --device: 'H100' is not a device; "
        f"torch names them cpu, cuda, npu:1, ...; {HELP}"
    ),
    ("run", "--only", "ids.txt"): (
        "ratchet-profiler: ids.txt: line 1: no scenario 'my_engine'; "
        f"there are: {', '.join(scenario.id for scenario in builtin_scenarios())}"
        "; these are the built-in ones, yours need --scenarios FILE"
    ),
    ("show", "no.json"): "ratchet-profiler: no.json: No such file or directory; check the path",
    ("show", "my.toml"): "ratchet-profiler: my.toml: record: Invalid JSON: expected value at line 2 column 2",
    ("list", "--scenarios", "engine.py"): (
        "ratchet-profiler: engine.py: not TOML: Expected '=' after a key in a key/value pair "
        "(at line 1, column 5)"
    ),
    ("rn",): "ratchet-profiler: there is no command 'rn'; did you mean run?; see ratchet-profiler --help",
    ("measure",): (
        "ratchet-profiler: there is no command 'measure'; there are: run, list, show, bench, schema; "
        "see ratchet-profiler --help"
    ),
    ("run", "--scenrio", "flux*"): (
        f"ratchet-profiler run: there is no option --scenrio; did you mean --scenario?; {HELP}"
    ),
    ("run", "--devcie=cuda"): (
        f"ratchet-profiler run: there is no option --devcie; did you mean --device?; {HELP}"
    ),
    ("run", "--zzz"): f"ratchet-profiler run: there is no option --zzz; {HELP}",
    ("show", "--vresion"): (
        "ratchet-profiler show: there is no option --vresion; see ratchet-profiler show --help"
    ),
    ("list", "--format", "jsn"): (
        "ratchet-profiler list: there is no format 'jsn'; did you mean json?; "
        "see ratchet-profiler list --help"
    ),
    ("bench", "--step", "2"): (
        "ratchet-profiler bench: there is no option --step; did you mean --steps?; "
        "see ratchet-profiler bench --help"
    ),
    (): ("ratchet-profiler: the following arguments are required: COMMAND; see ratchet-profiler --help"),
}


@pytest.mark.parametrize(("arguments", "line"), BAD.items(), ids=lambda value: " ".join(value)[:40])
def test_bad_input_is_one_line_and_exit_code_two(folder: Path, arguments: Sequence[str], line: str):
    """What is wrong and how to mend it, on stderr, before anything was measured."""
    done = ratchet_profiler(folder, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line + "\n")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["show", "--help"]])
def test_help_imports_nothing_heavy(arguments: Sequence[str]):
    """It answers at once: neither torch nor even pydantic is imported for it."""
    code = (
        "import sys\nfrom ratchet_profiler.__main__ import main\n"
        f"try:\n    main({arguments})\n"
        f"except SystemExit as done:\n    assert done.code == 0\nprint(sorted({HEAVY} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize("arguments", [["list"], ["schema"], ["run", "--scenario", "nothing"]])
def test_what_measures_nothing_does_not_import_torch(arguments: Sequence[str]):
    """List, schema and errors need pydantic and no more."""
    code = (
        f"import sys\nfrom ratchet_profiler.__main__ import main\nmain({arguments})\n"
        f"print(sorted({HEAVY} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.endswith("['pydantic']\n")


def test_help_has_examples(tmp_path: Path):
    """A reader can copy a command from it."""
    done = ratchet_profiler(tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ratchet-profiler run --scenario 'flux*' --repeats 5" in done.stdout


def test_help_of_run_has_examples_and_exit_codes(tmp_path: Path):
    """It is what a user asks first."""
    shown = ratchet_profiler(tmp_path, "run", "--help").stdout
    assert "ratchet-profiler run --scenarios my.toml" in shown
    assert "exit codes: 0 fine, 1 a scenario failed" in shown


def test_list_names_the_builtin_scenarios(tmp_path: Path):
    """One line each."""
    assert ratchet_profiler(tmp_path, "list").stdout == (
        "flux_tiny_t2i             builtin  flux, 64x64, 8 steps\n"
        "wan_tiny_t2v              builtin  wan, 64x64, 9 frames, 8 steps\n"
        "ltx_2_tiny_two_stage_t2v  builtin  ltx2_two_stage, 32x32, 9 frames, 8 + 3 steps\n"
        "qwen_image_mini_t2i       builtin  qwen_image, 64x64, 4 steps\n"
        "hunyuan_video_mini_t2v    builtin  hunyuan_video, 32x32, 9 frames, 4 steps\n"
        "ltx_2_mini_t2v            builtin  ltx2, 32x32, 9 frames, 3 steps\n"
        "wan_few_step_mini_t2v     builtin  wan_few_step, 32x32, 9 frames, 3 steps\n"
        "lcm_mini_t2i              builtin  lcm, 64x64, 4 steps\n"
        "wan_2_2_mini_t2v          builtin  wan_two_experts, 32x32, 9 frames, 6 steps\n"
        "ltx_mini_two_stage_t2v    builtin  ltx_two_stage, 32x32, 9 frames, 4 + 2 steps\n"
        "dual_tower_mini_t2v       builtin  dual_tower, 32x32, 5 frames, 4 steps\n"
    )


def test_list_as_json_has_all_that_is_known(tmp_path: Path):
    """With a version, and with the hash by which records are comparable."""
    listed = json.loads(ratchet_profiler(tmp_path, "list", "--format", "json").stdout)
    assert listed == {
        "version": 1,
        "scenarios": [
            s.model_dump(mode="json") | {"config_hash": config_hash(s)} for s in builtin_scenarios()
        ],
    }


def test_schema_is_the_schema_of_the_record(tmp_path: Path):
    """Piped into a file it is what `record_schema()` gives."""
    assert json.loads(ratchet_profiler(tmp_path, "schema").stdout) == record_schema()


def test_show_prints_stages_steps_and_what_is_in_no_stage(tmp_path: Path):
    """Warm-ups are marked, nested stages are indented and not added twice, failures are told."""
    (tmp_path / "r.json").write_bytes(record_to_json(one_record()))
    done = ratchet_profiler(tmp_path, "show", "r.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, SHOWN, "")


def test_a_reader_that_leaves_is_no_error(tmp_path: Path):
    """`ratchet-profiler schema | head -1` ends quietly."""
    program = Path(sys.executable).with_name("ratchet-profiler")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [program, "schema"], cwd=tmp_path, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
