"""Which pull request a run belongs to: what the host says decides, never what an artifact claims."""

from collections.abc import Iterable, Sequence
from typing import Final

from bot.host import Pull, Run

PROFILE_WORKFLOW: Final = ".github/workflows/profile.yml"
"""The workflow that measures pull requests."""
NIGHTLY_WORKFLOW: Final = ".github/workflows/nightly.yml"
"""The workflow that measures the default branch."""
TAKEN_EVENTS: Final = ("pull_request", "schedule", "workflow_dispatch")
"""What may have started a run that baselines are taken from."""


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
        numbers = " and ".join(f"#{number}" for number in sorted(one.number for one in heads))
        raise Unbound(f"This commit is the head of {numbers}: close all but one, then run the job again.")
    return heads[0]


def own_runs(runs: Iterable[Run], pull: Pull) -> Sequence[Run]:
    """Return the runs that measured a pull request, of all runs of its branch's name, in their order.

    Branches of forks share names, so the repository must be the same.
    """
    whose = (pull.head_repository, pull.head_branch)
    return [run for run in runs if not refusal(run) and (run.head_repository, run.head_branch) == whose]


def objection(run: Run) -> str:
    """Return why baselines are not taken from a run that somebody names, or "" when they may be."""
    if run.workflow not in {PROFILE_WORKFLOW, NIGHTLY_WORKFLOW}:
        return f"it is of {run.workflow}; taken are those of {PROFILE_WORKFLOW} and {NIGHTLY_WORKFLOW}"
    if run.event not in TAKEN_EVENTS:
        return f"it was started by {run.event}; taken are those started by {', '.join(TAKEN_EVENTS)}"
    if run.status != "completed" or run.conclusion != "success":
        return f"it is {run.conclusion or run.status}; taken are those that ended as success"
    return ""
