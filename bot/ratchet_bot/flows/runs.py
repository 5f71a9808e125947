"""Which runs count, and for which pull request: as the host knows them, never as an artifact claims."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from ratchet_bot.hosts.port import HostReads
from ratchet_bot.hosts.states import Pull, Run

PROFILE_WORKFLOW: Final = ".github/workflows/profile.yml"
"""The workflow that measures pull requests."""
NIGHTLY_WORKFLOW: Final = ".github/workflows/nightly.yml"
"""The workflow that measures the default branch."""
EVENTS: Final[Mapping[str, Sequence[str]]] = {
    PROFILE_WORKFLOW: ("pull_request",),
    NIGHTLY_WORKFLOW: ("schedule", "workflow_dispatch"),
}
"""What may have started a run that baselines are taken from. A pull request of a fork can bring a workflow of
any path, and start it by `pull_request`."""


class Unbound(ValueError):
    """The run does not belong to exactly one pull request; the message is a sentence that says why."""


def refusal(run: Run) -> str:
    """Return why this run is not reported on a pull request, or "" when it is.

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
    heads = [pull for pull in pulls if pull.is_open and pull.head_sha == run.head_sha]
    if not run.head_repository:
        raise Unbound("The repository that this run measured has been deleted, so nothing was reported.")
    if not heads:
        raise Unbound(
            "No open pull request has this commit as its head: it was closed, or has newer commits, "
            "whose own run is reported."
        )
    if len(heads) > 1:
        numbers = " and ".join(f"#{number}" for number in sorted(pull.number for pull in heads))
        raise Unbound(f"This commit is the head of {numbers}: close all but one, then run the job again.")
    return heads[0]


def is_of_this_merge(run: Run, settled_at: datetime) -> bool:
    """Return whether a run has measured the merge that a pull request would be now.

    GitHub runs the merge of the head and of what was the base when the run was started, with its workflows.
    Who opens a pull request may move it to another base, or close it and open another one of the same head.

    Args:
        run: The run; an attempt after the first measures the same merge.
        settled_at: Since when the pull request is open and goes into its base.
    """
    return run.created_at >= settled_at


def own_runs(host: HostReads, pull: Pull) -> Iterator[Run]:
    """Yield the runs that measured a pull request: first those of its head, the newest first.

    Branches of forks share names, so the repository must be the same. The head's are asked for by themselves:
    among the latest runs of a branch's name those of a fork can hide them, as many as somebody starts.
    Earlier ones are asked for only when somebody reads on.

    Raises:
        HostRefused: the host would not, or did not answer.
    """
    of_head = runs_of(host, pull, pull.head_sha)
    yield from of_head
    yielded = {run.run_id for run in of_head}
    of_branch = _own(pull, host.runs(PROFILE_WORKFLOW, branch=pull.head_branch))
    yield from (run for run in of_branch if run.run_id not in yielded)


def runs_of(host: HostReads, pull: Pull, sha: str) -> Sequence[Run]:
    """Return the runs that measured a commit of a pull request, the newest first.

    Raises:
        HostRefused: the host would not, or did not answer.
    """
    return _own(pull, host.runs(PROFILE_WORKFLOW, head_sha=sha))


def _own(pull: Pull, runs: Iterable[Run]) -> list[Run]:
    if not pull.head_repository:
        return []  # deleted: so are others, and nobody can tell their runs apart
    whose = (pull.head_repository, pull.head_branch)
    return [run for run in runs if not refusal(run) and (run.head_repository, run.head_branch) == whose]


def best_of(runs: Sequence[Run]) -> Run | None:
    """Return the run to take values from: the newest success, else the newest that has ended, else any.

    Args:
        runs: Of one commit, the newest first.
    """
    ended = [run for run in runs if run.has_ended]
    successes = [run for run in ended if run.conclusion == "success"]
    return next(iter([*successes, *ended, *runs]), None)


def objection(run: Run, pull: Pull, repository: str) -> str:
    """Return why baselines are not taken from a run that somebody names, or "" when they may be.

    Args:
        run: The run.
        pull: The pull request into which they would go.
        repository: The repository itself, "owner/name".
    """
    is_nightly = run.workflow == NIGHTLY_WORKFLOW
    why = night_refusal(run, pull.default_branch, repository) if is_nightly else _misstarted(run, EVENTS)
    if why:
        return why
    if not run.has_ended or run.conclusion != "success":
        return f"it is {run.conclusion or run.status}; taken are those that ended as success"
    whose = run.head_repository.lower()
    if whose not in {repository.lower(), pull.head_repository.lower()} or not whose:
        return f"it is of {_place(run)}, which is neither this repository nor this pull request's"
    return ""


def night_refusal(run: Run, default_branch: str, repository: str) -> str:
    """Return why a run is not a night of the default branch, or "" when it is.

    Any workflow of the default branch may be started by hand and leave records: the file's path counts.

    Args:
        run: The run.
        default_branch: Its name.
        repository: The repository itself, "owner/name".
    """
    why = _misstarted(run, [NIGHTLY_WORKFLOW])
    if why:
        return why
    if (run.head_repository.lower(), run.head_branch) != (repository.lower(), default_branch):
        return f"it is of {_place(run)}; nights are those of {repository}, branch {default_branch}"
    return ""


def _misstarted(run: Run, workflows: Collection[str]) -> str:
    """Return why a run is of none of these workflows, or was started otherwise than they are; else ""."""
    if run.workflow not in workflows:
        return f"it is of {run.workflow}; taken are those of {' and '.join(workflows)}"
    if run.event not in EVENTS[run.workflow]:
        events = " or ".join(EVENTS[run.workflow])
        return f"it was started by {run.event}; taken are those of {run.workflow} started by {events}"
    return ""


def _place(run: Run) -> str:
    return f"{run.head_repository or 'a deleted repository'}, branch {run.head_branch}"
