"""What the bot's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from contracts import described
from github_fake import FakeGithub, a_check, quick_hub
from hub_places import Place, place_on_disk, place_on_github
from ratchet_bot.hosts.effects import Check
from ratchet_bot.hosts.github import GithubHost


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    """Give a GitHub whose every exchange is held against GitHub's own descriptions afterwards."""
    with described(FakeGithub()) as fake:
        yield fake


@pytest.fixture
def hub(github: FakeGithub) -> GithubHost:
    """Give the hub of that GitHub, which waits for nothing."""
    return quick_hub(github)


@pytest.fixture
def check(github: FakeGithub) -> Check:
    """Give a check of the head of its branch "main"."""
    return a_check(github.branches["main"])


@pytest.fixture(params=["github", "disk"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Give each hub in turn."""
    if request.param == "disk":
        return place_on_disk(tmp_path)
    return place_on_github(request.getfixturevalue("github"))
