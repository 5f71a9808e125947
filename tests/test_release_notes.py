"""A tag becomes a release only with its version and its notes, and no page is ahead of it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / ".ci/release-notes"
PAGES = ("*.md", "docs/*.md", "templates/**/*.j2", ".github/**/*.md", ".github/**/*.yml")
CHANGELOG = """\
# Changelog

## Unreleased

- Next

## 1.2.3 - 2027-01-31

### Added

- This

## 1.2.30

- Other
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout of version 1.2.3, as far as its notes need it."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nversion = "1.2.3"\n[tool.x]\npython_version = "3.11"\n'
    )
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def notes(checkout: Path, tag: str) -> subprocess.CompletedProcess[str]:
    """Ask for the notes of a tag."""
    command = ["bash", checkout / ".ci/release-notes", tag]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_notes_are_the_section_of_the_version(checkout: Path):
    """Not what is unreleased, nor a version that begins with the same digits."""
    assert notes(checkout, "v1.2.3").stdout.strip() == "### Added\n\n- This"


@pytest.mark.parametrize("tag", ["v1.2.4", "1.2.3", "v1.2.30"])
def test_a_tag_of_another_version_is_refused(checkout: Path, tag: str):
    """The version is what pyproject.toml says, and a tag is that with a v."""
    told = notes(checkout, tag)

    assert (told.returncode, told.stdout) == (2, "")
    assert (
        told.stderr == f"release-notes: the tag is {tag}, and pyproject.toml has version 1.2.3: tag v1.2.3\n"
    )


def test_a_version_without_notes_is_refused(checkout: Path):
    """The changelog still says "Unreleased"."""
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- This\n")
    told = notes(checkout, "v1.2.3")

    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "release-notes: CHANGELOG.md has no section '## 1.2.3': rename 'Unreleased'\n"


def test_no_page_installs_a_release_that_does_not_exist():
    """Until the changelog has a version, perf-ratchet comes from a repository or a checkout."""
    is_released = re.search(r"^## \d", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE) is not None
    from_index = re.compile(
        r"(pip|pipx|uv tool|uv pip) install '?perf-ratchet(\[[a-z,]*\])?'?(\s|==|$)", re.MULTILINE
    )
    pages = {path for pattern in PAGES for path in ROOT.glob(pattern)}

    assert len(pages) > 50
    assert is_released or [str(path) for path in pages if from_index.search(path.read_text())] == []
