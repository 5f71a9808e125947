"""`perf-ratchet doctor`, from inside a repository."""

import json
from pathlib import Path

import pytest
from builders import make_baselines, make_values
from git_folder import git
from ratchet_bot.__main__ import main

RELEASE = "octo/perf-ratchet@0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Go to a repository that was empty, and has seen `perf-ratchet init`."""
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--release", RELEASE]) == 0
    capsys.readouterr()
    return tmp_path


def doctor(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, tuple[str, str]]]:
    """Run it; return the exit code, and health and words by subject."""
    code = main(["doctor", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert told["version"] == 1
    return code, {it["subject"]: (it["health"], it["says"]) for it in told["checks"]}


@pytest.mark.usefixtures("repository")
def test_after_init_nothing_is_red(capsys: pytest.CaptureFixture[str]):
    """In an empty repository init leaves no problem: what is left to say is a warning, or GitHub's to say."""
    code, checks = doctor(capsys)

    assert code == 0
    assert {health for health, _ in checks.values()} == {"ok", "warning", "ask"}
    assert [subject for subject, (health, _) in checks.items() if health == "warning"] == [
        ".github/perf-baselines/h100.json",
        ".github/perf-baselines/ascend.json",
        "scenarios",
        "branch perf-history",
    ]


@pytest.mark.usefixtures("repository")
def test_as_text(capsys: pytest.CaptureFixture[str]):
    """A line a check, a second one where something is to be done, and a count at the end."""
    code = main(["doctor"])
    lines = capsys.readouterr().out.splitlines()

    assert code == 0
    assert lines[:4] == [
        "ok       .github/perf-ratchet.yml: hardware h100, ascend",
        "ok       .github/perf-ratchet.schema.json: is of this version",
        "warning  .github/perf-baselines/h100.json: no scenario has a baseline yet: nothing is guarded",
        (
            "         do: perf-ratchet tighten RECORD --baselines FILE --add --write, "
            "with the record of a first run"
        ),
    ]
    assert "ask      runner of h100: is a runner with the labels self-hosted, linux, h100 online?" in lines
    assert lines[-1] == '0 problems, 4 warnings; only GitHub can answer the lines marked "ask"'


def test_an_empty_repository_has_one_thing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Nobody has to read of each file that init would write."""
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)

    assert main(["doctor"]) == 1
    assert capsys.readouterr().out.splitlines()[:2] == [
        "problem  .github/perf-ratchet.yml: nothing of perf-ratchet is here yet",
        "         do: perf-ratchet init",
    ]


def test_a_broken_configuration_is_told_first(repository: Path, capsys: pytest.CaptureFixture[str]):
    """A mistake in the configuration is a problem with its place; the workflows are still looked at."""
    (repository / ".github/perf-ratchet.yml").write_text("hardwear: {}\n")
    code, checks = doctor(capsys)

    assert code == 1
    assert checks[".github/perf-ratchet.yml"] == (
        "problem",
        "line 1: hardwear: unknown key; did you mean 'hardware'?",
    )
    assert checks[".github/workflows/report.yml"][0] == "ok"
    assert checks[".github/perf-setup.sh"] == ("ok", "is there")
    assert checks[".github/perf-ratchet.schema.json"][0] == "ok"


@pytest.mark.parametrize(
    ("broken", "mend"),
    [
        (".github/perf-ratchet.yml", "correct it; perf-ratchet schema says what it may hold"),
        (
            ".github/perf-scenarios.toml",
            "correct it; ratchet-profiler list --scenarios .github/perf-scenarios.toml reads it",
        ),
    ],
)
def test_a_broken_file_is_to_be_corrected(
    repository: Path, broken: str, mend: str, capsys: pytest.CaptureFixture[str]
):
    """It is there, so nobody is told to write it."""
    config = repository / ".github/perf-ratchet.yml"
    config.write_text(config.read_text().replace("# scenarios:", "scenarios:"))
    (repository / broken).write_text("hardwear: {}\n")

    assert main(["doctor"]) == 1
    assert f"         do: {mend}" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("missing", "mend"),
    [
        (".github/perf-ratchet.yml", "perf-ratchet init writes one"),
        (
            ".github/perf-scenarios.toml",
            "write it, as docs/scenarios.md says; without `scenarios` the tiny built-in ones run",
        ),
    ],
)
def test_a_missing_file_is_to_be_written(
    repository: Path, missing: str, mend: str, capsys: pytest.CaptureFixture[str]
):
    """Who writes the configuration, and what to read for scenarios."""
    config = repository / ".github/perf-ratchet.yml"
    config.write_text(config.read_text().replace("# scenarios:", "scenarios:"))
    (repository / missing).unlink(missing_ok=True)

    assert main(["doctor"]) == 1
    assert f"         do: {mend}" in capsys.readouterr().out.splitlines()


def test_contradicting_baselines_are_told(repository: Path, capsys: pytest.CaptureFixture[str]):
    """An audit is part of the visit."""
    wrong = make_values(
        stages={"DenoisingStage": 505.13, "DecodingStage": 60.57},
        steps=(101.31, 99.27, 100.42, 98.9, 100.1),
        e2e_ms=612.37,
        expected_avg_denoise_ms=132.32,
    )
    path = repository / ".github/perf-baselines/h100.json"
    path.write_text(make_baselines({"flux": wrong}).text)
    code, checks = doctor(capsys)

    assert code == 1
    assert checks[".github/perf-baselines/h100.json"] == ("problem", "1 scenario, 1 error and 0 warnings")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (".github/perf-baselines/ascend.json", "No such file or directory; check the path"),
        (".github/perf-setup.sh", "is missing: the profile workflow runs it to install what is measured"),
        (".github/workflows/slash.yml", "is missing"),
    ],
)
def test_a_missing_file_is_told(repository: Path, path: str, says: str, capsys: pytest.CaptureFixture[str]):
    """Whatever init wrote and somebody removed is a problem with a name."""
    (repository / path).unlink()
    code, checks = doctor(capsys)

    assert (code, checks[path]) == (1, ("problem", says))


def test_a_scenario_file_that_is_none_is_told(repository: Path, capsys: pytest.CaptureFixture[str]):
    """A mistake in the scenario file is a problem with its place."""
    config = repository / ".github/perf-ratchet.yml"
    config.write_text(config.read_text().replace("# scenarios:", "scenarios:"))
    (repository / ".github/perf-scenarios.toml").write_text("[scenario.flux]\nsteps = 3\n")
    code, checks = doctor(capsys)

    assert (code, checks[".github/perf-scenarios.toml"][0]) == (1, "problem")


def test_outside_of_a_repository_it_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """There is nothing to look at in a folder that is no repository."""
    monkeypatch.chdir(tmp_path)

    assert main(["doctor"]) == 2
    assert capsys.readouterr().err == (
        f"perf-ratchet: {tmp_path}: is not the top of a git repository; go there\n"
    )
