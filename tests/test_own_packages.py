"""Both commands in a repository that has packages called `bot` and `profiler` of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ratchet_profiler.record import record_from_json

PROGRAMS = Path(sys.executable).parent
HOOKS = "def mark(profiler):\n    return profiler.stage('DenoisingStage')\n"
ENGINE = """\
import profiler.hooks
import bot.helpers


def request(recorder):
    with profiler.hooks.mark(recorder):
        bot.helpers.work()
"""
SCENARIO = """\
[scenario.engine]
source = "callable"
call = "engine:request"
"""
FILES = {
    "bot/__init__.py": "",
    "bot/__main__.py": "raise SystemExit('the bot of the engine')",
    "bot/helpers.py": "def work():\n    pass\n",
    "profiler/__init__.py": "",
    "profiler/__main__.py": "raise SystemExit('the profiler of the engine')",
    "profiler/hooks.py": HOOKS,
    "engine.py": ENGINE,
    "scenarios.toml": SCENARIO,
}


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


def called(engine: Path, python_path: str | None, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if python_path is not None:
        environment["PYTHONPATH"] = python_path
    done = subprocess.run(
        [PROGRAMS / words[0], *words[1:]],
        cwd=engine,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("python_path", [None, "."])
def test_the_engines_own_packages_are_its_own(engine: Path, python_path: str | None):
    """Neither command finds the engine's packages, and the engine finds no packages of ours."""
    assert called(engine, python_path, "perf-ratchet", "--version").startswith("perf-ratchet ")
    run = ("ratchet-profiler", "run", "--scenarios", "scenarios.toml", "--warmup", "0", "--repeats", "1")
    called(engine, python_path, *run, "--out", "record.json")

    (scenario,) = record_from_json((engine / "record.json").read_bytes()).scenarios
    assert [stage.name for stage in scenario.requests[0].stages] == ["DenoisingStage"]
