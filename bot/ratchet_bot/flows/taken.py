"""From which run `/tighten-baselines` takes its values, and what that has brought."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

from ratchet_bot.data.artifact_names import hardware_of
from ratchet_bot.flows.asked import TRAILER, Ask
from ratchet_bot.flows.binding import PROFILE_WORKFLOW, best_of, is_of_this_merge, objection, runs_of
from ratchet_bot.flows.fetched import delivered
from ratchet_bot.flows.replies import CannotBeDone
from ratchet_bot.hosts.artifacts import Delivery
from ratchet_bot.hosts.host import Commit, Host, Run
from ratchet_bot.hosts.hub import HubRefused


@dataclass(frozen=True)
class Taken:
    """A run, and what it has brought."""

    run: Run
    found: Delivery
    missing: Mapping[str, str]
    """Why hardware that was meant has no record, by its name."""


def taken(host: Host, ask: Ask) -> Taken:
    """Return the run whose values are taken: one, since each that is looked into costs some requests.

    Raises:
        CannotBeDone: there is none.
        HubRefused: the host would not, or did not answer.
    """
    run = _of_head(host, ask) if ask.command.from_run is None else _named(host, ask, ask.command.from_run)
    found = delivered(host, run, ask.hardware)
    missing = _missing(ask, found)
    if not found.records:
        why = "; ".join(f"{name}: {why}" for name, why in missing.items())
        raise CannotBeDone(f"There is nothing to take: run {run.run_id} has left no valid record ({why}).")
    return Taken(run, found, missing)


def is_only_baselines(host: Host, ask: Ask, ancestor: str, head: str) -> bool:
    """Return whether a commit differs from an ancestor of it in nothing but baselines."""
    changed = host.changed_paths(ancestor, head)
    return changed is not None and set(changed) <= {one.baselines for one in ask.settings.hardware.values()}


def _of_head(host: Host, ask: Ask) -> Run:
    """Return the best run that measured what the head does.

    For the commit of a command GitHub starts no run: the commit before it was measured. Which one it was we
    have said by carrying our check over. Where we have not, what the commits say of themselves tells where to
    look, and that nothing but baselines has changed since is looked up.
    """
    if not ask.pull.head_repository:
        raise _nothing("the repository that it comes from has been deleted")
    head, carried_from = ask.pull.head_sha, ask.check.carried_from if ask.check else ""
    measured = carried_from or next((it.sha for it in _after_ours(ask.standing.commits)), head)
    runs = runs_of(host, ask.pull, measured)
    run = best_of([it for it in runs if is_of_this_merge(it, ask.standing.settled_at)])
    if run is None:
        moved = " since it was reopened or moved to its base" if runs else ""
        raise _nothing(f"no run of {PROFILE_WORKFLOW} has measured it{moved}")
    if not run.has_ended:
        raise _nothing(f"run {run.run_id} has not ended; ask again then")
    if measured not in {head, carried_from} and not is_only_baselines(host, ask, measured, head):
        raise _nothing(f"run {run.run_id} measured {measured[:7]}, and more than baselines has changed since")
    return run


def _after_ours(commits: tuple[Commit, ...]) -> tuple[Commit, ...]:
    """Return the commits, the newest first, without those in front that commands seem to have made."""
    ours = takewhile(lambda it: it.is_as_made and f"\n{TRAILER}" in it.message, commits)
    return commits[len(list(ours)) :]


def _nothing(reason: str) -> CannotBeDone:
    return CannotBeDone(f"There is nothing to take from the head of this pull request: {reason}.")


def _named(host: Host, ask: Ask, run_id: int) -> Run:
    """Return a run that the person has named."""
    try:
        run = host.run(run_id)
    except HubRefused as refusal:
        raise CannotBeDone(f"{refusal}.") from refusal
    why_not = objection(run, ask.pull, ask.said.repository)
    if why_not:
        raise CannotBeDone(f"Baselines are not taken from run {run_id}: {why_not}.")
    return run


def _missing(ask: Ask, found: Delivery) -> dict[str, str]:
    """Return why hardware that was meant has no record, by its name."""
    reasons = {
        name: "; ".join(one.reason for one in found.refused if hardware_of(one.name, [name]))
        for name in ask.hardware
        if name not in found.records
    }
    return {name: why or "the run left no record of it" for name, why in reasons.items()}
