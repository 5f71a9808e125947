import json
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from profiler.environment import environment, source

ACTIONS = {
    "GITHUB_REPOSITORY": "sgl-project/sglang",
    "GITHUB_SHA": "a" * 40,
    "GITHUB_RUN_ID": "19551234567",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_JOB": "profile",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A git repository with one commit, untouched by the settings of whoever runs the tests."""
    for name, value in {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b.c",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b.c",
    }.items():
        monkeypatch.setenv(name, value)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "commit", "--quiet", "--allow-empty", "-m", "one"], check=True)
    return tmp_path


def head(folder: Path) -> str:
    found = subprocess.run(
        ["git", "-C", folder, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    return found.stdout.strip()


def test_outside_of_actions_the_commit_is_that_of_the_checkout(checkout: Path):
    """What was asked for and what ran are the same, and no job is made up."""
    found = source({}, checkout)
    assert (found.head_sha, found.installed_sha) == (head(checkout), head(checkout))
    assert (found.repository, found.run_id, found.run_attempt, found.job) == (None, None, None, None)
    assert found.created_at.utcoffset().total_seconds() == 0


def test_in_actions_the_job_is_named(checkout: Path):
    """The run, its attempt and its job are what Actions says; the installed commit is the checkout's."""
    found = source(ACTIONS, checkout)
    assert (found.repository, found.run_id, found.run_attempt, found.job) == (
        "sgl-project/sglang",
        19551234567,
        2,
        "profile",
    )
    assert (found.head_sha, found.installed_sha) == ("a" * 40, head(checkout))


def test_a_pull_request_is_measured_for_its_own_commit(tmp_path: Path):
    """GITHUB_SHA is the merge with the base, a commit that nobody wrote."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": {"sha": "b" * 40}}}))
    assert source(ACTIONS | {"GITHUB_EVENT_PATH": str(event)}, tmp_path).head_sha == "b" * 40


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"pull_request": null}', '{"pull_request": {"head": {"sha": 1}}}']
)
def test_another_event_leaves_the_commit_of_actions(tmp_path: Path, content: str):
    """A push, a schedule, or nonsense: none of them stops the run."""
    event = tmp_path / "event.json"
    event.write_text(content)
    assert source(ACTIONS | {"GITHUB_EVENT_PATH": str(event)}, tmp_path).head_sha == "a" * 40


def test_without_git_the_commit_is_unknown(tmp_path: Path):
    """A folder that is no checkout gives no commit and no error."""
    found = source({}, tmp_path)
    assert (found.head_sha, found.installed_sha) == (None, None)


def test_a_machine_without_a_device_says_its_versions():
    """The accelerator is null, and the versions are those that run."""
    found = environment("cpu", "cpu")
    assert (found.hardware, found.accelerator, found.cuda) == ("cpu", None, None)
    assert (found.torch, found.python) == (version("torch"), platform.python_version())


def test_an_unknown_device_is_refused():
    """Host times must not be passed off as a device's."""
    with pytest.raises(ValueError, match="device 'cuda' is not known; use cpu"):
        environment("h100", "cuda")
