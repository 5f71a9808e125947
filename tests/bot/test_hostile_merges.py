"""Merges on a branch of the bot that only look like the button "Update branch"."""

import pytest
from ratchet_bot.flows.bot_branch import has_foreign_commits
from ratchet_bot.hosts.states import Commit

PATH = "perf/h100.json"
BOT = "github-actions[bot]"
OURS = Commit(sha="a" * 40, author=BOT, message="Tighten", parents=("0" * 40,), blob="one")
BASE = "b" * 40
SIDE = Commit(sha="5" * 40, author="writer", message="Work", parents=("0" * 40,), blob="zero")


def merge(*parents: str, blob: str | None = "one") -> Commit:
    """Return a merge by a person; our file is as we left it unless told otherwise."""
    return Commit(sha="c" * 40, author="writer", message="Merge branch 'main'", parents=parents, blob=blob)


def test_the_button_brings_nothing():
    """The merge of the base into ours, with our file as it was, and nothing else that differs."""
    assert not has_foreign_commits([OURS, merge(OURS.sha, BASE)], BOT, [PATH], PATH)


@pytest.mark.parametrize(
    "commits",
    [
        [OURS, merge(OURS.sha, BASE, "d" * 40)],  # an octopus brings a third history
        [OURS, SIDE, merge(OURS.sha, SIDE.sha)],  # of another branch than the base
        [OURS, merge(BASE, OURS.sha)],  # the other way round: what was before is the base's
        [OURS, merge(OURS.sha)],
        [OURS, merge()],
        [OURS, merge(OURS.sha, BASE, blob="two")],
        [OURS, merge(OURS.sha, BASE, blob=None)],  # our file is gone, or a folder, or another repository
        [merge("e" * 40, BASE)],  # on top of what nobody knows
    ],
)
def test_a_merge_of_anything_else_is_work(commits: list[Commit]):
    """More or fewer than two parents, another second one, another content of our file."""
    assert has_foreign_commits(commits, BOT, [PATH], PATH)


@pytest.mark.parametrize("paths", [[], ["perf/moved.json"], [PATH, "z"], ["a", PATH]])
def test_a_merge_that_touches_anything_else_is_work(paths: list[str]):
    """A file renamed or added, or a list of files that is not known."""
    assert has_foreign_commits([OURS, merge(OURS.sha, BASE)], BOT, paths, PATH)
