"""Which pull request a run belongs to: what the host says decides, never what an artifact claims."""

from collections.abc import Sequence
from typing import Final

from bot.host import Pull, Run

PROFILE_WORKFLOW: Final = ".github/workflows/profile.yml"
"""The workflow that measures pull requests."""
NIGHTLY_WORKFLOW: Final = ".github/workflows/nightly.yml"
"""The workflow that measures the default branch."""


class Unbound(ValueError):
    """The run belongs to no single pull request; the message is a sentence that says why."""


def refusal(run: Run) -> str:
    """Return why this run is none that is reported on a pull request, or "" when it is.

    A pull request may add a workflow of the same name, so the file's path counts.
    """
    if run.workflow != PROFILE_WORKFLOW:
        return f"run {run.run_id} is of {run.workflow}; only {PROFILE_WORKFLOW} is reported"
    if run.event != "pull_request":
        return f"run {run.run_id} was started by {run.event}; only those of pull requests are reported"
    return ""


def bound(run: Run, pulls: Sequence[Pull]) -> Pull:
    """Return the one pull request that a run has measured.

    Args:
        run: A run of `PROFILE_WORKFLOW`.
        pulls: The open pull requests whose head is the run's commit, branch and repository, now.

    Raises:
        Unbound: there is none, since it was closed or moved on to another commit; or there are several.
    """
    heads = [one for one in pulls if one.is_open and one.head_sha == run.head_sha]
    if not run.head_repository:
        raise Unbound("The repository that this run measured has been deleted, so nothing was reported.")
    if not heads:
        raise Unbound(
            "No open pull request has this commit as its head: it was closed, or has newer commits, "
            "whose own run is reported."
        )
    if len(heads) > 1:
        numbers = " and ".join(f"#{one.number}" for one in heads)
        raise Unbound(f"This commit is the head of {numbers}: close all but one, then run the job again.")
    return heads[0]
