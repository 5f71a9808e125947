"""What a night does over HTTP, and what it leaves alone."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from builders import make_baselines, make_values
from github_fake import FakeGithub
from night_story import AT_ONCE, BASELINES, Story, proposed, state
from ratchet_bot.data.errors import BadInput
from ratchet_bot.flows.night_state import read

NAMES = ("flux", "wan")
TIGHTEN, LOOSEN = "perf-ratchet/tighten-h100", "perf-ratchet/loosen-h100"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (
            {"event": "pull_request"},
            "it was started by pull_request; taken are those of .github/workflows/nightly.yml started by",
        ),
        (
            {"workflow": ".github/workflows/profile.yml", "event": "workflow_dispatch"},
            "it is of .github/workflows/profile.yml; taken are those of .github/workflows/nightly.yml",
        ),
        (
            {"head_branch": "work"},
            "it is of octo/demo, branch work; nights are those of octo/demo, branch main",
        ),
        ({"head_repository": "stranger/demo"}, "it is of stranger/demo, branch main; nights"),
        ({"head_repository": None}, "it is of a deleted repository, branch main; nights"),
    ],
)
def test_a_run_that_is_no_night_is_refused(github: FakeGithub, told: dict[str, Any], why: str):
    """A pull request, another workflow, another branch and a fork are no history; nothing is written."""
    story = Story(github, NAMES)
    run = story.ran(1)
    vars(run).update(told)
    before = state(github)

    with pytest.raises(
        BadInput, match=re.escape(f"run {run.id} is not a nightly run of the default branch: {why}")
    ):
        story.refreshed(run)
    assert state(github) == before


def test_baselines_of_a_night_are_read_once(github: FakeGithub):
    """Whoever asks again has the very same file, which is not parsed anew."""
    story = Story(github, NAMES)
    here = story.here()
    night = read(here, here.host.run(story.ran(1).id))

    assert list(night.baselines("h100").scenarios) == list(NAMES)
    assert night.baselines("h100") is night.baselines("h100")


def test_the_same_night_again_changes_nothing(github: FakeGithub):
    """A second refresh of the same run leaves what the first one left, byte for byte."""
    story = Story(github, NAMES, AT_ONCE)
    run = story.ran(1, {"flux": 0.8})
    story.refreshed(run)
    before = state(github)
    story.refreshed(run)

    assert state(github) == before
    assert [it.is_open for it in story.pulls] == [True]


def test_an_improvement_that_is_gone_is_withdrawn(github: FakeGithub):
    """The pull request is closed with the reason, and its branch proposes nothing any more."""
    story = Story(github, NAMES, AT_ONCE)
    story.night(1, {"flux": 0.8})
    story.night(2)

    [pull] = story.pulls
    assert not pull.is_open
    assert "Nothing is left to propose" in next(it.body for it in github.comments if it.pull == pull.number)
    assert github.branches[TIGHTEN] == github.branches["main"]

    story.night(3, {"flux": 0.8})
    assert [it.is_open for it in story.pulls] == [False, True]


def test_what_is_faster_still_is_proposed_in_the_same_pull_request(github: FakeGithub):
    """A new level, or another scenario, changes the one pull request; its commit is on top of the base."""
    story = Story(github, NAMES, AT_ONCE)
    story.night(1, {"flux": 0.8})
    edited = make_baselines({"flux": make_values(), "wan": make_values(), "new": make_values()})
    github.commit("main", {BASELINES: edited.text.encode()}, "Add new", author="maintainer")
    story.night(2, {"flux": 0.8, "wan": 0.7})

    [pull] = story.pulls
    assert pull.is_open
    assert pull.title == "Tighten 2 baselines on h100"
    assert github.head(TIGHTEN).parent == github.branches["main"]
    file = proposed(github)
    assert list(file.scenarios) == ["flux", "wan", "new"]
    assert [file.scenarios[name].provenance.run_id for name in NAMES] == [
        story.runs[1].id,
        story.runs[2].id,
    ]


def test_what_a_person_commits_is_left_alone(github: FakeGithub):
    """A person's commit on the branch stays the last one, and the pull request says so, once."""
    story = Story(github, NAMES, AT_ONCE)
    story.night(1, {"flux": 0.8})
    mine = github.commit(TIGHTEN, {BASELINES: make_baselines().text.encode()}, "Mine", author="writer")
    story.night(2, {"flux": 0.8, "wan": 0.7})
    story.night(3, {"flux": 0.8, "wan": 0.7})

    [pull] = story.pulls
    assert (github.branches[TIGHTEN], pull.is_open) == (mine, True)
    assert [it.body for it in github.comments if "Someone committed" in it.body] == [
        it.body for it in github.comments
    ]
    assert len(github.comments) == 1


