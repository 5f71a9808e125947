"""`report` and `respond` as a job starts them: with the environment of GitHub Actions."""

import json
import os
from functools import partial
from pathlib import Path

import pytest
import ratchet_bot.hosts.github
from github_fake import HASTE, TOKEN, FakeGithub
from perf_project import Project
from ratchet_bot.__main__ import main


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "PERF_RATCHET_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    monkeypatch.setenv("GITHUB_REPOSITORY", github.repository)
    hasty = partial(ratchet_bot.hosts.github.github_host_from_environment, pace=HASTE)
    monkeypatch.setattr(ratchet_bot.hosts.github, "github_host_from_environment", hasty)
    return Project(github, tmp_path)


def run_event(project: Project, run_id: int) -> str:
    path = project.folder / "run.json"
    event = {"action": "completed", "workflow_run": {"id": run_id}, "repository": {"full_name": "octo/demo"}}
    path.write_text(json.dumps(event))
    return str(path)


def test_a_run_is_reported_by_its_number(project: Project, capsys: pytest.CaptureFixture[str]):
    """Repository, token and address come from the environment; the verdict is the exit code."""
    project.opened()
    run = project.measured(flux=2.0, wan=1.0)
    code = main(["report", "--run-id", str(run.id)])
    out, err = capsys.readouterr()

    assert (code, err) == (1, "")
    assert out.splitlines()[0] == "Slower than the baseline allows: 1 of 2 scenarios on h100"
    assert TOKEN not in out


def test_a_run_is_reported_by_its_event(project: Project, monkeypatch: pytest.MonkeyPatch):
    """In a workflow_run job there is nothing to pass, and nothing for a shell to see."""
    project.opened()
    run = project.measured(flux=1.0, wan=1.0)
    monkeypatch.setenv("GITHUB_EVENT_NAME", "workflow_run")
    monkeypatch.setenv("GITHUB_EVENT_PATH", run_event(project, run.id))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.folder / "summary.md"))

    assert main(["report"]) == 0
    assert project.checks(run) == ["success"]
    assert "🟢 **No regression" in (project.folder / "summary.md").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["record.json"],
        ["record.json", "--pull", "7"],
        ["--pull", "7", "--head", "a" * 40],
        ["record.json", "--pull", "7", "--head", "a" * 40, "--run-id", "5"],
    ],
)
def test_half_a_form_is_refused(project: Project, arguments: list[str], capsys: pytest.CaptureFixture[str]):
    """Records with their pull request, or a run: anything between is told in one line."""
    assert main(["report", *arguments]) == 2
    assert capsys.readouterr().err.startswith(
        "perf-ratchet: report: give records with --pull and --head, or --run"
    )
    assert project.github.api_requests == []


def test_a_comment_is_answered_by_its_event(project: Project, monkeypatch: pytest.MonkeyPatch):
    """The event file of the job is the default."""
    pull = project.opened()
    comment = project.github.comment(pull.number, "stranger", "/perf-help")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(project.event(comment)))

    assert main(["respond"]) == 0
    assert project.reactions(comment) == ["eyes", "rocket"]


def test_a_comment_for_others_needs_no_token(project: Project, monkeypatch: pytest.MonkeyPatch):
    """What is not ours is passed over before anything is asked."""
    pull = project.opened()
    comment = project.github.comment(pull.number, "stranger", "looks good")
    monkeypatch.delenv("GITHUB_TOKEN")

    assert main(["respond", "--event", str(project.event(comment))]) == 0
    assert project.github.api_requests == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "respond: there is no event: give --event FILE"),
        ("", "event.json: the payload: Invalid JSON"),
        (
            '{"action": "created"}',
            "event.json: comment: Field required; give the payload of an",
        ),
    ],
)
def test_a_wrong_event_is_one_line(
    project: Project, content: str | None, said: str, capsys: pytest.CaptureFixture[str]
):
    """No event, or another one, is bad input."""
    path = project.folder / "event.json"
    path.write_text(content or "")

    assert main(["respond", *(["--event", str(path)] if content is not None else [])]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_an_outage_ends_in_an_answer_and_an_exit_code(project: Project, capsys: pytest.CaptureFixture[str]):
    """GitHub fails in the midst: the person is told to ask again, and the job is red."""
    pull = project.opened()
    project.measured(flux=0.8)
    comment = project.github.comment(pull.number, "maintainer", "/tighten-baselines")
    project.github.fail_next("GET", "/runs$", 502, times=99)
    code = main(["respond", "--event", str(project.event(comment))])

    assert (code, project.reactions(comment)) == (2, ["eyes", "confused"])
    assert "This did not finish: GitHub did not list runs of" in project.answers(comment)[0]
    assert capsys.readouterr().err.startswith("perf-ratchet: GitHub did not list runs of")


def test_a_mistake_of_ours_ends_in_an_answer(project: Project, monkeypatch: pytest.MonkeyPatch):
    """An error that nobody foresaw is answered with its kind, and is no verdict."""
    monkeypatch.setattr("ratchet_bot.flows.tighten_change.file_change", None)
    pull = project.opened()
    project.measured(flux=0.8)
    comment = project.github.comment(pull.number, "maintainer", "/tighten-baselines")

    assert main(["respond", "--event", str(project.event(comment))]) == 2
    assert "perf-ratchet failed (TypeError): please report this" in project.answers(comment)[0]
