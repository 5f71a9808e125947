"""The shell blocks of the README and the docs work as written, in their order, in an empty repository.

A block that cannot run there has a line `<!-- not run: REASON -->` above it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from git_folder import QUIET, git

HERE = Path(__file__).parent.parent
PAGES = [HERE / "README.md", *sorted((HERE / "docs").rglob("*.md"))]
REASONS = {"GitHub", "a GPU", "installation"}
BLOCK = re.compile(
    r"^(?P<above>[^\n]*)\n+```(?:sh|bash|shell|console)\n(?P<commands>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)
NOT_RUN = re.compile(r"<!-- not run: (.+) -->")


class Block(NamedTuple):
    """Commands of a page."""

    line: int
    commands: str
    reason: str
    """Why it is not run, "" where it is."""


def blocks(text: str) -> list[Block]:
    """Return the shell blocks of a page in their order."""
    found = []
    for match in BLOCK.finditer(text):
        above = NOT_RUN.fullmatch(match["above"])
        line = text.count("\n", 0, match.start("commands")) + 1
        found.append(Block(line, match["commands"], above[1] if above else ""))
    return found


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a laptop: our commands are installed, GitHub is not configured."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("GIT", "GH_", "PYTHON"))
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return inherited | QUIET | {"PATH": path, "HOME": str(home), "HF_HUB_OFFLINE": "1"}


def test_a_block_is_run_unless_the_line_above_says_why_not():
    """The comment stands right above the block; an empty line between them does not matter."""
    page = "Text\n\n```sh\nls\n```\n<!-- not run: a GPU -->\n\n```bash\nnvidia-smi\n```\n\n```json\n{}\n```\n"

    assert blocks(page) == [Block(4, "ls\n", ""), Block(9, "nvidia-smi\n", "a GPU")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HERE)))
def test_what_is_not_run_has_a_reason(page: Path):
    """A reason that a laptop without network cannot help; every comment stands above a shell block."""
    text = page.read_text("utf-8")
    reasons = [block.reason for block in blocks(text) if block.reason]

    assert set(reasons) <= REASONS
    assert reasons == NOT_RUN.findall(text)


RUN = [page for page in PAGES if any(not block.reason for block in blocks(page.read_text("utf-8")))]


def test_the_readme_has_blocks_that_run():
    """The search for blocks finds them."""
    assert PAGES[0] in RUN


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(HERE)))
def test_the_blocks_of_a_page_work_in_their_order(page: Path, tmp_path: Path):
    """Each in a shell of its own, at the top of one repository with one commit; every line succeeds."""
    repository = tmp_path / "engine"
    repository.mkdir()
    git(repository, "init", "--quiet", "--initial-branch", "main")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "Begin")
    for block in blocks(page.read_text("utf-8")):
        if block.reason:
            continue
        done = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", block.commands],
            cwd=repository,
            env=environment(tmp_path),
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"{page.name}:{block.line}\n{done.stdout}\n{done.stderr}"
