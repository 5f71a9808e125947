from pathlib import Path

import pytest
from builders import make_baselines
from github_fake import FakeGithub
from perf_project import ASCEND, CONFIG, FORK, H100, ONE, SETTINGS, Project, odd_record, odd_values
from ratchet_bot.flows import report


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path)


def first_lines(project: Project) -> list[str]:
    """Return the verdict of each comment of the bot."""
    bodies = [it.body for it in project.github.comments if it.author == project.github.login]
    return [next(line for line in body.splitlines() if "**" in line or "🔴" in line) for body in bodies]


def test_a_slow_run_is_told(project: Project):
    """The comment and the check say the same; the exit code is 1."""
    pull = project.opened()
    run = project.measured(flux=2.0, wan=1.0)

    assert project.reported(run) == 1
    [body] = project.comments(pull)
    assert "🔴 **Slower than the baseline allows: 1 of 2 scenarios on h100.**" in body
    assert f"[run {run.id}](https://github.com/octo/demo/actions/runs/{run.id}), attempt 1" in body
    assert project.checks(run) == ["failure"]
    summary = project.github.checks[0].said["output"]["summary"]
    assert body.endswith(summary)


def test_a_quiet_run_is_not_commented(project: Project):
    """Nothing changed: the check passes, and nobody is disturbed."""
    pull = project.opened()
    run = project.measured(flux=1.0, wan=1.0)

    assert project.reported(run) == 0
    assert (project.comments(pull), project.checks(run)) == ([], ["success"])


def test_a_comment_that_is_there_is_kept_true(project: Project):
    """Back to the baseline: the comment that told of the regression says so."""
    project.opened()
    project.reported(project.measured(flux=2.0, wan=1.0))
    project.pushed()
    project.reported(project.measured(flux=1.0, wan=1.0))

    assert first_lines(project) == [
        "🟢 **No regression: 2 scenarios on h100 within their limits.** Nothing to do."
    ]


@pytest.mark.parametrize(("setting", "comments"), [("always", 1), ("changes", 0), ("never", 0)])
def test_who_wants_a_comment_always_or_never_gets_it(project: Project, setting: str, comments: int):
    """The configuration of the default branch says when a pull request is commented."""
    project.github.commit("main", {CONFIG: f"{ONE}comment: {setting}\n".encode()}, "Say when")
    pull = project.opened()
    project.reported(project.measured(flux=1.0, wan=1.0))

    assert len(project.comments(pull)) == comments


def test_never_means_never(project: Project):
    """A regression is a red check then, and no word."""
    project.github.commit("main", {CONFIG: f"{ONE}comment: never\n".encode()}, "Be silent")
    pull = project.opened()
    run = project.measured(flux=2.0, wan=1.0)

    assert project.reported(run) == 1
    assert (project.comments(pull), project.checks(run)) == ([], ["failure"])


def test_a_turn_to_the_worse_is_told_once_more(project: Project):
    """Nobody is notified of an edit: a fine comment that turns red gets a short one beside it, once."""
    pull = project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    project.pushed()
    run = project.measured(flux=2.0, wan=1.0)
    project.reported(run)
    project.reported(run)

    _, worse = project.comments(pull)
    assert f"🔴 [Run {run.id}](https://github.com/octo/demo/actions/runs/{run.id}) turned" in worse
    assert "Slower than the baseline allows: 1 of 2 scenarios on h100. See [the report](https://" in worse


def test_a_run_in_progress_is_a_check_in_progress(project: Project):
    """The check is there from the beginning, and concluded by the same run's end."""
    project.opened()
    run = project.measured(fields={"status": "in_progress"})
    begun = project.reported(run)
    first = project.checks(run)
    run.status, run.conclusion = "completed", "failure"

    assert (begun, first) == (0, [None])
    assert project.reported(run) == 1
    assert project.checks(run) == ["action_required"]


def test_a_late_beginning_does_not_undo_the_end(project: Project):
    """When the event of the beginning is handled last, the check stays concluded."""
    project.opened()
    run = project.measured(flux=1.0, wan=1.0)
    project.reported(run)
    run.status = "in_progress"
    project.reported(run)

    assert project.checks(run) == ["success"]


def test_two_runs_that_finish_in_reverse(project: Project):
    """The older run of the same head is concluded, and leaves the comment of the newer one as it is."""
    pull = project.opened()
    older, newer = project.measured(flux=3.0, wan=1.0), project.measured(flux=0.8, wan=1.0)
    project.reported(newer)
    [body] = project.comments(pull)
    project.reported(older)

    assert project.comments(pull) == [body]
    assert (project.checks(older), project.checks(newer)) == (["failure"], ["success"])


