"""`perf-ratchet plan`: a baseline file's scenarios as the matrix of a workflow."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from builders import make_baselines, make_values
from ratchet_bot.__main__ import main

SECONDS: dict[str, Any] = {"flux": 120.0, "wan": 100.0, "qwen": None, "ltx": 30.5}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a baseline file of four scenarios, one of them without an estimate."""
    return write(tmp_path, SECONDS)


def write(folder: Path, seconds: dict[str, Any]) -> Path:
    """Write a baseline file whose scenarios take this long."""
    scenarios = {
        name: make_values() if one is None else make_values(estimated_full_test_time_s=one)
        for name, one in seconds.items()
    }
    path = folder / "h100.json"
    path.write_text(make_baselines(scenarios).text)
    return path


def ratchet(file: Path, *arguments: str) -> tuple[int, str, str]:
    """Run `perf-ratchet plan` on a file; return its exit code, output and errors."""
    command = [sys.executable, "-m", "ratchet_bot", "plan", file.name, *arguments]
    done = subprocess.run(command, cwd=file.parent, text=True, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_as_text(file: Path):
    """A line a runner, what was guessed, and how even it is."""
    code, out, err = ratchet(file, "--shards", "2")

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "1/2: 200.0 s: qwen wan",
        "2/2: 150.5 s: flux ltx",
        "no estimate, counted as 100.0 s each, the median of the others: qwen",
        "h100.json: 2 shards, the longest 200.0 s, 14.1 % above the lower bound of any plan",
    ]


def test_one_shard_is_the_default(file: Path):
    """Whoever names no number has one runner."""
    assert ratchet(file) == ratchet(file, "--shards", "1")
    assert ratchet(file)[1].splitlines()[0] == "1/1: 350.5 s: flux qwen wan ltx"


def test_as_json(file: Path):
    """JSON has a version and every number unrounded."""
    told = json.loads(ratchet(file, "--shards", "2", "--format", "json")[1])

    assert (told["version"], told["longest_s"], told["excess_ratio"]) == (1, 200.0, 200.0 / 175.25 - 1)
    assert told["plan"]["shards"] == [
        {"scenarios": ["qwen", "wan"], "estimated_s": 200.0},
        {"scenarios": ["flux", "ltx"], "estimated_s": 150.5},
    ]
    assert [told["plan"][name] for name in ("guessed", "guess_s", "ideal_s")] == [["qwen"], 100.0, 175.25]


def test_for_github(file: Path):
    """The matrix is one line of name and JSON, as $GITHUB_OUTPUT takes it."""
    assert ratchet(file, "--shards", "3", "--format", "github")[1] == (
        'matrix={"include":['
        '{"shard":1,"of":3,"scenarios":"qwen ltx","estimated_s":130.5},'
        '{"shard":2,"of":3,"scenarios":"flux","estimated_s":120.0},'
        '{"shard":3,"of":3,"scenarios":"wan","estimated_s":100.0}]}\n'
    )


def test_a_glob_selects(file: Path):
    """--scenario takes only those, and there are never more shards than scenarios."""
    told = json.loads(ratchet(file, "--shards", "9", "--scenario", "*x", "--format", "json")[1])

    assert [shard["scenarios"] for shard in told["plan"]["shards"]] == [["flux"], ["ltx"]]


def test_without_estimates_no_seconds_are_shown(tmp_path: Path):
    """Where no scenario has an estimate, no number of seconds is made up."""
    file = write(tmp_path, {"flux": None, "wan": 0, "qwen": "long"})

    assert ratchet(file, "--shards", "2")[1].splitlines() == [
        "1/2: flux wan",
        "2/2: qwen",
        "no scenario has an estimate, so each counts the same",
        "h100.json: 2 shards",
    ]
    assert '"estimated_s":null' in ratchet(file, "--shards", "2", "--format", "github")[1]


def test_nothing_selected_names_the_known(file: Path):
    """A glob that takes nothing is one line with the ids that there are."""
    expected = "perf-ratchet: h100.json: no scenario matches 'sana*'; known: flux, wan, qwen, ltx\n"

    assert ratchet(file, "--shards", "2", "--scenario", "sana*") == (2, "", expected)


@pytest.mark.parametrize("name", ["a b", "a\nmatrix=x", "$(reboot)", "-x", "é", ""])
def test_an_id_that_a_workflow_cannot_hold_is_refused(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
):
    """No line end, space or shell character of an id reaches $GITHUB_OUTPUT."""
    code = main(["plan", str(write(tmp_path, {name: 1.0})), "--shards", "2", "--format", "github"])
    out, err = capsys.readouterr()

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "is not a scenario id; rename it" in err


@pytest.mark.parametrize("shards", ["0", "257", "-1", "two", "1.5", "9" * 30, "\u0662"])
def test_shards_are_a_number_of_runners(shards: str, capsys: pytest.CaptureFixture[str]):
    """GitHub runs up to 256 jobs of a matrix; anything else is refused with the range."""
    with pytest.raises(SystemExit, match="2"):
        main(["plan", "h100.json", f"--shards={shards}"])

    assert "is not a number from 1 to 256" in capsys.readouterr().err
