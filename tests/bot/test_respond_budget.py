"""What a command costs in requests to GitHub's API: on two kinds of hardware, with 67 scenarios each.

An artifact is one request to the API, and one to the store to which that leads, which is no part of the API.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import make_baselines
from github_fake import FakeGithub
from github_fake.state import Comment, Pull, Run
from perf_project import ASCEND, FORK, H100, SETTINGS, Project, odd_values
from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.hosts.effects import Check

COUNT = 67
FAST = {f"scenario{number}": 0.8 for number in range(COUNT)}
ALL = "/tighten-baselines"
PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
TOLD = {
    name.strip("` "): int(count)
    for name, count in re.findall(
        r"^\| (.+) \| ([0-9]+) \|$",
        PAGE.split("### Requests of a command")[1].split("\n## ")[0],
        re.MULTILINE,
    )
}
"""What the page says."""
NIGHTLY = ".github/workflows/nightly.yml"


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    """A repository that guards 67 scenarios on each of two kinds of hardware."""
    text = make_baselines({name: odd_values() for name in FAST}).text.encode()
    it = Project(github, tmp_path, SETTINGS)
    github.commit("main", {H100: text, ASCEND: text}, "Guard more")
    return it


def measured(project: Project, branch: str = "faster", repository: str | None = None) -> Run:
    """Let all scenarios have become faster on both, and the check of that be there."""
    run = project.measured(branch, repository, ascend=FAST, **FAST)
    said = Check(
        name="perf-ratchet",
        head_sha=run.head_sha,
        conclusion="success",
        title="Faster",
        summary="All of it.",
        external_id=f"{run.id}/1",
    )
    project.hub.upsert_check(said)
    return run


def cost(project: Project, pull: Pull, body: str = ALL, author: str = "maintainer") -> int:
    """Return how many requests an answer to a comment takes."""
    return cost_of(project, project.github.comment(pull.number, author, body))


def cost_of(project: Project, comment: Comment) -> int:
    before = len(project.github.api_requests)
    project.responded(comment)
    return len(project.github.api_requests) - before


def new_baselines(project: Project, sha: str) -> int:
    """Return how many baselines a commit has from runs."""
    files = project.github.commits[sha].files
    texts = [files[path].decode() for path in (H100, ASCEND)]
    return sum(bool(one.provenance) for text in texts for one in baselines_from_text(text).scenarios.values())


def test_the_usual_command(project: Project):
    """From the eyes to the rocket, the check of the head carried over."""
    pull = project.opened()
    measured(project)

    assert cost(project, pull) == TOLD["/tighten-baselines`, its check carried over"]
    assert new_baselines(project, pull.head_sha) == 2 * COUNT
    assert [it.said["head_sha"] for it in project.github.checks].count(pull.head_sha) == 1


def test_a_command_after_a_command(project: Project):
    """The head has no run of its own, the commit before ours has; our check there says that it is enough."""
    pull = project.opened()
    measured(project)
    cost(project, pull, f"{ALL} scenario1*")

    assert cost(project, pull) == TOLD["after a command, on its commit"]
    assert new_baselines(project, pull.head_sha) == 2 * COUNT
    assert [it.said["head_sha"] for it in project.github.checks].count(pull.head_sha) == 1


def test_a_command_after_a_command_without_a_check(project: Project):
    """That only baselines have changed since is one request; there is no check to be carried over."""
    pull = project.opened()
    measured(project)
    project.github.checks.clear()
    cost(project, pull, f"{ALL} scenario1*")

    assert cost(project, pull) == TOLD["after a command, where no check was carried over"]
    assert new_baselines(project, pull.head_sha) == 2 * COUNT
    assert project.github.checks == []


def test_a_forks_commands(project: Project):
    """The first makes branch, commit and pull request; the second adds to them; a closed one is replaced."""
    pull = project.opened("faster", FORK)
    measured(project, "faster", FORK)

    assert cost(project, pull, f"{ALL} scenario1*") == TOLD["on a fork, the first"]
    [ours] = [it for it in project.github.pulls.values() if it.author == project.github.login]
    assert cost(project, pull, f"{ALL} scenario2*") == TOLD["on a fork, the next"]
    ours.is_open = False
    assert cost(project, pull) == TOLD["on a fork, after ours was closed"]
    [_, again] = [it for it in project.github.pulls.values() if it.author == project.github.login]
    assert new_baselines(project, again.head_sha) == 2 * COUNT


def a_named_run(project: Project) -> str:
    run = project.measured("main", ascend=FAST, **FAST, fields={"workflow": NIGHTLY, "event": "schedule"})
    return f"{ALL} --from-run {run.id}"


@pytest.mark.parametrize(
    ("command", "author", "expected"),
    [
        (a_named_run, "maintainer", TOLD["with `--from-run"]),
        (lambda _: f"{ALL} --dry-run", "maintainer", TOLD["with `--dry-run"]),
        (lambda _: f"{ALL} --hardware h100", "maintainer", 11),
        (lambda _: f"{ALL} scenario3", "maintainer", 12),
        (lambda _: f"{ALL} nothing*", "maintainer", 9),
        (lambda _: f"{ALL} --hardware h200", "maintainer", 4),
        (lambda _: f"{ALL} --from-run 1", "maintainer", 6),
        (lambda _: ALL, "stranger", TOLD["by somebody who may not"]),
        (lambda _: "/perf-status", "stranger", 4),
        (lambda _: "/perf-help", "stranger", 2),
        (lambda _: f"{ALL} --fast", "stranger", 2),
    ],
)
def test_other_commands(project: Project, command: Callable[[Project], str], author: str, expected: int):
    """Whatever is asked, and whoever asks."""
    pull = project.opened()
    measured(project)

    assert cost(project, pull, command(project), author) == expected


def test_a_head_with_many_runs(project: Project):
    """One of them is looked into, however many there are: the latest success."""
    pull = project.opened()
    measured(project)
    for conclusion in ("failure", "cancelled", "failure"):
        project.measured(fields={"conclusion": conclusion})

    assert cost(project, pull) == TOLD["/tighten-baselines`, its check carried over"]
    assert new_baselines(project, pull.head_sha) == 2 * COUNT


def test_a_command_that_was_answered(project: Project):
    """An event that is delivered again costs a look."""
    pull = project.opened()
    measured(project)
    comment = project.github.comment(pull.number, "maintainer", ALL)
    cost_of(project, comment)

    assert cost_of(project, comment) == TOLD["answered before"]


def test_a_command_that_was_broken_off_before_its_commit(project: Project):
    """It looks whether it was answered, and looks again before it answers: three requests more."""
    pull = project.opened()
    measured(project)
    comment = project.github.comment(pull.number, "maintainer", ALL)
    project.hub.react(comment.id, "eyes")

    assert cost_of(project, comment) == TOLD["broken off before its commit, run again"]
    assert new_baselines(project, pull.head_sha) == 2 * COUNT


def test_somebody_changes_baselines_meanwhile(project: Project):
    """The commit is refused; a second attempt takes the same values, and looks at branch and files anew."""
    pull = project.opened()
    measured(project)
    text = project.file(path=ASCEND).replace('"scenarios"', '"note": "by hand", "scenarios"', 1).encode()

    def push() -> None:
        project.github.commit("faster", {ASCEND: text}, "A note", author="writer")

    project.github.meanwhile("POST", "/graphql$", push, skip=2)

    assert cost(project, pull) == TOLD["somebody changes baselines meanwhile: a second attempt"]
    assert new_baselines(project, pull.head_sha) == 2 * COUNT
