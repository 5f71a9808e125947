"""A branch of the bot with one pull request: opened, kept true, closed; a person's commits are left alone.

A branch is never moved away from a person's work, and while its pull request is open it never points to a
commit without a change, since GitHub would close it: the next commit is made on a draft branch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from ratchet_bot.data.repo_names import draft_branch
from ratchet_bot.flows.others import has_others
from ratchet_bot.hosts.effects import PullRequest
from ratchet_bot.hosts.host import Commit, SeenBranch, SeenPull
from ratchet_bot.hosts.hub import HubAndHost
from ratchet_bot.telling import words

NOTHING_LEFT = "<!-- perf-ratchet:nothing-left -->"
"""How the last word in a pull request begins: said once, however often closing is tried."""
LEFT_ALONE = "<!-- perf-ratchet:left-alone -->"
"""How the comment begins that says so."""


@dataclass(frozen=True)
class Target:
    """What the branch is for."""

    name: str
    """Of the branch."""
    base: str
    """The branch that its pull request is for."""
    path: str
    """The file that it changes."""

    @property
    def draft(self) -> str:
        """The branch on which the next commit is made."""
        return draft_branch(self.name)


@dataclass(frozen=True)
class NightlyBranch:
    """The branch as it was seen, with the host to look again."""

    target: Target
    host: HubAndHost
    login: str
    """In whose name the bot commits."""
    seen: SeenBranch
    """The branch with its file and its pull request."""
    draft_head: str | None
    """Where the draft is; None: there is none."""
    base: SeenBranch
    """The base with the same file."""

    @property
    def head(self) -> str | None:
        """Where the branch is; None: there is none."""
        return self.seen.head

    @property
    def base_head(self) -> str:
        """Where the base is."""
        return str(self.base.head)

    @property
    def pull(self) -> SeenPull | None:
        """The pull request that is open, or was the latest."""
        return self.seen.pull

    @property
    def open_pull(self) -> SeenPull | None:
        """The pull request, if it is open."""
        return self.pull if self.pull and self.pull.is_open else None

    @property
    def proposed(self) -> bytes | None:
        """The file as the branch proposes it; None where it proposes nothing. May ask the host, once."""
        content = self.seen.files[self.target.path]
        differs = content is not None and content != self.base.files[self.target.path]
        return content if differs and (self.open_pull or self._commits) else None

    @property
    def is_declined(self) -> bool:
        """Whether a person has closed the pull request just as the branch stands."""
        return bool(self.pull and not self.pull.is_open and self.pull.head_sha == self.head)

    @cached_property
    def has_others(self) -> bool:
        """Whether somebody else has worked on it. May ask the host, once."""
        paths = self.pull.paths if self.pull and self.pull.head_sha == self.head else ()
        return has_others(self._commits, self.login, paths, self.target.path)

    @cached_property
    def _commits(self) -> Sequence[Commit]:
        """What the branch has and the base has not."""
        if self.head is None or self.head == self.base_head:
            return ()
        pull = self.open_pull
        if (
            pull
            and pull.commits is not None
            and (pull.head_sha, pull.base_branch) == (self.head, self.target.base)
        ):
            return pull.commits
        return self.host.commits(self.base_head, self.head)


def publish(branch: NightlyBranch, content: bytes, message: str, pull: PullRequest) -> int | None:
    """Make the pull request propose this content of the file; return its number, or None where it stays shut.

    Done again it changes nothing; broken off anywhere, doing it again mends it.
    """
    if content == branch.proposed and branch.is_declined:
        return None
    if content != branch.proposed:
        if branch.has_others:
            return _leave(branch)
        _commit(branch, content, message)
    return branch.host.upsert_pull(pull, is_first=branch.pull is None, seen=branch.open_pull)


def withdraw(branch: NightlyBranch, reason: str) -> int | None:
    """Close the pull request, if one is open, and let the branch propose nothing; return its number."""
    if branch.open_pull is None:
        return None
    if branch.has_others:
        return _leave(branch)
    branch.host.reset_branch(branch.target.name, branch.head, branch.base_head)
    branch.host.close_pull(branch.open_pull.number, NOTHING_LEFT, reason, key=branch.open_pull.key)
    return branch.open_pull.number


def _commit(branch: NightlyBranch, content: bytes, message: str) -> None:
    """Put the file on the branch, in one commit on top of the base."""
    host, target, files = branch.host, branch.target, {branch.target.path: content}
    if branch.open_pull is None:
        host.rebuild_branch(target.name, branch.head, branch.base_head, files, message)
        return
    made = host.rebuild_branch(target.draft, branch.draft_head, branch.base_head, files, message)
    host.reset_branch(target.name, branch.head, made)


def _leave(branch: NightlyBranch) -> int | None:
    """Say once that a person's commits are left alone."""
    if branch.open_pull is None:
        return None
    marker = Markup(LEFT_ALONE)  # noqa: S704 - a constant
    said = words.markdown("left_alone", marker=marker, branch=branch.target)
    branch.host.answer(branch.open_pull.number, LEFT_ALONE, said)
    return branch.open_pull.number
