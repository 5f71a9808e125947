"""From which run `/tighten-baselines` takes its values, and what that run has left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import takewhile

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.names import hardware_of
from ratchet_bot.flows.reading import delivered
from ratchet_bot.flows.replies import CannotBeDone
from ratchet_bot.flows.runs import PROFILE_WORKFLOW, best_of, is_of_this_merge, objection, runs_of
from ratchet_bot.flows.tighten_request import TRAILER, TightenRequest
from ratchet_bot.hosts.artifacts import Delivery
from ratchet_bot.hosts.port import HostReads, HostRefused
from ratchet_bot.hosts.states import Commit, Run


@dataclass(frozen=True)
class SourceRun:
    """A run, and what it has left."""

    run: Run
    delivery: Delivery
    missing: Mapping[str, str]
    """Why hardware that was meant has no record, by its name."""


def source_run(host: HostReads, request: TightenRequest) -> SourceRun:
    """Return the run whose values are taken: one, since each that is looked into costs some requests.

    Raises:
        CannotBeDone: there is none, or it has no scenario that was named.
        HostRefused: the host would not, or did not answer.
    """
    run_id = request.command.from_run
    run = _run_of_head(host, request) if run_id is None else _named_run(host, request, run_id)
    delivery = delivered(host, run, request.hardware)
    missing = _missing(request, delivery)
    if not delivery.records:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
        raise CannotBeDone(
            f"There is nothing to take: run {run.run_id} has left no valid record ({reasons})."
        )
    strange = unmatched(request.command.globs, delivery.records)
    if strange:
        raise CannotBeDone(f"No scenario of run {run.run_id} matches {', '.join(strange)}.")
    return SourceRun(run, delivery, missing)


def is_only_baselines(host: HostReads, request: TightenRequest, ancestor: str, head: str) -> bool:
    """Return whether a commit differs from an ancestor of it in nothing but baselines."""
    paths = host.changed_paths(ancestor, head)
    baselines = {hardware.baselines for hardware in request.settings.hardware.values()}
    return paths is not None and set(paths) <= baselines


def _run_of_head(host: HostReads, request: TightenRequest) -> Run:
    """Return the best run that measured what the head does.

    GitHub starts no run for the commit of a command: the commit before it was measured. The check that the
    bot carried over names that commit. Without such a check, the commits' messages say where to look, and the
    host is asked whether nothing but baselines has changed since.
    """
    pull, pull_state = request.pull, request.pull_state
    if not pull.head_repository:
        raise _nothing("the repository that it comes from has been deleted")
    carried_from = request.check.carried_from if request.check else ""
    measured = carried_from or _newest_of_others(pull_state.commits, pull.head_sha)
    runs = runs_of(host, pull, measured)
    run = best_of([run for run in runs if is_of_this_merge(run, pull_state.settled_at)])
    if run is None:
        moved = " since it was reopened or moved to its base" if runs else ""
        raise _nothing(f"no run of {PROFILE_WORKFLOW} has measured it{moved}")
    if not run.has_ended:
        raise _nothing(f"run {run.run_id} has not ended; ask again then")
    is_vouched_for = measured in {pull.head_sha, carried_from}
    if not is_vouched_for and not is_only_baselines(host, request, measured, pull.head_sha):
        raise _nothing(f"run {run.run_id} measured {measured[:7]}, and more than baselines has changed since")
    return run


def _newest_of_others(commits: tuple[Commit, ...], head: str) -> str:
    """Return the newest commit that no command seems to have made; the head when there is none."""
    ours = takewhile(lambda commit: commit.is_as_made and f"\n{TRAILER}" in commit.message, commits)
    return next((commit.sha for commit in commits[len(list(ours)) :]), head)


def _nothing(reason: str) -> CannotBeDone:
    return CannotBeDone(f"There is nothing to take from the head of this pull request: {reason}.")


def _named_run(host: HostReads, request: TightenRequest, run_id: int) -> Run:
    """Return a run that the person has named."""
    try:
        run = host.run(run_id)
    except HostRefused as refusal:
        raise CannotBeDone(f"{refusal}.") from refusal
    why_not = objection(run, request.pull, request.comment.repository)
    if why_not:
        raise CannotBeDone(f"Baselines are not taken from run {run_id}: {why_not}.")
    return run


def _missing(request: TightenRequest, delivery: Delivery) -> dict[str, str]:
    """Return why hardware that was meant has no record, by its name."""
    reasons = {
        name: "; ".join(
            artifact.reason for artifact in delivery.refused if hardware_of(artifact.name, [name])
        )
        for name in request.hardware
        if name not in delivery.records
    }
    return {name: reason or "the run left no record of it" for name, reason in reasons.items()}


def unmatched(globs: Iterable[str], records: Mapping[str, Sequence[RunRecord]]) -> Sequence[str]:
    """Return the globs that match no scenario of any record."""
    names = {
        scenario.id for several in records.values() for record in several for scenario in record.scenarios
    }
    return [glob for glob in globs if not any(fnmatchcase(name, glob) for name in names)]
