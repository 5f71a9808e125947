"""`make golden` writes every golden file, and each as it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
NEEDED = ("bot", "profiler", "templates", "tests", "docs", ".github")


def test_make_golden_writes_every_file_as_it_is(tmp_path: Path):
    """In a copy without golden files, its command makes them all anew: none is stale or left over."""
    for name in NEEDED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    copy = tmp_path / "tests/golden"
    shutil.rmtree(copy)
    copy.mkdir()
    (tmp_path / "docs/rules.md").unlink()
    command = [sys.executable, "-m", "pytest", "--golden=write", "-p", "no:cacheprovider", "tests"]
    # The copy has no descriptions of GitHub's API, and needs none.
    environment = {
        name: value for name, value in os.environ.items() if name != "PERF_RATCHET_REQUIRE_OPENAPI"
    }
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout
    expected = {path.name: path.read_text() for path in (ROOT / "tests/golden").iterdir()}
    assert {path.name: path.read_text() for path in copy.iterdir()} == expected
    assert (tmp_path / "docs/rules.md").read_text() == (ROOT / "docs/rules.md").read_text()
