"""What a night does over HTTP, and what it leaves alone."""

from pathlib import Path
from typing import Any

import pytest
from builders import make_baselines, make_values
from github_fake import FakeGithub
from night_story import AT_ONCE, BASELINES, SETTINGS, Story
from zips import make_zip

from bot.baselines import BaselineFile, baselines_from_text
from bot.errors import BadInput
from bot.history import HistoryLine, history_from_text

NAMES = ("flux", "wan")
TIGHTEN, LOOSEN = "perf-ratchet/tighten-h100", "perf-ratchet/loosen-h100"


def proposed(github: FakeGithub, branch: str = TIGHTEN) -> BaselineFile:
    """Return the baselines as a branch has them."""
    return baselines_from_text(github.head(branch).files[BASELINES].decode())


def lines(github: FakeGithub) -> list[HistoryLine]:
    """Return the whole history."""
    files = github.head("perf-history").files
    return [
        line
        for path in sorted(files)
        if path.endswith(".jsonl")
        for line in history_from_text(files[path].decode()).lines
    ]


def state(github: FakeGithub) -> Any:
    """Return everything that a person can see."""
    return (
        {name: github.head(name).files for name in github.branches},
        {it.number: (it.title, it.body, it.is_open, it.labels) for it in github.pulls.values()},
        {it.number: (it.title, it.body, it.is_open, it.labels) for it in github.issues.values()},
        [(it.pull, it.body) for it in github.comments],
    )


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"event": "pull_request"}, "was started by pull_request"),
        ({"head_branch": "work"}, "is of work; only main"),
        ({"head_repository": "stranger/demo"}, "is of stranger/demo"),
        ({"head_repository": None}, "is of a deleted repository"),
    ],
)
def test_a_run_that_is_no_night_is_refused(github: FakeGithub, told: dict[str, Any], why: str):
    """A pull request, another branch and a fork are no history; nothing is written."""
    story = Story(github, NAMES)
    run = story.ran(1)
    vars(run).update(told)
    before = state(github)

    with pytest.raises(BadInput, match=why):
        story.refreshed(run)
    assert state(github) == before


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
    assert [it.body for it in github.comments if "Somebody has committed" in it.body] == [
        it.body for it in github.comments
    ]
    assert len(github.comments) == 1


def test_a_person_may_say_no(github: FakeGithub, tmp_path: Path):
    """What a person has closed is not opened again, and the summary says so; something faster still is."""
    story = Story(github, NAMES, AT_ONCE, tmp_path / "summary.md")
    story.night(1, {"flux": 0.8})
    story.pulls[0].is_open = False
    story.night(2, {"flux": 0.8})
    assert [it.is_open for it in story.pulls] == [False]
    assert "not proposed again since a person closed the pull request: `flux`" in (
        tmp_path / "summary.md"
    ).read_text("utf-8")

    story.night(3, {"flux": 0.6})
    assert [it.is_open for it in story.pulls] == [False, True]
    assert proposed(github).scenarios["flux"].expected_e2e_ms < 0.62 * 560


def regressed(story: Story) -> None:
    """Let ten quiet nights pass, and three on which "flux" is slower."""
    story.remember(10)
    for night in range(11, 14):
        story.night(night, {"flux": 1.2})


def test_loosening_is_a_persons_word(github: FakeGithub):
    """Only the label on the issue has looser baselines proposed, apart; merged, the issue closes."""
    story = Story(github, NAMES, SETTINGS)
    regressed(story)
    [issue] = github.issues.values()
    assert story.pulls == []

    issue.labels.append("perf-loosen")
    story.night(15, {"flux": 1.2})
    story.night(16, {"flux": 1.2})
    [pull] = story.pulls
    assert (pull.head_branch, pull.labels, pull.is_open) == (LOOSEN, ["perf-loosen"], True)
    assert proposed(github, LOOSEN).scenarios["flux"].provenance.run_id == story.runs[15].id

    story.merge(pull)
    story.night(17, {"flux": 1.2})
    assert not issue.is_open
    assert "its baseline was captured anew since, at the new level" in github.comments[-1].body


