"""Whose verdict the required check is, where several pull requests have one commit as their head."""

from pathlib import Path

import pytest
from builders import make_baselines
from github_fake import FakeGithub
from github_fake.state import Pull
from perf_project import FORK, H100, Project, odd_values
from ratchet_bot.hosts.states import Pull as HostPull
from ratchet_bot.telling.checks import check_name

EVIL = "evil/demo"
BEFORE, BEGAN, LATER = "2026-05-17T11:59:59Z", "2026-05-17T12:00:00Z", "2026-05-17T12:00:09Z"
MOVED_ON = "When the run began, the pull request was closed or had another base branch."


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    project = Project(github, tmp_path)
    loose = make_baselines({"flux": odd_values(3.0), "wan": odd_values(3.3)}).text.encode()
    github.commit("old", {H100: loose}, "Old and slow")
    github.commit("nothing", {H100: None}, "No baselines")
    return project


def twin(project: Project, pull: Pull, base: str = "main") -> Pull:
    """Let a stranger open a pull request with the same head commit, from a fork of theirs."""
    project.github.heads(EVIL)["copy"] = pull.head_sha
    return project.github.pull("copy", repository=EVIL, author="evil", base=base)


def checks(project: Project, name: str = "perf-ratchet") -> list[object]:
    """Return the conclusions of the checks of a name, the oldest first."""
    return [it.said.get("conclusion") for it in project.github.checks if it.said["name"] == name]


def test_a_base_of_the_authors_choice_does_not_turn_the_required_check_green(project: Project):
    """Loose baselines of an old branch judge a check of that branch's name, and no other."""
    pull = project.opened("slow", FORK)
    pull.base_branch = "old"
    run = project.measured("slow", FORK, flux=2.0, wan=2.0)

    assert project.reported(run) == 0
    assert (checks(project), checks(project, "perf-ratchet (old)")) == ([], ["success"])


def test_a_twin_into_an_old_branch_leaves_the_red_check_red(project: Project):
    """The same commit, judged by two bases, has two checks."""
    pull = project.opened("slow", FORK)
    project.reported(project.measured("slow", FORK, flux=2.0, wan=2.0))
    twin(project, pull, "old")
    project.reported(project.measured("copy", EVIL, flux=2.0, wan=2.0))

    assert (checks(project), checks(project, "perf-ratchet (old)")) == (["failure"], ["success"])


def test_a_twin_without_baselines_leaves_the_green_check_green(project: Project):
    """A stranger's pull request into a branch that guards nothing spoils nobody's check."""
    pull = project.opened()
    project.reported(project.measured(flux=1.0, wan=1.0))
    twin(project, pull, "nothing")
    project.reported(project.measured("copy", EVIL, flux=1.0, wan=1.0))

    assert (checks(project), checks(project, "perf-ratchet (nothing)")) == (["success"], ["action_required"])


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_twin_that_measured_nothing_leaves_the_green_check_green(project: Project, *, is_closed: bool):
    """Neither a run that nobody approved nor one whose pull request was closed says a word of the commit."""
    pull = project.opened()
    project.reported(project.measured(flux=1.0, wan=1.0))
    copy = twin(project, pull)
    run = project.measured("copy", EVIL, fields={"conclusion": "action_required"})
    run.status = "in_progress"
    project.reported(run)
    run.status, copy.is_open = "completed", not is_closed
    project.reported(run)

    assert checks(project) == ["success"]


def test_what_began_first_ends_as_the_other_has(project: Project):
    """An unbound run that was measuring before the verdict came does not stay in progress, nor spoil it."""
    pull = project.opened()
    copy = twin(project, pull)
    stray = project.measured("copy", EVIL, fields={"status": "in_progress"})
    project.reported(stray)
    project.reported(project.measured(flux=1.0, wan=1.0))
    stray.status, copy.is_open = "completed", False
    project.reported(stray)

    assert checks(project) == ["success", "success"]


def test_an_unbound_run_alone_is_told(project: Project):
    """Where no other run has said anything, the check says why this one could not."""
    pull = project.opened()
    run = project.measured(flux=1.0, wan=1.0)
    pull.is_open = False
    project.reported(run)

    assert checks(project) == ["action_required"]


def test_a_later_attempt_of_a_run_is_no_other_run(project: Project):
    """What one attempt has said does not stand when the next one measured nothing."""
    project.opened()
    run = project.measured(flux=1.0, wan=1.0)
    project.reported(run)
    project.github.artifacts.clear()
    run.attempt = 2
    project.reported(run)

    assert checks(project) == ["success", "action_required"]


def test_a_mistake_of_ours_is_told_on_the_check_of_the_base(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    """Once the pull request is known, nothing of it reaches the required check."""
    monkeypatch.setattr("ratchet_bot.flows.judged.compare", None)
    project.opened().base_branch = "old"
    run = project.measured(flux=1.0, wan=1.0)

    with pytest.raises(TypeError):
        project.reported(run)
    assert (checks(project), checks(project, "perf-ratchet (old)")) == ([], ["action_required"])


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("main", "perf-ratchet"),
        ("release/1.0", "perf-ratchet (release/1.0)"),
        ("a)\n`x` @all", "perf-ratchet (a___x___all 3cb17efe)"),
        ("é", "perf-ratchet (_ 4a99557e)"),
        ("x" * 200, f"perf-ratchet ({'x' * 60} aa20c23e)"),
    ],
)
def test_the_name_of_a_check_is_that_of_the_base(base: str, name: str):
    """Plain, of bounded length, and never the same for two branches."""
    pull = HostPull(
        number=1,
        is_open=True,
        head_sha="a" * 40,
        head_branch="faster",
        head_repository=FORK,
        base_branch=base,
        base_sha="b" * 40,
        default_branch="main",
        author="",
    )
    assert check_name(pull) == name


