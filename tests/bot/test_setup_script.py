"""The setup script that init writes, run by a shell beside an engine that pins what it needs."""

import os
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
from ratchet_bot.adoption.release import Release
from ratchet_bot.adoption.scaffold import SETUP, STARTING_HARDWARE, Adoption, files
from wheels import project, wheel

NEEDS = [line for line in requires("perf-ratchet") or () if "extra == 'dev'" not in line]
"""What perf-ratchet needs, with the extras of those who measure."""


class Runner:
    """A machine with an engine of these packages, and an index that has newer ones."""

    def __init__(self, folder: Path, engine: dict[str, str]) -> None:
        """Install the engine's packages, by name with their versions."""
        self.folder = folder
        self.index = folder / "index"
        self.index.mkdir()
        for need in NEEDS:
            name, oldest = re.findall(r"^([\w-]+).*>=([\d.]+)", need)[0]
            wheel(self.index, name, oldest)
            wheel(self.index, name, f"{oldest}.9")
        for name, version in engine.items():
            wheel(self.index, name, version)
        wheel(self.index, "engine", "1.0", [f"{name}=={version}" for name, version in engine.items()])
        project(folder / ".perf-ratchet", "perf-ratchet", "0.1.0", NEEDS)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        self.run("python3", "-m", "pip", "install", "--quiet", "engine")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command here, with the runner's Python as `python3` and no other index."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | {
            "PATH": f"{self.folder / 'venv/bin'}{os.pathsep}{os.environ['PATH']}",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_FIND_LINKS": str(self.index),
            "PIP_NO_INDEX": "1",
        }
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )

    def setup(self, *, has_scenarios: bool) -> subprocess.CompletedProcess[str]:
        """Run the script that init writes for a repository with or without scenarios of its own."""
        adoption = Adoption(
            release=Release("octo/perf-ratchet", "0" * 40, "0.1.0"),
            hardware=STARTING_HARDWARE,
            baselines_there=frozenset(),
            has_scenarios=has_scenarios,
        )
        (self.folder / "setup.sh").write_text(files(adoption)[SETUP])
        return self.run("bash", "setup.sh")

    def installed(self) -> dict[str, str]:
        """Return the versions of what is installed, by name."""
        lines = self.run("python3", "-m", "pip", "list", "--format=freeze").stdout.split()
        return dict(line.split("==") for line in lines)


@pytest.mark.parametrize("has_scenarios", [True, False])
def test_nothing_of_the_engine_changes_its_version(tmp_path: Path, *, has_scenarios: bool):
    """With pins of sglang, one of them a build of its own, and newer versions in the index."""
    engine = {
        "torch": "2.14.1+cu130",
        "diffusers": "0.37.0",
        "transformers": "5.19.0",
        "rich": "14.1.0",
        "pydantic": "2.12.3",
    }
    runner = Runner(tmp_path, engine)
    before = runner.installed()
    ran = runner.setup(has_scenarios=has_scenarios)
    after = runner.installed()

    assert (ran.returncode, ran.stderr) == (0, "")
    assert {name: after[name] for name in before} == before
    assert {"perf-ratchet", "nvidia-ml-py"} <= after.keys() - before.keys()


def test_the_profiler_alone_brings_no_torch(tmp_path: Path):
    """A repository with scenarios of its own gets what shows a run and asks the device, and no framework."""
    runner = Runner(tmp_path, {})
    runner.setup(has_scenarios=True)

    assert {"rich", "nvidia-ml-py"} <= runner.installed().keys()
    assert runner.installed().keys().isdisjoint({"torch", "diffusers", "transformers"})


def test_what_does_not_fit_is_named_in_one_line(tmp_path: Path):
    """An engine that pins what is too old for the profiler: the script fails, and the engine stays whole."""
    runner = Runner(tmp_path, {"rich": "13.9.4"})
    before = runner.installed()
    ran = runner.setup(has_scenarios=True)

    assert runner.installed() == before
    assert (ran.returncode, ran.stderr) == (
        1,
        (
            "perf-setup.sh: the profiler does not fit beside the engine; "
            "perf-ratchet[profiler] 0.1.0 depends on rich>=14; installed is rich==13.9.4\n"
        ),
    )
