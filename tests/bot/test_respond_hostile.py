"""Commands, while somebody does what they can to have other values taken, or none."""

from pathlib import Path

import pytest
from github_fake import FakeGithub
from github_fake.state import Pull
from perf_project import FORK, H100, Project, odd_record

EVIL = "evil/demo"
NIGHTLY = ".github/workflows/nightly.yml"


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path)


@pytest.fixture
def pull(project: Project) -> Pull:
    return project.opened("patch-1")


@pytest.mark.parametrize(
    ("branch", "repository", "fields", "said"),
    [
        ("b", EVIL, {"workflow": NIGHTLY}, "it was started by pull_request; taken are those of"),
        ("b", None, {"workflow": NIGHTLY, "event": "schedule"}, "it is of octo/demo, branch b; nights are"),
        ("main", EVIL, {"workflow": NIGHTLY, "event": "schedule"}, "it is of evil/demo, branch main; nights"),
        ("b", EVIL, {}, "it is of evil/demo, branch b, which is neither this repository nor"),
        ("b", None, {"event": "workflow_dispatch"}, "it was started by workflow_dispatch; taken are"),
    ],
)
def test_a_forged_night_is_not_taken(
    project: Project, pull: Pull, branch: str, repository: str | None, fields: dict[str, str], said: str
):
    """Any file of any fork can be called nightly.yml, and any fork has runs of profile.yml."""
    project.pushed(branch, repository)
    run = project.measured(branch, repository, flux=0.01, fields=fields)
    code, comment = project.asked(pull, f"/tighten-baselines --from-run {run.id}")

    assert code == 1
    assert said in project.answers(comment)[0].replace("&#95;", "_")


def test_the_forks_own_run_may_be_named(project: Project):
    """A run of the pull request itself is as good when somebody names it."""
    pull = project.opened("theirs", FORK)
    run = project.measured("theirs", FORK, flux=0.8)
    code, comment = project.asked(pull, f"/tighten-baselines --dry-run --from-run {run.id}")

    assert code == 0
    assert "**1 new baseline** would be written" in project.answers(comment)[0]


def test_many_runs_of_a_branch_of_that_name_hide_nothing(project: Project, pull: Pull):
    """A hundred and one runs of a fork's branch are newer than the one that counts."""
    project.measured("patch-1", flux=0.8)
    project.pushed("patch-1", EVIL)
    for _ in range(101):
        project.github.run("patch-1", repository=EVIL)

    assert "Its report is the check" in project.answers(project.asked(pull, "/perf-status")[1])[0]
    assert project.asked(pull, "/tighten-baselines")[0] == 0


def test_our_pull_request_keeps_its_base(project: Project):
    """Whoever moves the pull request of a fork to another base does not move ours along."""
    project.github.commit("old", {"x": b"1"}, "Old")
    pull = project.opened("theirs", FORK)
    project.measured("theirs", FORK, flux=0.8, wan=1.0)
    project.asked(pull, "/tighten-baselines")
    pull.base_branch = "old"
    project.asked(pull, "/tighten-baselines")
    ours = [it for it in project.github.pulls.values() if it.head_branch.startswith("perf-ratchet/")]

    assert [it.base_branch for it in ours] == ["main"]


def test_no_values_of_another_merge_are_taken(project: Project, pull: Pull):
    """A run began while the pull request went into a branch that is faster: its merge was measured."""
    project.measured("patch-1", flux=0.5, wan=0.5).created_at = "2026-05-17T12:00:00Z"
    pull.moves.append(("BASE_REF_CHANGED_EVENT", "2026-05-17T12:30:00Z"))
    code, comment = project.asked(pull, "/tighten-baselines")

    assert code == 1
    assert "has measured it since it was reopened or moved to its base" in project.answers(comment)[0]


def test_what_is_pushed_meanwhile_is_not_measured_unseen(project: Project, pull: Pull):
    """A head that came after the command may have its own fast run: nobody has looked at that one."""
    project.measured("patch-1", flux=0.8, wan=1.0)

    def push() -> None:
        project.pushed("patch-1")
        project.left(project.github.run("patch-1"), "perf-records-h100", odd_record(flux=0.01, wan=0.01))

    project.github.meanwhile("POST", "/graphql$", push, skip=2)
    code, comment = project.asked(pull, "/tighten-baselines")

    assert code == 1
    assert "meanwhile: ask again when it was measured" in project.answers(comment)[0]
    assert "provenance" not in project.file("patch-1", H100)


def test_of_a_deleted_fork_nothing_is_taken(project: Project):
    """Whose its runs were nobody can tell any more: that is said, and nothing is changed."""
    pull = project.opened("faster", FORK)
    run = project.measured("faster", FORK, flux=0.8, wan=1.0)
    pull.head_repository = run.head_repository = None
    code, comment = project.asked(pull, "/tighten-baselines")
    _, status = project.asked(pull, "/perf-status")

    assert (code, project.reactions(comment)) == (1, ["eyes", "confused"])
    assert "the repository that it comes from has been deleted" in project.answers(comment)[0]
    assert "The profile workflow has not run" in project.answers(status)[0]
    assert len(project.github.pulls) == 2
