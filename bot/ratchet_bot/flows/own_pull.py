"""For a fork, to which we cannot push: the change as a pull request of our own into the base branch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ratchet_bot.data.repo_names import pull_branch
from ratchet_bot.flows.asked import Ask, AskedChange, message_of, reply_of
from ratchet_bot.flows.replies import CannotBeDone, Reply
from ratchet_bot.hosts.effects import PullRequest
from ratchet_bot.hosts.hub import HubAndHost, HubRefused
from ratchet_bot.telling import words


@dataclass(frozen=True)
class _Place:
    """Where the change goes."""

    branch: str
    head: str
    """SHA on which the change is made."""
    before: str | None = None
    """Where the branch is now, when it has to be moved to `head`; None: it is not there."""
    is_ready: bool = True
    """Whether the branch is at `head`."""
    number: int | None = None
    """Our open pull request of that branch."""


def reply(host: HubAndHost, ask: Ask, change_at: Callable[[str], AskedChange]) -> Reply:
    """Do it; where that is refused, show the change instead.

    Args:
        host: The repository.
        ask: What is asked.
        change_at: From a commit to what would be changed there.

    Raises:
        CannotBeDone: there is no branch into which it would go.
        HubRefused: the host would not, or did not answer, and this is not the last attempt.
    """
    place = _place(ask)
    change = change_at(place.head)
    if ask.command.dry_run:
        return reply_of(change)
    if not change.made:
        # What an earlier command has left on the branch may not be proposed yet.
        return reply_of(change, number=_proposed(host, ask, place) if place.is_ready else None)
    return _change_proposed(host, ask, place, change)


def done_before(host: HubAndHost, ask: Ask) -> Reply | None:
    """Return the answer where this very command has made its commit already, and propose that.

    Raises:
        HubRefused: the host would not, or did not answer.
    """
    place, own = _place(ask), ask.standing.own
    made = ask.made_in(own.commits) if own and place.is_ready else ""
    if not made:
        return None
    number = _proposed(host, ask, place)
    return Reply("rocket", words.markdown("answer_again", sha=made, number=number), 0)


def _change_proposed(host: HubAndHost, ask: Ask, place: _Place, change: AskedChange) -> Reply:
    """Commit and propose; where that is refused for good, show the change."""
    try:
        sha = _committed(host, place, change.files, message_of(ask, change))
    except HubRefused as refused:
        if not ask.is_last:
            raise
        return reply_of(change, refusal=str(refused))
    try:
        return reply_of(change, sha=sha, number=_proposed(host, ask, place))
    except HubRefused as refused:
        return reply_of(change, refusal=str(refused))


def _committed(host: HubAndHost, place: _Place, files: Mapping[str, bytes], message: str) -> str:
    if place.is_ready:
        return host.commit_files(place.branch, place.head, files, message)
    return host.rebuild_branch(place.branch, place.before, place.head, files, message)


def _place(ask: Ask) -> _Place:
    """Return our branch for this pull request: as it is while it is proposed, else from the base anew."""
    branch, own, base = pull_branch(ask.pull.number), ask.standing.own, ask.standing.base_head
    if own and own.pull and own.pull.is_open:
        return _Place(branch, own.head, number=own.pull.number)
    if own and own.pull is None:  # a command that has not come to propose it yet
        return _Place(branch, own.head)
    if base is None:
        raise CannotBeDone(f"The branch {ask.pull.base_branch}, into which this would go, is not there.")
    return _Place(branch, base, before=own.head if own else None, is_ready=False)


def _proposed(host: HubAndHost, ask: Ask, place: _Place) -> int:
    """Open our pull request where none is open; return its number.

    The open one keeps its base: the author of the fork's may have moved theirs, which decides nothing here.
    """
    if place.number is not None:
        return place.number
    pull = PullRequest(
        branch=place.branch,
        base=ask.pull.base_branch,
        title=f"Tighten baselines as #{ask.pull.number} has measured them",
        body=words.markdown("tighten_pull", number=ask.pull.number),
    )
    return host.upsert_pull(pull, is_first=True)
