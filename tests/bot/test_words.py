"""What people read on GitHub, as files that a reviewer reads rendered."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from github_fake import FakeGithub
from hostile import assert_inert
from perf_project import FORK, H100, SETTINGS, Project

Golden = Callable[[str, str], None]


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path, SETTINGS)


def test_the_comment_of_a_run(project: Project, golden: Golden):
    """A fork that slows a scenario, leaves a hardware out, and types into a baseline file."""
    typed = project.baselines.replace('"expected_avg_denoise_ms": 96.96', '"expected_avg_denoise_ms": 120.0')
    pull = project.opened("faster", FORK, **{H100.replace("/", "__"): typed.encode()})
    run = project.measured("faster", FORK, flux=2.0, wan=0.8, fields={"conclusion": "failure"})
    project.reported(run)
    [body] = project.comments(pull)

    assert_inert(body)
    golden("run.md", body)


def test_the_answer_to_a_fork(project: Project, golden: Golden):
    """New baselines in a pull request of ours."""
    pull = project.opened("faster", FORK)
    project.measured("faster", FORK, flux=0.8, wan=1.0)
    _, comment = project.asked(pull, "/tighten-baselines")
    [answer] = project.answers(comment)

    assert_inert(answer)
    golden("answer_tighten.md", answer)


def test_the_answer_where_no_pull_request_may_be_opened(project: Project, golden: Golden):
    """The change itself, to be taken by hand."""
    project.github.may_open_pulls = False
    pull = project.opened("faster", FORK)
    project.measured("faster", FORK, flux=0.8)
    _, comment = project.asked(pull, "/tighten-baselines --hardware h100")
    [answer] = project.answers(comment)

    assert_inert(answer)
    golden("answer_diff.md", answer)


def test_the_shown_change_can_be_applied(project: Project, tmp_path: Path):
    """What is between the fences is a patch that git takes."""
    project.github.may_open_pulls = False
    pull = project.opened("faster", FORK)
    project.measured("faster", FORK, flux=0.8)
    _, comment = project.asked(pull, "/tighten-baselines --hardware h100")
    patch = project.answers(comment)[0].partition("```diff\n")[2].partition("```")[0]
    (tmp_path / "perf").mkdir()
    (tmp_path / H100).write_text(project.baselines)
    subprocess.run(["git", "apply", "-"], input=patch, text=True, cwd=tmp_path, check=True)
    project.github.may_open_pulls = True
    project.asked(pull, "/tighten-baselines --hardware h100")
    [ours] = [it for it in project.github.pulls.values() if it.author == project.github.login]

    assert (tmp_path / H100).read_bytes() == project.github.commits[ours.head_sha].files[H100]


def test_the_help(project: Project, golden: Golden):
    """The commands, and who may."""
    _, comment = project.asked(project.opened(), "/perf-help")

    golden("answer_help.md", project.answers(comment)[0])
