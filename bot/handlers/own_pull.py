"""For a fork, to which we cannot push: the change as a pull request of our own into the base branch."""

from collections.abc import Callable
from dataclasses import dataclass

from bot import render
from bot.handlers.asked import Ask, Change, message_of, reply_of
from bot.handlers.fetched import HubAndHost
from bot.handlers.replies import CannotBeDone, Reply
from bot.hub import HubRefused, PullRequest


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
    base: str = ""
    """Into which branch our open pull request goes; "" when there is none."""


def reply(host: HubAndHost, ask: Ask, change_at: Callable[[str], Change], *, is_first: bool) -> Reply:
    """Do it; where that is refused, show the change instead.

    Args:
        host: The repository.
        ask: What is asked.
        change_at: From a commit to what would be changed there.
        is_first: Whether nobody can have done it yet.

    Raises:
        CannotBeDone: there is nothing to take values from.
        HubRefused: the host would not, or did not answer, and this is not the last attempt.
    """
    place = _place(host, ask)
    made = "" if is_first else _made_before(host, ask, place)
    if made:
        number = place.number or _proposed(host, ask, place)
        return Reply("rocket", render.markdown("answer_again", sha=made, number=number), 0)
    change = change_at(place.head)
    if ask.command.dry_run:
        return reply_of(change)
    if not change.made:
        # What an earlier command has left on the branch may not be proposed yet.
        return reply_of(change, number=_proposed(host, ask, place) if place.is_ready else None)
    return _change_proposed(host, ask, place, change)


def _made_before(host: HubAndHost, ask: Ask, place: _Place) -> str:
    """Return the SHA of our commit that did this before, or ""."""
    return ask.made_in(host.commits(place.base or ask.pull.base_branch, place.head)) if place.is_ready else ""


def _change_proposed(host: HubAndHost, ask: Ask, place: _Place, change: Change) -> Reply:
    """Commit and propose; where that is refused for good, show the change."""
    try:
        if not place.is_ready:
            host.reset_branch(place.branch, place.before, place.head)
        sha = host.commit_files(place.branch, place.head, change.files, message_of(ask, change))
    except HubRefused as refused:
        if not ask.is_last:
            raise
        return reply_of(change, refusal=str(refused))
    try:
        return reply_of(change, sha=sha, number=_proposed(host, ask, place))
    except HubRefused as refused:
        return reply_of(change, refusal=str(refused))


def _place(host: HubAndHost, ask: Ask) -> _Place:
    """Return our branch for this pull request: as it is while it is proposed, else from the base anew."""
    branch = f"perf-ratchet/tighten-{ask.pull.number}"
    head = host.head(branch)
    ours = host.latest_pull(branch) if head is not None else None
    if ours and ours.is_open:
        return _Place(branch, ours.head_sha, number=ours.number, base=ours.base_branch)
    if head is not None and ours is None:  # a command that has not come to propose it yet
        return _Place(branch, head)
    base = host.head(ask.pull.base_branch)
    if base is None:
        raise CannotBeDone(f"The branch {ask.pull.base_branch}, into which this would go, is not there.")
    return _Place(branch, base, before=head, is_ready=False)


def _proposed(host: HubAndHost, ask: Ask, place: _Place) -> int:
    """Open our pull request, or find the open one; return its number.

    The open one keeps its base: the author of the fork's may have moved theirs, which decides nothing here.
    """
    return host.upsert_pull(
        PullRequest(
            branch=place.branch,
            base=place.base or ask.pull.base_branch,
            title=f"Tighten baselines as #{ask.pull.number} has measured them",
            body=render.markdown("tighten_pull", number=ask.pull.number),
        )
    )
