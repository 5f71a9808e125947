"""A branch of the bot with one pull request: opened, kept true, closed; a person's commits are left alone.

A branch is never moved away from a person's work, and while its pull request is open it never points to a
commit without a change, since GitHub would close it: the next commit is made on a draft branch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from bot import render
from bot.handlers.fetched import HubAndHost
from bot.host import Pull
from bot.hub import PullRequest

DRAFT_SUFFIX = "-draft"
"""Of the branch on which the next commit of an open pull request is made."""
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
        return self.name + DRAFT_SUFFIX


@dataclass(frozen=True)
class OwnBranch:
    """The branch as it was seen, with the host to look again."""

    target: Target
    host: HubAndHost
    login: str
    """In whose name the bot commits."""
    heads: Mapping[str, str | None]
    """Of the branch, its draft and its base."""
    content: bytes | None
    """The file on the branch; None where it is not."""
    base_content: bytes | None
    """The file on the base."""
    pull: Pull | None
    """The pull request that is open, or was the latest."""
    is_ahead: bool
    """Whether the file differs from the base's because of what was committed to the branch."""

    @property
    def head(self) -> str | None:
        """Where the branch is; None: there is none."""
        return self.heads[self.target.name]

    @property
    def base_head(self) -> str:
        """Where the base is."""
        return str(self.heads[self.target.base])

    @property
    def open_pull(self) -> Pull | None:
        """The pull request, if it is open."""
        return self.pull if self.pull and self.pull.is_open else None

    @property
    def proposed(self) -> bytes | None:
        """The file as the branch proposes it; None where it proposes nothing."""
        return self.content if self.is_ahead else None

    @property
    def is_declined(self) -> bool:
        """Whether a person has closed the pull request just as the branch stands."""
        return bool(self.pull and not self.pull.is_open and self.pull.head_sha == self.head)

    def has_others(self) -> bool:
        """Whether somebody else has committed to it. Asks the host."""
        if self.head is None or self.head == self.base_head:
            return False
        return any(it.author != self.login for it in self.host.commits(self.base_head, self.head))


def seen(
    host: HubAndHost,
    login: str,
    target: Target,
    heads: Mapping[str, str | None],
    contents: tuple[bytes | None, bytes | None],
) -> OwnBranch:
    """Return the branch as it is: no request where there is none, otherwise one, at most two.

    Args:
        host: Where it is.
        login: In whose name the bot commits.
        target: What it is for.
        heads: Where the branch, its draft and its base are.
        contents: The file on the branch, and on the base.
    """
    head, base_head = heads[target.name], heads[target.base]
    pull = host.latest_pull(target.name) if head else None
    differs = head is not None and contents[0] is not None and contents[0] != contents[1]
    is_open = pull is not None and pull.is_open
    is_ahead = differs and (is_open or bool(host.commits(str(base_head), str(head))))
    return OwnBranch(target, host, login, heads, *contents, pull, is_ahead)


def publish(branch: OwnBranch, content: bytes, message: str, pull: PullRequest) -> int | None:
    """Make the pull request propose this content of the file; return its number, or None where it stays shut.

    Done again it changes nothing; broken off anywhere, doing it again mends it.
    """
    if content == branch.proposed and branch.is_declined:
        return None
    if content != branch.proposed:
        if branch.has_others():
            return _leave(branch)
        _commit(branch, content, message)
    return branch.host.upsert_pull(pull, is_first=branch.pull is None)


def withdraw(branch: OwnBranch, reason: str) -> int | None:
    """Close the pull request, if one is open, and let the branch propose nothing; return its number."""
    if branch.open_pull is None:
        return None
    if branch.has_others():
        return _leave(branch)
    if branch.head != branch.base_head:
        branch.host.reset_branch(branch.target.name, branch.head, branch.base_head)
    branch.host.close_pull(branch.open_pull.number, NOTHING_LEFT, reason)
    return branch.open_pull.number


def _commit(branch: OwnBranch, content: bytes, message: str) -> None:
    """Put the file on the branch, in one commit on top of the base."""
    host, target, base_head = branch.host, branch.target, branch.base_head
    made_on = target.draft if branch.open_pull else target.name
    host.reset_branch(made_on, branch.heads[made_on], base_head)
    made = host.commit_files(made_on, base_head, {target.path: content}, message)
    if branch.open_pull:
        host.reset_branch(target.name, branch.head, made)


def _leave(branch: OwnBranch) -> int | None:
    """Say once that a person's commits are left alone."""
    if branch.open_pull is None:
        return None
    marker = Markup(LEFT_ALONE)  # noqa: S704 - a constant
    said = render.markdown("left_alone", marker=marker, branch=branch.target)
    branch.host.answer(branch.open_pull.number, LEFT_ALONE, said)
    return branch.open_pull.number