def test_a_pull_request_moved_while_it_is_measured(project: Project):
    """The check that was begun under the old base is concluded, and says where the verdict is."""
    pull = project.opened()
    run = project.measured(flux=1.0, wan=1.0, fields={"status": "in_progress"})
    project.reported(run)
    pull.base_branch = "old"
    pull.moves.append(("BASE_REF_CHANGED_EVENT", LATER))
    run.status, run.conclusion = "completed", "success"
    project.reported(run)
    [begun, _] = project.github.checks

    assert checks(project) == checks(project, "perf-ratchet (old)") == ["action_required"]
    said = "The base branch of the pull request has changed: the check `perf-ratchet (old)` judges it."
    assert begun.said["output"]["summary"] == said


@pytest.mark.parametrize(
    ("kind", "at", "expected"),
    [
        ("BASE_REF_CHANGED_EVENT", LATER, "action_required"),
        ("BASE_REF_CHANGED_EVENT", BEFORE, "action_required"),
        ("BASE_REF_CHANGED_EVENT", "2026-05-17T11:59:50Z", "success"),
        ("AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT", LATER, "action_required"),
        ("REOPENED_EVENT", LATER, "action_required"),
        ("REOPENED_EVENT", BEGAN, "success"),
        ("LABELED_EVENT", LATER, "success"),
    ],
)
def test_a_run_of_another_merge_is_no_proof(project: Project, kind: str, at: str, expected: str):
    """GitHub runs the merge with the base of then, whose engine may be the faster one."""
    pull = project.opened("slow", FORK)
    run = project.measured("slow", FORK, flux=1.0, wan=1.0, fields={"status": "in_progress"})
    run.created_at = BEGAN
    project.reported(run)
    pull.moves.append((kind, at))
    run.status, run.conclusion = "completed", "success"
    project.reported(run)
    [check] = project.github.checks

    assert check.said["conclusion"] == expected
    assert check.said["output"]["title"].startswith(MOVED_ON) is (expected == "action_required")


def test_a_run_of_a_pull_request_before_is_no_proof(project: Project):
    """One into a branch that is faster is measured, and closed; one of the same head into ours is opened."""
    first = project.opened("slow", FORK)
    first.base_branch = "old"
    run = project.measured("slow", FORK, flux=1.0, wan=1.0)
    run.created_at = BEGAN
    first.is_open = False
    second = project.github.pull("slow", repository=FORK, author="stranger")
    second.created_at = LATER
    project.reported(run)
    [comment] = project.comments(second)

    assert checks(project) == ["action_required"]
    assert (
        f"{MOVED_ON}** The check stays open. To resolve this, push, or close and reopen the pull request."
        in comment
    )


def test_a_slow_run_of_another_merge_is_red(project: Project):
    """What is no proof of speed may be slow nevertheless."""
    pull = project.opened()
    pull.created_at = LATER
    run = project.measured(flux=2.0, wan=2.0)
    run.created_at = BEGAN
    project.reported(run)

    assert checks(project) == ["failure"]


def test_a_pull_request_moved_and_closed_while_it_is_measured(project: Project):
    """Nothing is reported of it, and no check stays in progress."""
    pull = project.opened()
    pull.base_branch = "old"
    run = project.measured(flux=1.0, wan=1.0, fields={"status": "in_progress"})
    project.reported(run)
    pull.is_open = False
    run.status, run.conclusion = "completed", "success"
    project.reported(run)

    assert checks(project) == checks(project, "perf-ratchet (old)") == ["action_required"]


def test_the_begun_check_of_another_run_stays_in_progress(project: Project):
    """Two pull requests with one head commit: each run concludes what it has begun itself."""
    pull = project.opened()
    other = twin(project, pull, "old")
    theirs = project.measured("copy", EVIL, flux=1.0, wan=1.0, fields={"status": "in_progress"})
    project.reported(theirs)
    project.reported(project.measured(flux=1.0, wan=1.0))

    assert other.base_branch == "old"
    assert (checks(project), checks(project, "perf-ratchet (old)")) == (["success"], [None])


@pytest.mark.parametrize(
    ("base", "name"), [("main", "perf-ratchet"), ("release/1.0", "perf-ratchet (release/1.0)")]
)
def test_status_names_the_check_of_the_base(project: Project, base: str, name: str):
    """Who asks where the report is, is sent to the check that has it."""
    project.pushed()
    project.github.branches[base] = project.github.branches["main"]
    pull = project.github.pull("faster", author="writer", base=base)
    project.measured(flux=0.8)
    _, comment = project.asked(pull, "/perf-status")

    assert f"Its report is the check `{name}` on that commit." in project.answers(comment)[0]
