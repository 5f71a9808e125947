import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from ratchet_profiler.devices import family
from ratchet_profiler.environment import Watch, present_module, source
from ratchet_profiler.record import MAX_TEXT, MachineState, RunRecord, record_from_json, record_to_json

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


def test_a_tracked_file_that_differs_from_the_commit_is_told(checkout: Path):
    """It is not quite what ran; a file that git does not track, such as a record, is nothing."""
    (checkout / "engine.py").write_text("steps = 4\n")
    assert source({}, checkout).dirty is False
    subprocess.run(["git", "-C", checkout, "add", "engine.py"], check=True)
    assert source({}, checkout).dirty is True
    subprocess.run(["git", "-C", checkout, "commit", "--quiet", "-m", "two"], check=True)
    assert source({}, checkout).dirty is False
    (checkout / "engine.py").write_text("steps = 8\n")
    assert source({}, checkout).dirty is True


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


NO_DEVICE = "there is no accelerator: the device is the CPU"


def test_a_machine_without_a_device_says_its_versions():
    """The accelerator is null, the versions are those that run, and every absent value says why."""
    found = Watch("cpu", "cpu", {}).look()
    assert (found.hardware, found.accelerator, found.cuda) == ("cpu", None, None)
    assert (found.torch, found.python) == (version("torch"), platform.python_version())
    assert found.state == MachineState()
    assert dict(found.absent) == dict.fromkeys(
        ["accelerator", "driver", *MachineState.model_fields], NO_DEVICE
    ) | {
        "cuda": "torch has no CUDA device here",
        "cann": "the device is not Ascend's",
        "image": "PERF_RATCHET_IMAGE is not set; a container does not know its image",
        "runner": "RUNNER_NAME is not set; GitHub Actions sets it",
    }


@pytest.mark.parametrize(
    ("told", "kept"), [("gpu-07", "gpu-07"), (" gpu\n07 ", "gpu 07"), ("x" * 999, "x" * MAX_TEXT), ("", None)]
)
def test_the_runner_is_named_as_actions_names_it(told: str, kept: str | None):
    """On one line, at the length that a record takes; unknown where it is empty."""
    found = Watch("cpu", "cpu", {"RUNNER_NAME": told}).environment()
    assert (found.runner, "runner" in found.absent) == (kept, kept is None)


def test_a_kind_of_device_without_a_tool_says_so():
    """The run goes on: its state is unknown, not wrong."""
    found = Watch("gaudi", "hpu", {}).environment()
    assert found.absent["throttle_reasons"] == "no tool is known that reports on a device of kind hpu"


def test_the_environment_goes_into_a_record():
    """With its reasons, and back."""
    run = RunRecord(source=source({}), environment=Watch("cpu", "cpu", {}).look())
    assert record_from_json(record_to_json(run)) == run


@pytest.mark.parametrize("device", ["cpu", "cpu:0", "cuda", "npu:1", "nonsense"])
def test_a_device_that_this_machine_lacks_has_no_module(device: str):
    """Neither has a name that torch has never heard of."""
    assert present_module(device) is None


def test_the_run_and_what_it_started_are_one_family(tmp_path: Path):
    """By parents, also those of a program whose name looks like a table of processes."""
    me = os.getpid()
    for pid, parent, name in (
        (me, 1, "python"),
        (70, me, "serve) R 1 (x"),
        (71, 70, "worker"),
        (72, 1, "other"),
    ):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 0 0\n")
    (tmp_path / "73").mkdir()
    assert family({}, begun=True, proc=tmp_path).pids == {me, 70, 71}


def test_ranks_beside_this_one_are_family(tmp_path: Path):
    """Their launcher starts them side by side: their parent's children are no strangers."""
    me, agent = os.getpid(), os.getppid()
    for pid, parent in ((me, agent), (70, agent), (71, 1)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (python) S {parent} 0 0\n")
    assert family({"WORLD_SIZE": "2"}, begun=True, proc=tmp_path).pids == {me, agent, 70}
