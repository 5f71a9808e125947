from pathlib import Path

import pytest
from github_fake import FakeGithub, Refused
from perf_project import CONFIG, FORK, H100, SETTINGS, Project, odd_record
from ratchet_bot.data.errors import BadInput
from ratchet_bot.hosts.port import HostRefused


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "* `h100`: the run left no record of it\n"),
        ({"conclusion": "failure"}, "* `h100`: the run ended as failure and left no record of it\n"),
        ({"conclusion": "cancelled"}, "* `h100`: the run ended as cancelled and left no record of it\n"),
    ],
)
def test_a_run_without_records_is_answered(project: Project, fields: dict[str, str], said: str):
    """Which hardware, why, and where to look: silence would read as a pass."""
    pull = project.opened()
    run = project.measured(fields=fields)
    project.reported(run)
    [body] = project.comments(pull)

    assert "⚪ **Nothing was compared, so there is no verdict.**" in body
    assert said in body
    assert f"/actions/runs/{run.id})" in body
    assert project.checks(run) == ["action_required"]


def test_one_hardware_of_two_is_told(github: FakeGithub, tmp_path: Path):
    """What was measured is judged; what is missing keeps the check from passing."""
    project = Project(github, tmp_path, SETTINGS)
    pull = project.opened()
    run = project.measured(flux=1.0, wan=1.0, fields={"conclusion": "failure"})
    github.artifact(run, "perf-records-ascend", b"not a zip")
    project.reported(run)
    [body] = project.comments(pull)

    assert "but ascend has no run" in body
    assert "* `ascend`: perf-records-ascend: the zip is broken (BadZipFile)" in body
    assert project.checks(run) == ["action_required"]


def test_shards_are_one_run(project: Project):
    """Records of two shards are judged together; a shard that nobody can read is told beside them."""
    pull = project.opened()
    run = project.measured(fields={"conclusion": "failure"})
    project.left(run, "perf-records-h100-1", odd_record(flux=1.0))
    project.left(run, "perf-records-h100-2", odd_record(wan=2.0))
    project.github.artifact(run, "perf-records-h100-3", b"")
    project.reported(run)
    [body] = project.comments(pull)

    assert "🔴 **Slower than the baseline allows: 1 of 2 scenarios on h100.**" in body
    assert "<summary>1 artifact ignored</summary>\n\n* `perf-records-h100-3`: the zip is broken" in body


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"workflow": ".github/workflows/evil.yml"}, "is of .github/workflows/evil.yml; only"),
        ({"event": "push"}, "was started by push; only those of pull requests are reported"),
    ],
)
def test_other_runs_are_not_reported(project: Project, fields: dict[str, str], said: str):
    """A workflow that calls itself profile and is another file is refused, and leaves no trace."""
    project.opened()
    run = project.measured(flux=2.0, fields=fields)

    with pytest.raises(BadInput, match=said):
        project.reported(run)
    assert (project.github.checks, project.github.comments) == ([], [])


def test_a_head_of_two_pull_requests_is_not_guessed(project: Project):
    """One branch that goes into two others: the check says which, and nothing is commented."""
    project.opened()
    project.github.branches["other"] = project.github.branches["main"]
    project.github.pull("faster", author="writer", base="other")
    run = project.measured(flux=2.0, wan=1.0)

    assert project.reported(run) == 0
    assert project.github.comments == []
    assert "This commit is the head of #8 and #9" in str(project.github.checks[0].said["output"])


def test_a_deleted_fork_is_told(project: Project):
    """Without its repository a run belongs to no pull request; the check is concluded all the same."""
    pull = project.opened("faster", FORK)
    run = project.measured("faster", FORK, flux=2.0, wan=1.0)
    run.head_repository = pull.head_repository = None

    assert project.reported(run) == 0
    assert project.checks(run) == ["action_required"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (None, "it is not on the default branch; perf-ratchet init writes one"),
        (b"hardwear: {}\n", "unknown key; did you mean 'hardware'?"),
        (b"\xff", "on the default branch: 'utf-8' codec"),
    ],
)
def test_a_bad_configuration_concludes_the_check(project: Project, settings: bytes | None, said: str):
    """The check says what is wrong and with which file; the command ends as bad input."""
    project.github.commit("main", {CONFIG: settings}, "Break it")
    project.opened()
    run = project.measured(flux=1.0, wan=1.0)

    with pytest.raises(BadInput, match=CONFIG):
        project.reported(run)
    assert project.checks(run) == ["action_required"]
    told = str(project.github.checks[0].said["output"])
    assert said.split("'", maxsplit=1)[0].strip() in told


def test_bad_baselines_conclude_the_check(project: Project):
    """A file of the base branch that cannot be read is named."""
    project.github.commit("main", {H100: b"{"}, "Break it")
    project.opened()
    run = project.measured(flux=1.0, wan=1.0)

    with pytest.raises(BadInput, match=H100):
        project.reported(run)
    assert project.checks(run) == ["action_required"]


def test_a_mistake_of_ours_concludes_the_check(project: Project, monkeypatch: pytest.MonkeyPatch):
    """An error that nobody foresaw says its kind and no more, and is raised on."""
    monkeypatch.setattr("ratchet_bot.flows.judged.compare", None)
    project.opened()
    run = project.measured(flux=1.0, wan=1.0)

    with pytest.raises(TypeError):
        project.reported(run)
    assert project.checks(run) == ["action_required"]
    assert "perf-ratchet failed (TypeError): please report this" in str(project.github.checks[0].said)


def test_a_refused_comment_leaves_the_verdict(project: Project):
    """Without the right to comment the check still holds the merge back, and the line names the right."""
    project.opened()
    run = project.measured(flux=2.0, wan=1.0)
    project.github.refuse_next("POST", "/comments$", Refused(403, "Resource not accessible by integration"))

    with pytest.raises(HostRefused, match="pull-requests: write"):
        project.reported(run)
    assert project.checks(run) == ["failure"]


def test_a_cancelled_job_concludes_the_check(project: Project, monkeypatch: pytest.MonkeyPatch):
    """GitHub interrupts a job that takes too long: the check does not stay in progress for ever."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ratchet_bot.flows.judged.compare", interrupted)
    project.opened()
    run = project.measured(flux=1.0, wan=1.0)

    with pytest.raises(KeyboardInterrupt):
        project.reported(run)
    assert project.checks(run) == ["action_required"]
    assert "the job was cancelled, or took too long" in str(project.github.checks[0].said)