def clicked(github: FakeGithub, edits: Mapping[str, bytes] | None = None) -> str:
    """Let a person click "Update branch", and edit files in the merge where told; return its SHA."""
    github.commit("main", {"engine.py": b"faster\n"}, "More work", author="maintainer")
    ours, base = github.branches[TIGHTEN], github.branches["main"]
    changed = {"engine.py": b"faster\n", **(edits or {})}
    blobs = {path: github.git.blob(content) for path, content in changed.items()}
    tree = github.git.tree(blobs, github.commits[ours])
    merge = github.git.commit(tree, [ours, base], f"Merge branch 'main' into {TIGHTEN}", "writer")
    github.branches[TIGHTEN] = merge
    github.follow(github.repository, TIGHTEN)
    return merge


@pytest.mark.parametrize("clicks", [1, 2])
def test_a_click_on_update_branch_is_no_work(github: FakeGithub, clicks: int):
    """A merge of the base that brings nothing of its own is replaced as if nothing had happened."""
    story = Story(github, NAMES, AT_ONCE)
    story.night(1, {"flux": 0.8})
    for _ in range(clicks):
        clicked(github)
    story.night(2, {"flux": 0.8, "wan": 0.7})

    [pull] = story.pulls
    assert (pull.is_open, pull.title) == (True, "Tighten 2 baselines on h100")
    assert github.head(TIGHTEN).parent == github.branches["main"]
    assert github.comments == []


def test_a_pull_request_is_closed_after_a_click(github: FakeGithub):
    """Nothing is left to propose: the merge keeps nothing open."""
    story = Story(github, NAMES, AT_ONCE)
    story.night(1, {"flux": 0.8})
    clicked(github)
    story.night(2)

    assert [it.is_open for it in story.pulls] == [False]


@pytest.mark.parametrize("path", [BASELINES, "engine.py", "notes.md"])
def test_a_merge_with_an_edit_is_a_persons_work(github: FakeGithub, path: str):
    """An edit that hides in the merge, of our file, of the base's or of a new one, stays the last word."""
    story = Story(github, NAMES, AT_ONCE)
    story.night(1, {"flux": 0.8})
    mine = clicked(github, {path: make_baselines().text.encode()})
    story.night(2, {"flux": 0.8, "wan": 0.7})

    assert github.branches[TIGHTEN] == mine
    assert ["Someone committed" in it.body for it in github.comments] == [True]


def test_a_person_may_say_no(github: FakeGithub, tmp_path: Path):
    """What a person has closed is not opened again, and the summary says so; something faster still is."""
    story = Story(github, NAMES, AT_ONCE, tmp_path / "summary.md")
    story.night(1, {"flux": 0.8})
    story.pulls[0].is_open = False
    story.night(2, {"flux": 0.8})
    assert [it.is_open for it in story.pulls] == [False]
    assert "not proposed again because someone closed the pull request: `flux`" in (
        tmp_path / "summary.md"
    ).read_text("utf-8")

    story.night(3, {"flux": 0.6})
    assert [it.is_open for it in story.pulls] == [False, True]
    assert proposed(github).scenarios["flux"].expected_e2e_ms < 0.62 * 560
