"""`perf-ratchet plan --config`: every hardware's scenarios as the one matrix of profile.yml."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import make_baselines, make_values
from ratchet_bot.__main__ import main

CONFIG = """\
hardware:
  h100:   {baselines: h100.json, runner: [self-hosted, linux, h100], device: cuda}
  ascend: {baselines: npu.json, runner: [self-hosted, ascend], device: npu, profile: long_term}
scenarios: scenarios.toml
requests: {warmup: 2, measured: 4, confirm: 6}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a repository with three scenarios, two with an estimate on the H100, none on Ascend."""
    scenario = 'source = "callable"\ncall = "engine:run"\n'
    (tmp_path / "scenarios.toml").write_text(
        "".join(f"[scenario.{name}]\n{scenario}" for name in ("flux", "wan", "qwen"))
    )
    seconds = {"flux": 40.0, "wan": 90.0, "gone": 500.0}
    known = {name: make_values(estimated_full_test_time_s=one) for name, one in seconds.items()}
    (tmp_path / "h100.json").write_text(make_baselines(known).text)
    (tmp_path / "perf-ratchet.yml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what `perf-ratchet plan` prints about the configuration."""
    assert main(["plan", "--config", "perf-ratchet.yml", *arguments]) == 0
    return capsys.readouterr().out


def matrix(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """Return the jobs that GitHub is told of."""
    name, value = planned(capsys, *arguments, "--format", "github").split("=", 1)
    assert name == "matrix"
    return json.loads(value)["include"]


@pytest.mark.usefixtures("folder")
def test_a_job_knows_all_that_its_steps_need(capsys: pytest.CaptureFixture[str]):
    """Labels, device, requests, baselines and the artifact's name come from the configuration."""
    first, *_, last = matrix(capsys, "--shards", "2")

    assert first == {
        "hardware": "h100",
        "runner": ["self-hosted", "linux", "h100"],
        "device": "cuda",
        "shard": 1,
        "of": 2,
        "scenarios": "qwen flux",
        "scenario_file": "scenarios.toml",
        "baselines": "h100.json",
        "profile": "pr_test",
        "history_branch": "perf-history",
        "warmup": 2,
        "measured": 4,
        "confirm": 6,
        "artifact": "perf-records-h100-1",
        "estimated_s": 105.0,
    }
    assert (last["hardware"], last["device"], last["profile"]) == ("ascend", "npu", "long_term")
    assert last["artifact"] == "perf-records-ascend-2"


@pytest.mark.usefixtures("folder")
def test_what_runs_is_what_the_scenario_file_has(capsys: pytest.CaptureFixture[str]):
    """A baseline without a scenario is not run; a new hardware without a file runs everything."""
    jobs = matrix(capsys, "--shards", "1")

    assert [(job["hardware"], job["scenarios"]) for job in jobs] == [
        ("h100", "wan qwen flux"),
        ("ascend", "flux qwen wan"),
    ]
    assert [job["estimated_s"] for job in jobs] == [195.0, None]
    assert [job["artifact"] for job in jobs] == ["perf-records-h100", "perf-records-ascend"]


def test_without_a_scenario_file_the_built_in_ones_run(folder: Path, capsys: pytest.CaptureFixture[str]):
    """No `scenarios` in the configuration: eleven tiny pipelines, and no file's name for the profiler."""
    config = folder / "perf-ratchet.yml"
    config.write_text(CONFIG.replace("scenarios: scenarios.toml\n", ""))
    jobs = matrix(capsys, "--shards", "1")

    assert [job["scenario_file"] for job in jobs] == ["", ""]
    assert len(jobs[0]["scenarios"].split()) == 11


@pytest.mark.usefixtures("folder")
def test_a_glob_selects(capsys: pytest.CaptureFixture[str]):
    """--scenario takes only those, on each hardware."""
    assert [job["scenarios"] for job in matrix(capsys, "--shards", "9", "--scenario", "w*")] == ["wan", "wan"]


@pytest.mark.usefixtures("folder")
def test_as_text(capsys: pytest.CaptureFixture[str]):
    """A paragraph a hardware."""
    assert planned(capsys, "--shards", "2").splitlines() == [
        "h100",
        "1/2: 105.0 s: qwen flux",
        "2/2: 90.0 s: wan",
        "no estimate, counted as 65.0 s each, the median of the others: qwen",
        "h100.json: 2 shards, the longest 105.0 s, 7.7 % above the lower bound of any plan",
        "ascend",
        "1/2: flux wan",
        "2/2: qwen",
        "no scenario has an estimate, so each counts the same",
        "npu.json: 2 shards",
    ]


@pytest.mark.usefixtures("folder")
def test_as_json(capsys: pytest.CaptureFixture[str]):
    """JSON has a version and the same jobs."""
    told = json.loads(planned(capsys, "--shards", "2", "--format", "json"))

    assert (told["version"], told["path"]) == (1, "perf-ratchet.yml")
    assert told["jobs"] == matrix(capsys, "--shards", "2")


def test_more_jobs_than_github_runs_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Two hardware of 129 shards each are one job too many for a matrix, twice."""
    scenario = 'source = "callable"\ncall = "engine:run"\n'
    (folder / "scenarios.toml").write_text("".join(f"[scenario.s{n}]\n{scenario}" for n in range(129)))

    assert main(["plan", "--config", "perf-ratchet.yml", "--shards", "129"]) == 2
    assert capsys.readouterr().err == (
        "perf-ratchet: perf-ratchet.yml: 258 jobs and GitHub runs 256; give fewer --shards\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["h100.json", "--config", "perf-ratchet.yml", "--shards", "1"], "not allowed with argument"),
    ],
)
def test_one_of_the_two_files_is_named(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    """A baseline file or a configuration, not both and not neither."""
    with pytest.raises(SystemExit, match="2"):
        main(["plan", *arguments])

    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_a_scenario_file_that_is_none_is_named(capsys: pytest.CaptureFixture[str]):
    """What is wrong with the scenario file is one line with its place."""
    Path("scenarios.toml").write_text("[scenario.flux]\nsteps = 3\n")

    assert main(["plan", "--config", "perf-ratchet.yml", "--shards", "1"]) == 2
    assert capsys.readouterr().err.startswith("perf-ratchet: scenarios.toml: scenario.flux")


def test_the_configuration_of_the_repository_is_the_default(folder: Path, capsys: pytest.CaptureFixture[str]):
    """As for every other command; without it the line says who writes one."""
    assert main(["plan"]) == 2
    assert capsys.readouterr().err == (
        "perf-ratchet: .github/perf-ratchet.yml: No such file or directory; "
        "check the path, or perf-ratchet init writes one\n"
    )
    named = planned(capsys, "--shards", "1")
    (folder / ".github").mkdir()
    (folder / "perf-ratchet.yml").rename(folder / ".github/perf-ratchet.yml")

    assert main(["plan"]) == 0
    assert capsys.readouterr().out == named
