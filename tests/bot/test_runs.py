from dataclasses import replace

import pytest
from builders import make_run
from ratchet_bot.flows.runs import Unbound, bound, refusal
from ratchet_bot.hosts.states import Pull, Run

RUN = make_run(head_sha="a" * 40)
PULL = Pull(
    number=7,
    is_open=True,
    head_sha="a" * 40,
    head_branch="faster",
    head_repository="fork/demo",
    base_branch="main",
    base_sha="b" * 40,
    default_branch="main",
    author="somebody",
)


def test_a_run_of_a_pull_requests_head_belongs_to_it():
    """One open pull request with this very head: that is the one."""
    assert (bound(RUN, [PULL]), refusal(RUN)) == (PULL, "")


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (
            replace(RUN, workflow=".github/workflows/evil.yml"),
            "run 42 is of .github/workflows/evil.yml; only",
        ),
        (replace(RUN, event="push"), "run 42 was started by push; only"),
        (replace(RUN, event="schedule"), "run 42 was started by schedule; only"),
    ],
)
def test_other_runs_are_not_reported(run: Run, said: str):
    """A workflow that only calls itself `profile`, and a night, have no pull request to tell."""
    assert refusal(run).startswith(said)


@pytest.mark.parametrize(
    ("run", "pulls", "said"),
    [
        (RUN, [], "No open pull request has this commit as its head"),
        (RUN, [replace(PULL, is_open=False)], "No open pull request has this commit as its head"),
        (RUN, [replace(PULL, head_sha="c" * 40)], "No open pull request has this commit as its head"),
        (replace(RUN, head_repository=""), [PULL], "The repository that this run measured has been deleted"),
        (RUN, [PULL, replace(PULL, number=9)], "This commit is the head of #7 and #9: close all but one"),
    ],
)
def test_a_run_of_no_single_pull_request_says_why(run: Run, pulls: list[Pull], said: str):
    """Closed, moved on, deleted, or shared by several: each is said, and none is guessed."""
    with pytest.raises(Unbound) as unbound:
        bound(run, pulls)
    assert str(unbound.value).startswith(said)
