"""What a run needs to be installed, and what is said where it is not."""

import subprocess
import sys
from pathlib import Path

import pytest
from ratchet_profiler.cli.inputs import BadInput, check_installed
from ratchet_profiler.record import record_from_json

ENGINE = "def request(profiler):\n    with profiler.stage('DenoisingStage'):\n        pass\n"
CALLABLE = '[scenario.engine]\nsource = "callable"\ncall = "engine:request"\n'
WITHOUT_PIPELINES = """\
import sys
sys.modules.update(dict.fromkeys(["torch", "diffusers", "transformers"]))
from ratchet_profiler.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the profiler where torch, diffusers and transformers cannot be imported."""
    command = [sys.executable, "-c", WITHOUT_PIPELINES, "run", "--repeats", "1", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_function_of_the_engine_needs_neither_torch_nor_diffusers(tmp_path: Path):
    """What `perf-ratchet[profiler]` brings is enough for it."""
    (tmp_path / "engine.py").write_text(ENGINE)
    (tmp_path / "mine.toml").write_text(CALLABLE)
    ran = run(tmp_path, "--scenarios", "mine.toml")
    record = record_from_json((tmp_path / "run-record.json").read_bytes())

    assert ran.returncode == 0, ran.stderr
    assert record.environment.torch is not None  # its metadata are still there
    assert [stage.name for stage in record.scenarios[0].requests[-1].stages] == ["DenoisingStage"]


def test_the_built_in_scenarios_name_what_they_lack(tmp_path: Path):
    """The line works wherever perf-ratchet is from: packages, in the versions that it works with."""
    ran = run(tmp_path)

    assert (ran.returncode, ran.stderr) == (
        2,
        (
            "ratchet-profiler: not installed: torch, diffusers, transformers; "
            "pip install 'torch>=2.9' 'diffusers<1,>=0.37' 'transformers<6,>=5'\n"
        ),
    )


def test_a_device_that_torch_would_find_needs_torch(tmp_path: Path):
    """A function that runs on a GPU has torch; where it has not, that is the reason, and not the device."""
    (tmp_path / "mine.toml").write_text(CALLABLE)
    ran = run(tmp_path, "--scenarios", "mine.toml", "--device", "cuda")

    assert (ran.returncode, ran.stderr) == (
        2,
        "ratchet-profiler: not installed: torch; pip install 'torch>=2.9'\n",
    )


def test_only_what_is_absent_is_to_be_installed(monkeypatch: pytest.MonkeyPatch):
    """An engine's torch is not named where it is there."""
    monkeypatch.setitem(sys.modules, "rich", None)

    with pytest.raises(BadInput, match=r"^not installed: rich; pip install 'rich>=14'$"):
        check_installed(("rich", "torch"))
