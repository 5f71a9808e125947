"""Each hub with eyes to see what it did: what all of them promise is asked of these."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pygit2
from git_folder import git
from github_fake import FakeGithub, quick_hub
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.local import FolderHost

PATH = ".github/perf-baselines/h100.json"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A hub whose repository has a commit on "main", and eyes to see what it did."""

    hub: GithubHost | FolderHost
    number: int
    """Of the next pull request or issue."""
    comments: Callable[[int], list[str]]
    """Bodies of the comments on a pull request or issue."""
    checks: Callable[[], list[tuple[str, str]]]
    """External id and conclusion of each check."""
    content: Callable[[str], bytes]
    """What a path holds on "main"."""

    def head(self) -> str:
        """Return where "main" is."""
        found = self.hub.head("main")
        assert found is not None
        return found

    def commit(self, content: bytes, message: str = "Change") -> str:
        """Change a file on "main" and return the new head."""
        return self.hub.commit_files("main", self.head(), {PATH: content}, message)


def place_on_github(github: FakeGithub) -> Place:
    """Return the fake GitHub as a place."""
    return Place(
        hub=quick_hub(github),
        number=8,
        comments=lambda number: [it.body for it in github.comments if it.pull == number],
        checks=lambda: sorted(
            (str(it.said["external_id"]), str(it.said["conclusion"])) for it in github.checks
        ),
        content=lambda path: github.head("main").files[path],
    )


def place_on_disk(folder: Path) -> Place:
    """Return a new repository in a folder, and a hub beside it, as a place."""
    repository, papers = folder / "repository", folder / "hub"
    repository.mkdir()
    git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "commit", "--quiet", "--allow-empty", "--message=Begin")

    def comments(number: int) -> list[str]:
        found = [*papers.glob(f"pulls/{number}/*.md"), *papers.glob(f"issues/{number}/*.md")]
        return [it.read_text() for it in sorted(found, key=lambda it: it.stem)]

    def checks() -> list[tuple[str, str]]:
        said = [json.loads(it.read_text()) for it in papers.glob("checks/*/*.json")]
        return sorted((it["external_id"], it["conclusion"]) for it in said)

    def content(path: str) -> bytes:
        return bytes(pygit2.Repository(repository).revparse_single(f"main:{path}").data)

    return Place(
        hub=FolderHost(papers, repository), number=1, comments=comments, checks=checks, content=content
    )
