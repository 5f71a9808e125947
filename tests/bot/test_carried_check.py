"""After `/tighten-baselines` the new head has a check again, though GitHub starts no workflow for it."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
from builders import make_baselines
from github_fake import FakeGithub
from perf_project import H100, SETTINGS, Project, odd_record, odd_values


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path)


def checks(project: Project, sha: str) -> list[dict[str, Any]]:
    """Return what is said of a commit, the oldest first."""
    return [it.said for it in project.github.checks if it.said["head_sha"] == sha]


def plain(answer: str) -> str:
    """Return an answer as it is read."""
    return html.unescape(answer).replace("\u200b", "")


def tightened(project: Project, body: str = "/tighten-baselines") -> tuple[str, str]:
    """Return the head before and after a command."""
    [pull] = [it for it in project.github.pulls.values() if it.head_branch == "faster"]
    before = pull.head_sha
    project.asked(pull, body)
    return before, pull.head_sha


def test_a_success_is_carried_over(project: Project):
    """The title and the summary of the head's check, and first of all where they are from."""
    pull = project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    before, after = tightened(project)
    [old], [new] = checks(project, before), checks(project, after)
    origin, _, summary = new["output"]["summary"].partition("\n\n")
    [*_, answer] = project.comments(pull)

    assert before != after
    assert (new["name"], new["status"], new["conclusion"]) == ("perf-ratchet", "completed", "success")
    assert origin == f"Carried over from {before}, since only baselines changed."
    assert (new["output"]["title"], summary) == (old["output"]["title"], old["output"]["summary"])
    assert (
        f"Its check `perf-ratchet` was carried over from [`{before[:7]}`]" in answer or before[:7] in answer
    )


def test_it_is_carried_on_by_the_next_command(project: Project):
    """Each commit of ours says which commit before it the word is from."""
    project.opened()
    project.reported(project.measured(flux=0.8, wan=0.8))
    first, second = tightened(project, "/tighten-baselines flux")
    _, third = tightened(project, "/tighten-baselines wan")
    [said] = checks(project, third)

    assert re.findall(r"^Carried over from (\w{40})", said["output"]["summary"], re.MULTILINE) == [
        second,
        first,
    ]


def test_the_check_is_that_of_the_base(project: Project):
    """A pull request into another branch has a check of another name, which is carried over as such."""
    project.github.commit("old", {"x": b"1"}, "Old")
    project.opened().base_branch = "old"
    project.reported(project.measured(flux=0.8, wan=1.0))
    _, after = tightened(project)

    assert [it["name"] for it in checks(project, after)] == ["perf-ratchet (old)"]


@pytest.mark.parametrize("author", ["someone-else[bot]", None])
def test_only_a_success_of_ours_is_carried_over(project: Project, author: str | None):
    """Not a regression, not somebody else's word, not the word of a run that is going on: that is said."""
    pull = project.opened()
    run = project.measured(flux=0.8, wan=1.0 if author else 2.0)
    said = {"name": "perf-ratchet", "status": "completed", "conclusion": "success", "external_id": "1/1"}
    if author:
        project.github.check(
            {**said, "head_sha": run.head_sha, "output": {"title": "a", "summary": "b"}}, author
        )
    else:
        project.reported(run)
    before, after = tightened(project)
    [*_, answer] = project.comments(pull)

    assert before != after
    assert checks(project, after) == []
    assert f"waits for the next push: the check of {before[:7]} has not concluded as success" in plain(answer)


def test_of_two_words_the_later_counts(project: Project):
    """A run that is going on may end otherwise than the one before it."""
    project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    project.reported(project.measured(flux=2.0, wan=0.8))
    _, after = tightened(project)

    assert checks(project, after) == []


def test_a_looser_baseline_is_not_carried_past_a_person(project: Project):
    """The base branch has become tighter meanwhile: a report would ask somebody to look, so this does."""
    pull = project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    project.github.commit("main", {H100: tight(project).encode()}, "Faster")
    _, after = tightened(project)
    [*_, answer] = project.comments(pull)

    assert checks(project, after) == []
    assert "the new baselines are looser than those of the base branch somewhere" in answer


def tight(project: Project) -> str:
    """Return baselines that are all half of what they were."""

    def half(found: re.Match[str]) -> str:
        return f"{found[1]}{float(found[2]) / 2:.2f}"

    return re.sub(r'("(?:\w+Stage|\d|expected_\w+_ms)": )([0-9.]+)', half, project.baselines)


def test_a_token_that_may_not_is_told(project: Project):
    """The commit is there, and the answer says why its check is not."""
    pull = project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    project.github.permissions.discard("checks: write")
    before, after = tightened(project)
    [*_, answer] = project.comments(pull)

    assert before != after
    assert checks(project, after) == []
    assert "waits for the next push: GitHub did not check" in plain(answer)
    assert "checks: write" in plain(answer)


def test_a_lost_answer_leaves_one_check(project: Project):
    """GitHub has made the check and the answer was lost: it is found, not made again."""
    project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    project.github.fail_next("POST", "/check-runs$", 502, after=True)
    _, after = tightened(project)

    assert len(checks(project, after)) == 1


