"""What `/tighten-baselines` asks, and where the change goes. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ratchet_bot.data.commands import TightenBaselines
from ratchet_bot.data.events import CommandComment
from ratchet_bot.data.names import pull_branch
from ratchet_bot.data.settings import Hardware, Settings
from ratchet_bot.flows.replies import CannotBeDone
from ratchet_bot.hosts.states import Commit, OwnCheck, Pull, PullState

TRAILER: Final = "perf-ratchet-command: "
"""How the last line of a commit's message begins that a command has made; the comment's id follows."""


@dataclass(frozen=True)
class TightenRequest:
    """What is asked, and of which pull request."""

    comment: CommandComment
    command: TightenBaselines
    pull_state: PullState
    settings: Settings
    hardware: Mapping[str, Hardware]
    """The hardware that is meant."""
    check: OwnCheck | None = None
    """The bot's latest check of the head, where it may put a commit on it."""

    @property
    def pull(self) -> Pull:
        """The pull request."""
        return self.pull_state.pull

    @property
    def is_fork(self) -> bool:
        """Whether the pull request's branch is in another repository, to which we cannot push."""
        return self.pull.head_repository.lower() != self.comment.repository.lower()

    @property
    def trailer(self) -> str:
        """The line of a commit's message by which a repeated command finds what it has done."""
        return f"{TRAILER}{self.comment.comment_id}"


@dataclass(frozen=True)
class Destination:
    """The branch that the change goes to."""

    branch: str
    head: str
    """SHA of the commit on which the change is made."""
    commits: tuple[Commit, ...] = ()
    """What is on the branch already, the newest first."""
    is_ready: bool = True
    """Whether the branch is at `head`."""
    moved_from: str | None = None
    """SHA at which a branch is that is not ready; None: it is not there."""
    number: int | None = None
    """The bot's open pull request of that branch."""


def destination_of(request: TightenRequest) -> Destination:
    """Return the pull request's own branch; for a fork, a branch of the bot.

    That one continues while it is proposed, or while a command has not come to propose it; else it starts
    again from the base.

    Raises:
        CannotBeDone: there is no branch into which it would go.
    """
    pull, own, base = request.pull, request.pull_state.own, request.pull_state.base_head
    if not request.is_fork:
        return Destination(pull.head_branch, pull.head_sha, request.pull_state.commits)
    branch = pull_branch(pull.number)
    if own and (own.pull is None or own.pull.is_open):
        return Destination(branch, own.head, own.commits, number=own.pull.number if own.pull else None)
    if base is None:
        raise CannotBeDone(f"The branch {pull.base_branch}, into which this would go, is not there.")
    return Destination(branch, base, is_ready=False, moved_from=own.head if own else None)


def commit_of(request: TightenRequest, commits: Iterable[Commit]) -> str:
    """Return the SHA of the commit that did what is asked, or "" when there is none among these."""
    return next((commit.sha for commit in commits if request.trailer in commit.message.splitlines()), "")
