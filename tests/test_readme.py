"""The README is short, and leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAX_WORDS = 900
"""A screen and a half, pictures aside."""
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def test_the_readme_is_short():
    """What needs more words has a page."""
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= MAX_WORDS


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_links_lead_to_files(page: str):
    """`make docs` checks the links between pages; these are read at the top of the repository."""
    linked = LINK.findall((ROOT / page).read_text("utf-8"))

    assert linked
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_the_readme_leads_to_every_page():
    """A page of docs/ that nobody finds from the README is not read."""
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    elsewhere = {"docs/index.md", "docs/contributing.md", "docs/changelog.md"}

    assert pages - elsewhere - set(LINK.findall((ROOT / "README.md").read_text("utf-8"))) == set()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_paths_that_a_page_names_are_there(page: str):
    """A file that moves takes its recipe with it."""
    named = set(
        re.findall(r"`((?:bot|profiler|templates|tests|docs)/[\w./-]+)`", (ROOT / page).read_text("utf-8"))
    )

    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