@pytest.mark.parametrize(("flux", "expected"), [(0.8, "success"), (2.0, "failure")])
def test_a_run_of_the_new_head_takes_its_place(project: Project, flux: float, expected: str):
    """A GitHub App's commit is measured: while it is, and afterwards, the last word is the run's own."""
    project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    _, after = tightened(project)
    run = project.github.run("faster", status="in_progress")
    project.reported(run)
    meanwhile = checks(project, after)[-1]["status"]
    run.status, run.conclusion = "completed", "success"
    project.left(run, "perf-records-h100", odd_record(flux=flux, wan=1.0))
    project.reported(run)

    assert meanwhile == "in_progress"
    assert [it["conclusion"] for it in checks(project, after)] == ["success", expected]


def test_a_run_that_measured_nothing_takes_its_place_too(project: Project):
    """What was carried over is of no run, and holds until a run has its say."""
    project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    _, after = tightened(project)
    project.reported(project.github.run("faster", conclusion="failure"))

    assert [it["conclusion"] for it in checks(project, after)] == ["success", "action_required"]


def test_a_commit_that_only_says_it_is_ours_brings_no_older_values(project: Project):
    """Somebody copies the last line of our message: that more than baselines has changed is looked up."""
    pull = project.opened()
    project.measured(flux=0.8)
    message = "Work\n\nperf-ratchet-command: 1"
    project.github.commit("faster", {"engine.py": b"slow"}, message, author="writer")
    code, comment = project.asked(pull, "/tighten-baselines")

    assert code == 1
    assert "and more than baselines has changed since" in project.answers(comment)[0]


def test_nobody_elses_check_proves_that_only_baselines_changed(project: Project):
    """Another app may call its check carried over: it proves nothing."""
    pull = project.opened()
    project.measured(flux=0.8)
    sha = project.github.commit(
        "faster", {"engine.py": b"slow"}, "W\n\nperf-ratchet-command: 1", author="writer"
    )
    forged = {"name": "perf-ratchet", "status": "completed", "conclusion": "success", "head_sha": sha}
    output = {"title": "a", "summary": "b"}
    project.github.check(
        {**forged, "external_id": f"carried-over/{pull.head_sha}", "output": output}, "evil[bot]"
    )

    assert project.asked(pull, "/tighten-baselines")[0] == 1


def test_only_the_commit_that_was_measured_is_taken_from(project: Project):
    """A commit under ours that only says it is ours was measured itself: an older and faster one is not."""
    pull = project.opened()
    project.measured(flux=0.5, wan=0.5)
    message = "Work\n\nperf-ratchet-command: 1"
    project.github.commit("faster", {"engine.py": b"slow"}, message, author="writer")
    run = project.measured(flux=0.8, wan=0.8)
    project.reported(run)
    tightened(project, f"/tighten-baselines flux --from-run {run.id}")
    tightened(project, "/tighten-baselines wan")

    assert len(project.comments(pull)) == 3
    assert re.findall(r'"expected_e2e_ms": ([0-9.]+)', project.file()) == ["474.26", "521.69"]


def test_our_commit_amended_by_a_person_was_measured_itself(project: Project):
    """It keeps our message and has their code: its own run counts, not that of the commit before it."""
    project.opened()
    project.measured(flux=0.5, wan=0.5)
    _, ours = tightened(project, "/tighten-baselines flux")
    github = project.github
    tree = github.git.tree({"engine.py": github.git.blob(b"slow")}, github.commits[ours])
    github.branches["faster"] = github.git.amended(github.commits[ours], tree)
    github.follow(None, "faster")
    project.measured(flux=0.8, wan=0.8)
    tightened(project, "/tighten-baselines wan")

    assert re.findall(r'"expected_e2e_ms": ([0-9.]+)', project.file()) == ["296.42", "521.69"]


def test_a_success_of_another_base_is_not_carried(project: Project):
    """The pull request was judged by an old branch, and moved: the new base has said nothing."""
    project.github.commit("old", {"x": b"1"}, "Old")
    pull = project.opened()
    pull.base_branch = "old"
    project.reported(project.measured(flux=0.8, wan=1.0))
    pull.base_branch = "main"
    before, after = tightened(project)

    assert before != after
    assert checks(project, after) == []


def test_half_a_measurement_is_not_carried(github: FakeGithub, tmp_path: Path):
    """One of two kinds of hardware was measured: to ask for that one alone makes no success of it."""
    project = Project(github, tmp_path, SETTINGS)
    project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    before, after = tightened(project, "/tighten-baselines flux --hardware h100")

    assert before != after
    assert checks(project, after) == []


def test_baselines_loosened_beforehand_are_not_carried(project: Project):
    """The branch has loosened one scenario; the command tightens another, and vouches for neither."""
    loose = make_baselines({"flux": odd_values(), "wan": odd_values(3.0)}).text
    project.opened(**{H100: loose.encode()})
    project.reported(project.measured(flux=0.8, wan=1.0))
    before, after = tightened(project, "/tighten-baselines flux")

    assert before != after
    assert checks(project, after) == []


def test_a_push_at_the_last_moment_is_not_vouched_for(project: Project):
    """Somebody pushes code just before the commit: neither theirs nor ours has a check."""
    pull = project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    project.github.meanwhile("POST", "/graphql$", lambda: project.pushed("faster"), skip=2)
    before, after = tightened(project)

    assert before != after
    assert project.github.commits[after].parent == before
    assert checks(project, after) == []
    assert "Somebody pushed" in plain(project.comments(pull)[-1])
