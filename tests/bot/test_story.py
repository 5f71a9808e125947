from pathlib import Path

from github_fake import FakeGithub
from perf_project import FORK, H100, SETTINGS, Project
from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.judging.audit import audit

TIGHTEN = "/tighten-baselines --hardware h100"


def test_the_story_of_a_fork(github: FakeGithub, tmp_path: Path):
    """Slowed, told, repaired, told in place; a stranger may not tighten, a maintainer gets one pull."""
    project = Project(github, tmp_path)
    pull = project.opened("faster", FORK)
    slow = project.reported(project.measured("faster", FORK, flux=2.0, wan=1.0))
    [first] = project.comments(pull)
    project.pushed("faster", FORK)
    quick = project.reported(project.measured("faster", FORK, flux=0.8, wan=1.0))
    [second] = project.comments(pull)

    assert (slow, quick) == (1, 0)
    assert "🔴 **Slower than the baseline allows: 1 of 2 scenarios on h100.**" in first
    assert "🟢 **Faster: 1 of 2 scenarios on h100; none is above its limit.**" in second
    assert [it.said["conclusion"] for it in github.checks] == ["failure", "success"]

    refused, by_stranger = project.asked(pull, TIGHTEN, "stranger")
    assert (refused, project.reactions(by_stranger)) == (1, ["eyes", "-1"])
    assert "**write** permission" in project.answers(by_stranger)[0]
    assert len(github.pulls) == 2

    done, by_maintainer = project.asked(pull, TIGHTEN, "maintainer")
    [ours] = [it for it in github.pulls.values() if it.author == github.login]
    proposed = github.commits[ours.head_sha]
    assert (done, project.reactions(by_maintainer)) == (0, ["eyes", "rocket"])
    assert (
        f"**1 new baseline** in #{ours.number}, because the bot cannot push to this pull request's fork"
        in (project.answers(by_maintainer)[0])
    )
    assert (ours.base_branch, proposed.parent) == ("main", github.branches["main"])
    assert changed(proposed.files, github.head("main").files) == {H100}
    assert audit(baselines_from_text(proposed.files[H100].decode())) == []
    assert len(project.comments(pull)) == 3


def test_the_story_in_the_repository(github: FakeGithub, tmp_path: Path):
    """The same by somebody who may push: one commit on the branch, which changes the baselines only."""
    project = Project(github, tmp_path, SETTINGS)
    pull = project.opened()
    project.reported(project.measured(flux=2.0, wan=1.0, ascend={"flux": 1.0, "wan": 1.0}))
    head = project.pushed()
    project.reported(project.measured(flux=0.8, wan=1.0, ascend={"flux": 1.0, "wan": 1.0}))
    done, comment = project.asked(pull, "/tighten-baselines", "writer")
    tightened = github.head("faster")

    assert (done, project.reactions(comment)) == (0, ["eyes", "rocket"])
    assert (tightened.parent, tightened.author) == (head, github.login)
    assert changed(tightened.files, github.commits[head].files) == {H100}
    assert audit(baselines_from_text(project.file())) == []
    assert tightened.message.startswith(
        "Tighten 1 baseline of h100\n\nh100 flux: end to end 592.8 -> 474.3 ms"
    )


def changed(after: dict[str, bytes], before: dict[str, bytes]) -> set[str]:
    return {path for path in after if after[path] != before.get(path)}
