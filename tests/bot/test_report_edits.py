from pathlib import Path

import pytest
from builders import make_baselines
from github_fake import FakeGithub
from perf_project import H100, Project, odd_values


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path)


def test_baselines_are_those_of_the_base_branch(project: Project):
    """A pull request that loosens its own baselines is judged by those of the base all the same."""
    loose = make_baselines({"flux": odd_values(9.0), "wan": odd_values(9.0)}).text.encode()
    project.opened(**{H100.replace("/", "__"): loose})
    run = project.measured(flux=2.0, wan=1.0)

    assert project.reported(run) == 1
    assert "🔴 **Slower than the baseline allows: 1 of 2" in project.github.comments[0].body


def test_what_a_pull_request_does_to_baselines_is_audited(project: Project):
    """An aggregate that contradicts its steps is red, named in the comment, and marked on its line."""
    text = project.baselines.replace('"expected_avg_denoise_ms": 96.96', '"expected_avg_denoise_ms": 120.0')
    pull = project.opened(**{H100.replace("/", "__"): text.encode()})
    run = project.measured(flux=1.0, wan=1.0)
    code = project.reported(run)
    [body] = project.comments(pull)
    [check] = project.github.checks
    told = {(it["path"], it["start_line"], it["title"], it["annotation_level"]) for it in check.annotations}

    assert (code, project.checks(run)) == (1, ["failure"])
    assert "🔴 **This pull request introduces errors in 1 baseline file.**" in body
    assert f"that this pull request introduces in `{H100}`</summary>" in body
    line = next(number for number, it in enumerate(text.splitlines(), 1) if "120.0" in it)
    assert (H100, line, "mean-mismatch", "failure") in told
    assert check.said["output"]["title"].startswith("Errors introduced in 1 baseline file. No regression")


def test_what_was_wrong_before_is_not_blamed_on_the_pull_request(project: Project):
    """Baselines that were bad on the base branch do not turn a pull request red that leaves them alone."""
    bad = project.baselines.replace('"expected_avg_denoise_ms": 96.96', '"expected_avg_denoise_ms": 120.0')
    project.github.commit("main", {H100: bad.encode()}, "Make it worse")
    project.opened()
    run = project.measured(flux=1.0, wan=1.0)
    project.reported(run)

    assert project.github.checks[0].annotations == []
    assert "makes" not in str(project.github.checks[0].said["output"])


def test_an_unreadable_file_is_marked_where_it_breaks(project: Project):
    """A pull request that breaks the JSON is told the line."""
    broken = project.baselines.replace('"scenarios": {', '"scenarios": {,')
    pull = project.opened(**{H100.replace("/", "__"): broken.encode()})
    run = project.measured(flux=1.0, wan=1.0)
    project.reported(run)
    line = next(number for number, it in enumerate(broken.splitlines(), 1) if "{," in it)

    [body] = project.comments(pull)
    assert f"`{H100}` in this pull request: it cannot be read: line {line}" in body
    assert [it["start_line"] for it in project.github.checks[0].annotations] == [line]
    assert project.checks(run) == ["failure"]


def test_a_deleted_file_is_told(project: Project):
    """Without its file nothing guards the scenarios any more."""
    pull = project.opened(**{H100.replace("/", "__"): None})
    run = project.measured(flux=1.0, wan=1.0)
    project.reported(run)

    assert "it is deleted, and nothing guards its scenarios any more" in project.comments(pull)[0]
    assert project.checks(run) == ["failure"]


def test_a_hardware_without_baselines_is_unguarded(project: Project):
    """A file that is not there yet is no crash: its scenarios have nothing to be held to."""
    project.github.commit("main", {H100: None}, "Begin anew")
    pull = project.opened()
    run = project.measured(flux=1.0)
    project.reported(run)

    assert "1 scenario without a baseline" in project.comments(pull)[0]
    assert project.checks(run) == ["action_required"]


def test_what_the_base_branch_does_meanwhile_is_not_blamed_on_the_pull_request(project: Project):
    """The base branch gets tighter baselines while a pull request is open: it has loosened nothing."""
    project.opened()
    tight = make_baselines({"flux": odd_values(0.8), "wan": odd_values(1.1)}).text
    project.github.commit("main", {H100: tight.encode()}, "Tighten")
    run = project.measured(flux=0.8, wan=1.0)
    project.reported(run)

    assert project.github.checks[0].annotations == []
    assert project.checks(run) == ["success"]
