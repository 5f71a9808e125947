"""What becomes slower over the nights, and who may accept it."""

from pathlib import Path

from builders import make_baselines, make_values
from github_fake import FakeGithub
from github_fake.state import Issue
from night_story import AT_ONCE, BASELINES, SETTINGS, Story, proposed

NAMES = ("flux", "wan")
THREE = ("flux", "wan", "qwen")
SLOW, SLOWER = {"flux": 1.2, "qwen": 1.3}, {"wan": 1.5}
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
    assert "its baseline has since been captured again, at the new level" in github.comments[-1].body


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


def two_groups(story: Story) -> tuple[Issue, Issue]:
    """Let "flux" and "qwen" become slower on night 11, and "wan" on night 13; return the two issues."""
    story.remember(10)
    for night in range(11, 16):
        story.night(night, SLOW | (SLOWER if night >= 13 else {}))
    first, second = story.github.issues.values()
    return first, second


def test_what_begins_on_different_nights_is_told_in_different_issues(github: FakeGithub):
    """Each has its own scenarios and commits; when one group recovers, only its issue is closed."""
    story = Story(github, THREE, SETTINGS)
    first, second = two_groups(story)
    assert [first.title, second.title] == [
        "Slower on h100 since 2026-10-11: flux and 1 more",
        "Slower on h100 since 2026-10-13: wan",
    ]
    for issue, night in ((first, 11), (second, 13)):
        good, bad = story.runs.get(night - 1), story.runs[night]
        assert f"{good.head_sha if good else ''}...{bad.head_sha}" in issue.body
        assert issue.body.count("###") == 1

    commits = next(line for line in second.body.splitlines() if line.startswith("First bad"))
    for night in range(16, 19):
        story.night(night, SLOWER)
    assert [first.is_open, second.is_open] == [False, True]
    assert [it.pull for it in github.comments] == [first.number]
    assert github.comments[0].body.count("`: it is as fast as before") == 2
    assert second.title == "Slower on h100 since 2026-10-13: wan"
    assert commits in second.body


def test_a_scenario_that_recovers_leaves_the_group_open(github: FakeGithub):
    """The issue stays as long as one of its scenarios is slow, and tells of that one."""
    story = Story(github, THREE, SETTINGS)
    first, _ = two_groups(story)
    for night in range(16, 19):
        story.night(night, {"flux": 1.2} | SLOWER)

    assert (first.is_open, first.title) == (True, "Slower on h100 since 2026-10-11: flux")
    assert "`qwen`" not in first.body.partition("-->\n🔴")[2]
    assert len(github.issues) == 2


def test_the_label_on_one_issue_accepts_nothing_of_another(github: FakeGithub):
    """Each issue is accepted by itself; there is one pull request, which names the issues."""
    story = Story(github, THREE, SETTINGS)
    first, second = two_groups(story)
    second.labels.append("perf-loosen")
    story.night(16, SLOW | SLOWER)
    [pull] = story.pulls
    loosened = proposed(github, LOOSEN).scenarios
    assert [name for name in THREE if loosened[name].provenance] == ["wan"]
    assert f"to #{second.number}.**" in (pull.body or "")

    first.labels.append("perf-loosen")
    story.night(17, SLOW | SLOWER)
    loosened = proposed(github, LOOSEN).scenarios
    assert [name for name in THREE if loosened[name].provenance] == [*THREE]
    assert f"to #{first.number} and #{second.number}.**" in (pull.body or "")
    assert [it.is_open for it in story.pulls] == [True]


def test_a_scenario_of_two_issues_waits_for_both(github: FakeGithub):
    """It became slower twice: the label on one issue would accept the other slowdown with it."""
    story = Story(github, NAMES, SETTINGS)
    story.remember(10)
    for night in range(11, 23):
        story.night(night, {"flux": 1.2 if night < 17 else 1.5})
    first, second = github.issues.values()
    first.labels.append("perf-loosen")
    story.night(23, {"flux": 1.5})
    assert story.pulls == []
    assert "`flux` waits: another issue lists it too and needs the same label." in first.body

    second.labels.append("perf-loosen")
    story.night(24, {"flux": 1.5})
    assert [it.is_open for it in story.pulls] == [True]


def test_what_joins_a_group_later_is_not_accepted(github: FakeGithub):
    """The label accepts what the issue told when it was first seen: what is found later is asked for anew."""
    story = Story(github, NAMES, SETTINGS)
    story.remember(10)
    both = {"flux": 1.2, "wan": 1.2}
    story.night(11, both)
    story.names = ("flux",)  # "wan" was slow at once, and then not measured for a while
    story.night(12, both)
    story.night(13, both)
    [issue] = github.issues.values()
    issue.labels.append("perf-loosen")
    story.night(14, both)
    story.names = NAMES
    story.night(15, both)
    story.night(16, both)

    assert list(github.issues.values()) == [issue]
    assert issue.title == "Slower on h100 since 2026-10-11: flux and 1 more"
    assert (
        "The label accepts what was slower when someone added it, but not `wan`. To accept it too"
        in issue.body
    )
    assert [it.provenance is None for it in proposed(github, LOOSEN).scenarios.values()] == [False, True]
    issue.labels.remove("perf-loosen")
    story.night(17, both)
    issue.labels.append("perf-loosen")
    story.night(18, both)
    assert [it.provenance is None for it in proposed(github, LOOSEN).scenarios.values()] == [False, False]


def test_everything_at_once_is_one_finding(github: FakeGithub):
    """All scenarios slower from the night on which the driver changed: one episode, about the machine."""
    story = Story(github, ("flux", "wan", "qwen"))
    story.remember(10)
    story.driver = "570.99.01"
    for night in range(11, 14):
        story.night(night, dict.fromkeys(story.names, 1.1))

    [issue] = github.issues.values()
    assert issue.body.count("###") == 1
    assert "everything moved at once when the machine changed" in issue.body
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