def test_a_run_of_an_older_head_tells_nothing(project: Project):
    """The pull request has moved on: the check of the old commit says so, and the comment stays."""
    pull = project.opened()
    older = project.measured(flux=3.0, wan=1.0)
    project.pushed()
    project.reported(project.measured(flux=0.8, wan=1.0))
    [body] = project.comments(pull)

    assert project.reported(older) == 0
    assert project.comments(pull) == [body]
    assert project.checks(older) == ["action_required"]


def test_what_is_pushed_while_we_read_is_seen(project: Project):
    """A push between the run and the binding: nothing is said of a commit that is the head no more."""
    pull = project.opened()
    run = project.measured(flux=3.0, wan=1.0)
    project.github.meanwhile("GET", "/zip$", project.pushed)

    assert project.reported(run) == 0
    assert (project.comments(pull), project.checks(run)) == ([], ["action_required"])


def test_a_later_attempt_is_told_anew(project: Project):
    """A run that is started again has a check of its own, and the comment follows it."""
    project.opened()
    run = project.measured(flux=3.0, wan=1.0)
    project.reported(run)
    run.attempt = 2
    project.left(run, "perf-records-h100", odd_record(flux=1.0, wan=1.0))
    project.reported(run)

    assert first_lines(project) == [
        "🟢 **No regression: 2 scenarios on h100 within their limits.** Nothing to do."
    ]
    assert [it.said["external_id"] for it in project.github.checks] == [f"{run.id}/1", f"{run.id}/2"]


@pytest.mark.parametrize("repository", [None, FORK])
def test_a_report_costs_twelve_requests(github: FakeGithub, tmp_path: Path, repository: str | None):
    """67 scenarios on two kinds of hardware, from a fork or not, with an edit of the baselines or not."""
    project = Project(github, tmp_path, SETTINGS)
    many = {f"scenario{number}": 1.0 for number in range(67)}
    text = make_baselines({name: odd_values() for name in many}).text.encode()
    github.commit("main", {H100: text, ASCEND: text}, "Guard more")
    project.opened("faster", repository, **{H100.replace("/", "__"): text.replace(b"96.96", b"96.99", 1)})
    run = project.measured("faster", repository, ascend=many, **{**many, "scenario3": 2.0})
    run.status = "in_progress"
    project.reported(run)
    run.status = "completed"
    github.log.clear()

    assert project.reported(run) == 1
    assert len(github.api_requests) == 12
    assert len(github.checks) == len([it for it in github.comments if it.author == github.login]) == 1


def test_a_report_whose_beginning_was_not_told_costs_one_more(project: Project):
    """No check was begun under its name, so one under another name is looked for."""
    project.opened()
    project.reported(project.measured(flux=1.0, wan=1.0))

    assert [it for it in project.github.api_requests if "check-runs" in it] == [
        *["GET /repos/octo/demo/commits/{}/check-runs 200".format(project.github.branches["faster"])] * 2,
        "POST /repos/octo/demo/check-runs 201",
    ]


def test_the_job_summary_shows_the_same(project: Project, tmp_path: Path):
    """What the comment says, without its hidden lines, is added to the summary of the job."""
    project.opened()
    run = project.measured(flux=2.0, wan=1.0)
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    report.run(project.hub, run.id, summary)

    assert summary.read_text().startswith("before\n🔴 **Slower than the baseline allows")


def test_somebody_elses_comment_is_not_taken_for_ours(project: Project):
    """A forged marker and a forged state by another author are left alone."""
    pull = project.opened()
    forged = '<!-- perf-ratchet:report -->\n<!-- perf-ratchet:state {"run_id":999999,"attempt":9,'
    theirs = project.github.comment(
        pull.number, "stranger", forged + '"outcome":"unchanged","before":null} -->'
    )
    before = theirs.body
    project.reported(project.measured(flux=2.0, wan=1.0))

    assert theirs.body == before
    assert len(project.comments(pull)) == 1


def test_the_nights_are_in_the_report(project: Project):
    """What an unchanged engine does at night decides what is proposed, and what is beyond its noise."""
    pull = project.opened()
    run = project.measured(flux=0.8, wan=0.8)
    project.reported(run)
    [before] = project.comments(pull)
    project.slept(*(1.0, 1.3, 1.6) * 10)
    project.reported(run)
    [after] = project.comments(pull)

    assert "2 new baselines that this run would allow" in before
    assert "1 new baseline that this run would allow" in after
