"""Two things happen at the same time: one at a chosen moment of the other, through a hub of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from github_fake import FakeGithub, quick_hub
from perf_project import ASCEND, FORK, H100, SETTINGS, Project
from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.flows import report, slash
from ratchet_bot.judging.audit import audit

MOMENTS = ["react", "may_write", "pull_state", "runs", "artifacts", "files_at", "commit_files", "reply"]
"""Of a command, in their order."""


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path, SETTINGS)


def interrupt(project: Project, moment: str, act: Callable[[], object]) -> None:
    """Let something else happen, once, just before the hub does this."""
    hub: Any = project.hub
    as_ever = getattr(hub, moment)

    def interrupted(*arguments: Any, **named: Any) -> Any:
        setattr(hub, moment, as_ever)
        act()
        return as_ever(*arguments, **named)

    setattr(hub, moment, interrupted)


def tightened(text: bytes) -> list[str]:
    found = baselines_from_text(text.decode())
    assert [one for one in audit(found) if one.severity == "error"] == []
    return [name for name, one in found.scenarios.items() if one.provenance]


@pytest.mark.parametrize("moment", MOMENTS)
def test_two_commands_on_one_branch(project: Project, moment: str):
    """Another command is handled in the midst of ours: both commits are there, once each."""
    pull = project.opened()
    project.measured(flux=0.8, ascend={"flux": 0.7})
    head = project.github.branches["faster"]
    other = project.github.comment(pull.number, "writer", "/tighten-baselines --hardware ascend")
    mine = project.github.comment(pull.number, "maintainer", "/tighten-baselines --hardware h100")
    second = quick_hub(project.github)
    interrupt(project, moment, lambda: slash.run(project.event(other), lambda _: second))
    project.responded(mine)
    made = project.github.git.past(project.github.branches["faster"])

    assert [it.sha for it in made].index(head) == 2
    assert [tightened(project.github.head("faster").files[path]) for path in (H100, ASCEND)] == [["flux"]] * 2
    assert [len(project.answers(it)) for it in (mine, other)] == [1, 1]
    assert [project.reactions(it) for it in (mine, other)] == [["eyes", "rocket"]] * 2


@pytest.mark.parametrize("moment", [*MOMENTS[:-2], "rebuild_branch", "upsert_pull", "reply"])
def test_two_commands_on_a_fork(project: Project, moment: str):
    """The same where our own branch is needed: one pull request has both, and nothing is lost."""
    pull = project.opened("faster", FORK)
    project.measured("faster", FORK, flux=0.8, ascend={"flux": 0.7})
    other = project.github.comment(pull.number, "writer", "/tighten-baselines --hardware ascend")
    mine = project.github.comment(pull.number, "maintainer", "/tighten-baselines --hardware h100")
    second = quick_hub(project.github)
    interrupt(project, moment, lambda: slash.run(project.event(other), lambda _: second))
    project.responded(mine)
    [ours] = [it for it in project.github.pulls.values() if it.author == project.github.login]
    proposed = project.github.commits[ours.head_sha].files

    assert [tightened(proposed[path]) for path in (H100, ASCEND)] == [["flux"]] * 2
    assert [project.reactions(it) for it in (mine, other)] == [["eyes", "rocket"]] * 2


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_same_command_twice_at_once(project: Project, moment: str):
    """One event that is delivered twice at the same time leaves one commit."""
    pull = project.opened()
    project.measured(flux=0.8)
    head = project.github.branches["faster"]
    mine = project.github.comment(pull.number, "maintainer", "/tighten-baselines")
    second = quick_hub(project.github)
    interrupt(project, moment, lambda: slash.run(project.event(mine), lambda _: second))
    project.responded(mine)

    assert project.github.head("faster").parent == head


@pytest.mark.parametrize(
    "moment", ["artifacts", "artifact", "pulls_of", "files_at", "upsert_check", "revise_comment"]
)
def test_two_runs_reported_at_once(project: Project, moment: str):
    """A newer run is reported in the midst of an older one's report: its word stays."""
    pull = project.opened()
    older = project.measured(flux=3.0, wan=1.0, ascend={"flux": 1.0, "wan": 1.0})
    newer = project.measured(flux=0.8, wan=1.0, ascend={"flux": 1.0, "wan": 1.0})
    second = quick_hub(project.github)
    interrupt(project, moment, lambda: report.run(second, newer.id, None))
    project.reported(older)
    [body] = project.comments(pull)

    assert "🟢 **Faster: 1 of 4 scenarios" in body
    assert (project.checks(older), project.checks(newer)) == (["failure"], ["success"])


@pytest.mark.parametrize("moment", ["pull_state", "runs", "artifacts", "files_at", "commit_files"])
def test_a_push_in_the_midst_of_a_command(project: Project, moment: str):
    """The engine changes while we look: its old values become nobody's baselines, and that is said."""
    pull = project.opened()
    project.measured(flux=0.8, ascend={"flux": 0.7})
    interrupt(project, moment, project.pushed)
    code, comment = project.asked(pull, "/tighten-baselines")

    assert (code, project.reactions(comment)) == (1, ["eyes", "confused"])
    assert tightened(project.github.head("faster").files[H100]) == []
    is_seen = moment == "pull_state"
    said = "There is nothing to take from the head" if is_seen else "ask again when it was measured"
    assert said in project.answers(comment)[0]


def test_a_fork_gets_a_second_command_into_the_same_pull_request(project: Project):
    """While ours is open it is added to; once it is merged, the next one begins anew on the base branch."""
    github, pull = project.github, project.opened("faster", FORK)
    project.measured("faster", FORK, flux=0.8, wan=0.8, ascend={"flux": 0.7})
    project.asked(pull, "/tighten-baselines flux --hardware h100")
    project.asked(pull, "/tighten-baselines --hardware ascend")
    [first] = [it for it in github.pulls.values() if it.author == github.login]
    both = github.commits[first.head_sha]
    first.is_open = False
    github.commit("main", dict(both.files), "Merge")
    project.asked(pull, "/tighten-baselines wan")
    [second] = [it for it in github.pulls.values() if it.author == github.login and it.is_open]

    assert [tightened(both.files[path]) for path in (H100, ASCEND)] == [["flux"]] * 2
    assert github.commits[second.head_sha].parent == github.branches["main"]
    assert tightened(github.commits[second.head_sha].files[H100]) == ["flux", "wan"]