def test_a_label_taken_off_withdraws_the_loosening(github: FakeGithub):
    """Without the label the pull request that accepts a slowdown is closed."""
    story = Story(github, NAMES, SETTINGS)
    regressed(story)
    [issue] = github.issues.values()
    issue.labels.append("perf-loosen")
    story.night(15, {"flux": 1.2})
    issue.labels.remove("perf-loosen")
    story.night(16, {"flux": 1.2})

    assert [it.is_open for it in story.pulls] == [False]
    assert issue.is_open


def test_everything_at_once_is_one_finding(github: FakeGithub):
    """All scenarios slower from the night on which the driver changed: one episode, about the machine."""
    story = Story(github, ("flux", "wan", "qwen"))
    story.remember(10)
    story.driver = "570.99.01"
    for night in range(11, 14):
        story.night(night, dict.fromkeys(story.names, 1.1))

    [issue] = github.issues.values()
    assert issue.body.count("###") == 1
    assert "everything moved at once, with the machine" in issue.body
    assert "570.86.15" in issue.body
    assert "570.99.01" in issue.body


def test_a_loose_baseline_is_named(github: FakeGithub, tmp_path: Path):
    """A baseline far above what is measured is told, also where nothing is proposed for it."""
    story = Story(github, NAMES, SETTINGS, tmp_path / "summary.md")
    loose = make_baselines({"flux": make_values(e2e_ms=900.0), "wan": make_values()})
    github.commit("main", {BASELINES: loose.text.encode()}, "Loose", author="maintainer")
    for night in range(1, 4):
        story.night(night)

    assert "| `flux` | 900.0 | 56" in (tmp_path / "summary.md").read_text("utf-8")


def test_an_artifact_that_cannot_be_read_leaves_a_line(github: FakeGithub):
    """The line says why; what came with it is remembered and judged as ever."""
    story = Story(github, NAMES)
    run = story.ran(1)
    github.artifact(run, "perf-records-h100-2", b"no zip at all")
    story.refreshed(run)

    assert [(line.scenario, line.valid) for line in lines(github)] == [
        ("flux", True),
        ("wan", True),
        ("", False),
    ]
    assert "perf-records-h100-2: " in lines(github)[-1].reason


def test_a_night_without_a_record_decides_nothing(github: FakeGithub):
    """Nothing measured is not green, closes nothing, and writes no line."""
    story = Story(github, NAMES, AT_ONCE)
    story.night(1, {"flux": 0.8})
    run = story.ran(2)
    github.artifacts.pop()
    before = state(github)

    assert story.refreshed(run) == 1
    assert state(github) == before


def test_a_late_run_only_adds_to_the_history(github: FakeGithub):
    """A run of last week that is refreshed today is remembered, and decides nothing any more."""
    story = Story(github, NAMES, AT_ONCE)
    late = story.ran(1, {"flux": 0.8})
    story.night(2)
    story.refreshed(late)

    assert story.pulls == []
    assert sorted(line.run_id for line in lines(github)) == [late.id, late.id, *[story.runs[2].id] * 2]


def test_a_broken_baseline_file_harms_no_other(github: FakeGithub):
    """Where one hardware's file is no baseline file, the other is done, and the mistake is told."""
    both = SETTINGS + "  ascend: {baselines: ascend.json}\n"
    story = Story(github, NAMES, both)
    github.commit("main", {"ascend.json": b"[]"}, "Break", author="maintainer")

    with pytest.raises(BadInput, match=r"ascend\.json: "):
        story.night(1)
    assert [line.scenario for line in lines(github)] == ["flux", "wan"]


def test_what_a_record_says_stays_text(github: FakeGithub, tmp_path: Path):
    """Markup in a name that an artifact brings is shown as it is, in the issue as in the summary."""
    story = Story(github, NAMES, SETTINGS, tmp_path / "summary.md")
    run = story.ran(1)
    github.artifact(run, "perf-records-h100-3", make_zip(("x -->@everyone", b"")))
    story.refreshed(run)

    assert "-->@everyone" not in (tmp_path / "summary.md").read_text("utf-8")


def test_the_exit_code_says_whether_a_regression_holds(github: FakeGithub):
    """0 as long as nothing holds, 1 from the night on which the issue is opened."""
    story = Story(github, NAMES)
    story.remember(10)
    codes = [story.night(night, {"flux": 1.2}) for night in range(11, 14)]

    assert codes == [0, 0, 1]
