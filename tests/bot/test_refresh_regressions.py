"""What becomes slower over the nights, and who may accept it."""

from pathlib import Path

from builders import make_baselines, make_values
from github_fake import FakeGithub
from night_story import AT_ONCE, BASELINES, SETTINGS, Story, proposed

NAMES = ("flux", "wan")
LOOSEN = "perf-ratchet/loosen-h100"


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


def test_what_becomes_slower_later_is_not_accepted(github: FakeGithub):
    """The label is about what the issue told of; another slowdown waits until it is put on anew."""
    story = Story(github, NAMES, SETTINGS)
    regressed(story)
    [issue] = github.issues.values()
    issue.labels.append("perf-loosen")
    for night in range(14, 18):
        story.night(night, {"flux": 1.2, "wan": 1.5 if night >= 15 else 1.0})
    [pull] = story.pulls
    assert "2 scenarios" in issue.body
    assert "and not `wan`. To accept it too, take it off" in issue.body
    assert proposed(github, LOOSEN).scenarios["flux"].provenance is not None
    assert proposed(github, LOOSEN).scenarios["wan"].provenance is None

    story.merge(pull)
    story.night(18, {"flux": 1.2, "wan": 1.5})
    assert ([it.is_open for it in story.pulls], issue.is_open) == ([False], True)

    issue.labels.remove("perf-loosen")
    story.night(19, {"flux": 1.2, "wan": 1.5})
    issue.labels.append("perf-loosen")
    story.night(20, {"flux": 1.2, "wan": 1.5})
    assert [it.is_open for it in story.pulls] == [False, True]
    assert proposed(github, LOOSEN).scenarios["wan"].provenance.run_id == story.runs[20].id


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


def test_a_regression_is_remembered_longer_than_the_history(github: FakeGithub):
    """Two months later its beginning is not read any more: the issue knows, and closes when it is over."""
    story = Story(github, NAMES, AT_ONCE)
    story.remember(10)
    story.night(11, {"flux": 1.2})
    story.night(12, {"flux": 1.2})
    [issue] = github.issues.values()
    good = f"compare/{story.runs[10].head_sha}..."

    story.remember(6, 81, {"flux": 1.2})
    story.night(87, {"flux": 1.2})
    assert (issue.is_open, good in issue.body) == (True, True)

    story.night(88)
    story.night(89)
    assert not issue.is_open


def test_a_loose_baseline_is_named(github: FakeGithub, tmp_path: Path):
    """A baseline far above what is measured is told, also where nothing is proposed for it."""
    story = Story(github, NAMES, SETTINGS, tmp_path / "summary.md")
    loose = make_baselines({"flux": make_values(e2e_ms=900.0), "wan": make_values()})
    github.commit("main", {BASELINES: loose.text.encode()}, "Loose", author="maintainer")
    for night in range(1, 4):
        story.night(night)

    assert "| `flux` | 900.0 | 56" in (tmp_path / "summary.md").read_text("utf-8")


def test_the_exit_code_says_whether_a_regression_holds(github: FakeGithub):
    """0 as long as nothing holds, 1 from the night on which the issue is opened."""
    story = Story(github, NAMES)
    story.remember(10)
    codes = [story.night(night, {"flux": 1.2}) for night in range(11, 14)]

    assert codes == [0, 0, 1]
