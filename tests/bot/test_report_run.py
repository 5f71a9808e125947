import pytest
from github_fake import FakeGithub
from perf_project import FORK, H100, SETTINGS, Project

from bot.errors import BadInput


@pytest.fixture
def project(github: FakeGithub) -> Project:
    return Project(github)


def test_a_slow_run_is_told(project: Project):
    """The comment, the check and its title say the same; the exit code is 1."""
    pull = project.opened()
    run = project.measured(flux=2.0, wan=1.0)

    assert project.reported(run) == 1
    [body] = project.comments(pull)
    assert "🔴 **Slower than the baseline allows: 1 of 2 scenarios on h100.**" in body
    assert project.checks(run) == ["failure"]


def test_a_quiet_run_is_not_commented(project: Project):
    """Nothing changed: the check passes, and nobody is disturbed."""
    pull = project.opened()
    run = project.measured(flux=1.0, wan=1.0)

    assert project.reported(run) == 0
    assert (project.comments(pull), project.checks(run)) == ([], ["success"])


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
