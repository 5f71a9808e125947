"""What `perf-ratchet init` writes is clean to those who look for mistakes."""

import subprocess
import sys
from pathlib import Path

import pytest
from git_folder import git
from ratchet_bot.__main__ import main

TOOLS = Path(sys.executable).parent
RELEASE = "octo/perf-ratchet@0123456789abcdef0123456789abcdef01234567"
WORKFLOWS = [f".github/workflows/{name}.yml" for name in ("nightly", "profile", "report", "slash")]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a repository that has seen `perf-ratchet init`."""
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--release", RELEASE]) == 0
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ["zizmor", "--offline", "--no-progress", "--quiet", "."],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS],
        [
            *("check-jsonschema", "--schemafile", ".github/perf-ratchet.schema.json"),
            ".github/perf-ratchet.yml",
        ],
        ["shellcheck", ".github/perf-setup.sh"],
    ],
    ids=lambda command: f"{command[0]} {command[1]}",
)
def test_what_init_writes_is_clean(repository: Path, command: list[str]):
    """Security, schema and shell: no tool has anything to say."""
    done = subprocess.run(
        [TOOLS / command[0], *command[1:]], cwd=repository, text=True, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
