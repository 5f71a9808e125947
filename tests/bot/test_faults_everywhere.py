"""Whatever request fails, before or after its effect, once or for good: run again, and all is there once."""

import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracts import described
from github_fake import FakeGithub
from perf_project import FORK, H100, Project
from ratchet_bot.hosts.port import HostRefused

pytestmark = pytest.mark.faults

Act = Callable[[Project], object]


def worse(project: Project) -> Act:
    """A fine comment is there, and a run that regressed is to be told: check, comment, and a word more."""
    project.opened()
    project.reported(project.measured(flux=0.8, wan=1.0))
    project.pushed()
    run = project.measured(flux=2.0, wan=1.0)
    return lambda it: it.reported(run)


def tightened(project: Project) -> Act:
    """A maintainer has asked for tighter baselines."""
    pull = project.opened()
    project.measured(flux=0.8, wan=1.0)
    comment = project.github.comment(pull.number, "maintainer", "/tighten-baselines")
    return lambda it: it.responded(comment)


def tightened_fork(project: Project) -> Act:
    """The same for a fork."""
    pull = project.opened("faster", FORK)
    project.measured("faster", FORK, flux=0.8, wan=1.0)
    comment = project.github.comment(pull.number, "maintainer", "/tighten-baselines")
    return lambda it: it.responded(comment)


STORIES = {"report": worse, "respond": tightened, "fork": tightened_fork}


def end(project: Project) -> dict[str, Any]:
    """Return what is there at last."""
    github = project.github
    ours = [it for it in github.pulls.values() if it.author == github.login]
    heads = [github.commits[sha] for sha in [*github.branches.values(), *(it.head_sha for it in ours)]]
    return {
        "comments": Counter(it.body.split("\n")[0] for it in github.comments if it.author == github.login),
        "checks": [(it.said["external_id"], it.said["conclusion"]) for it in github.checks],
        "commits": len({it.sha for it in heads if it.author == github.login and "Tighten" in it.message}),
        "files": sorted({it.files[H100] for it in heads if H100 in it.files}),
        "pulls": len(ours),
        "done": {it.body.split("\n")[1] for it in github.comments if "perf-ratchet:answer" in it.body},
        "reactions": {it.reactions[-1] for it in github.comments if it.reactions},
    }


def ended(folder: Path, story: str, **fault: Any) -> tuple[dict[str, Any], int]:
    """Tell a story twice, the first time with a fault; return how it ends, and how many requests it took."""
    with described(FakeGithub()) as github:
        project = Project(github, folder)
        act = STORIES[story](project)
        github.log.clear()
        if fault:
            github.fail_next("", "", 502, **fault)
        with contextlib.suppress(HostRefused):
            act(project)
        requests = len(github.log)
        github._faults.clear()
        act(project)
        return end(project), requests


@pytest.mark.parametrize(
    ("times", "after"), [(1, True), (99, False), (99, True)], ids=["an answer", "everything", "every answer"]
)
@pytest.mark.parametrize("story", STORIES)
def test_it_may_be_lost_anywhere(tmp_path: Path, story: str, *, after: bool, times: int):
    """Lost at any request, or at all from there on: told again, the story ends as if nothing had happened."""
    expected, requests = ended(tmp_path, story)
    assert requests >= 11

    for index in range(requests):
        found, _ = ended(tmp_path, story, times=times, after=after, skip=index)
        assert (index, found) == (index, expected)
