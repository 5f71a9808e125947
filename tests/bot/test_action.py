"""The action's run.sh: which words reach the command, and which exit code reaches the job."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".github/actions/ratchet/run.sh"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder whose `perf-ratchet` writes its words down, one a line, and exits with the last one."""
    ratchet = tmp_path / "bin" / "perf-ratchet"
    ratchet.parent.mkdir()
    ratchet.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@" >words.txt\nexit "${@: -1}"\n')
    ratchet.chmod(0o755)
    return tmp_path


def exit_code(folder: Path, command: str, *, fail_on_findings: str = "true") -> int:
    """Run the script; return its exit code."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "COMMAND": command, "FAIL_ON_FINDINGS": fail_on_findings}
    return subprocess.run(["bash", SCRIPT], cwd=folder, env=environment, check=False).returncode


@pytest.mark.parametrize(
    ("code", "fail_on_findings", "expected"),
    [(0, "true", 0), (1, "true", 1), (2, "true", 2), (0, "false", 0), (1, "false", 0), (2, "false", 2)],
)
def test_a_verdict_is_no_failure_where_it_is_told(
    folder: Path, code: int, fail_on_findings: str, expected: int
):
    """Findings fail the job unless the command tells them itself; what went wrong always fails it."""
    assert exit_code(folder, f"report {code}", fail_on_findings=fail_on_findings) == expected


def test_no_shell_looks_at_the_words(folder: Path):
    """Words are split at spaces; nothing in them is expanded, substituted or run."""
    assert exit_code(folder, 'audit $(touch PWNED) `touch PWNED` * ~ "a b" ; touch PWNED 0') == 0
    assert (folder / "words.txt").read_text().split("\n")[:-1] == [
        *("audit", "$(touch", "PWNED)", "`touch", "PWNED`", "*", "~", '"a', 'b"', ";", "touch", "PWNED", "0")
    ]
    assert not (folder / "PWNED").exists()
