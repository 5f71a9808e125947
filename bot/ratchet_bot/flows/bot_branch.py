"""A branch of the bot with one pull request: opened, kept true, closed; a person's commits are left alone.

A branch is never moved away from a person's work, and while its pull request is open it never points to a
commit without a change, since GitHub would close it: the next commit is made on a draft branch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from markupsafe import Markup

from ratchet_bot.data.names import draft_branch
from ratchet_bot.hosts.effects import PullRequest
from ratchet_bot.hosts.port import Host, HostEffects, HostReads
from ratchet_bot.hosts.states import BranchSnapshot, Commit, PullSnapshot
from ratchet_bot.telling import words

NOTHING_LEFT: Final = "<!-- perf-ratchet:nothing-left -->"
"""How the last comment on a pull request begins: said once, however often closing is tried."""
LEFT_ALONE: Final = "<!-- perf-ratchet:left-alone -->"
"""How the comment begins that says that a person's commits are left alone."""


@dataclass(frozen=True)
class BotBranch:
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
class BranchState:
    """The branch as it was seen."""

    branch: BotBranch
    seen: BranchSnapshot
    """The branch with its file and its pull request."""
    draft_head: str | None
    """Where the draft is; None: there is none."""
    base: BranchSnapshot
    """The base with the same file."""
    commits: Sequence[Commit] | None
    """What the branch has and the base has not; None: not read yet, see `with_commits`."""

    @property
    def head(self) -> str | None:
        """Where the branch is; None: there is none."""
        return self.seen.head

    @property
    def base_head(self) -> str:
        """Where the base is."""
        return str(self.base.head)

    @property
    def pull(self) -> PullSnapshot | None:
        """The pull request that is open, or was the latest."""
        return self.seen.pull

    @property
    def open_pull(self) -> PullSnapshot | None:
        """The pull request, if it is open."""
        return self.pull if self.pull and self.pull.is_open else None

    @property
    def is_declined(self) -> bool:
        """Whether a person has closed the pull request just as the branch stands."""
        return bool(self.pull and not self.pull.is_open and self.pull.head_sha == self.head)


def branch_state(
    branch: BotBranch, seen: BranchSnapshot, draft_head: str | None, base: BranchSnapshot
) -> BranchState:
    """Return the branch as it was seen, with its commits where the host has told them."""
    state = BranchState(branch, seen, draft_head, base, commits=None)
    if state.head is None or state.head == state.base_head:
        return replace(state, commits=())
    pull = state.open_pull
    is_current = pull and (pull.head_sha, pull.base_branch) == (state.head, branch.base)
    return replace(state, commits=pull.commits) if pull and is_current else state


def with_commits(host: HostReads, state: BranchState) -> BranchState:
    """Return the branch with its commits: one request where the host has not told them yet."""
    if state.commits is not None:
        return state
    return replace(state, commits=host.commits(state.base_head, str(state.head)))


def with_proposal(host: HostReads, state: BranchState) -> tuple[BranchState, bytes | None]:
    """Return the branch, and the file as it proposes it; None where it proposes nothing.

    Where no pull request is open, its commits say whether it does: that may take one request.
    """
    content = state.seen.files[state.branch.path]
    if content is None or content == state.base.files[state.branch.path]:
        return state, None
    if state.open_pull:
        return state, content
    state = with_commits(host, state)
    return state, content if state.commits else None


def publish(
    host: Host, login: str, state: BranchState, content: bytes, message: str, pull: PullRequest
) -> int | None:
    """Make the pull request propose this content of the file; return its number, or None where it stays shut.

    Done again it changes nothing; broken off anywhere, doing it again mends it.

    Args:
        host: The repository.
        login: In whose name the bot commits.
        state: The branch.
        content: The whole file.
        message: Of the commit.
        pull: What the pull request says.
    """
    state, proposed = with_proposal(host, state)
    if content == proposed and state.is_declined:
        return None
    if content != proposed:
        state = with_commits(host, state)
        if _has_foreign_work(state, login):
            return _left_alone(host, state)
        _commit(host, state, content, message)
    return host.upsert_pull(pull, is_first=state.pull is None, seen=state.open_pull)


def withdraw(host: Host, login: str, state: BranchState, reason: str) -> int | None:
    """Close the pull request, if one is open, and let the branch propose nothing; return its number.

    Args:
        host: The repository.
        login: In whose name the bot commits.
        state: The branch.
        reason: The last comment, as Markdown.
    """
    pull = state.open_pull
    if pull is None:
        return None
    state = with_commits(host, state)
    if _has_foreign_work(state, login):
        return _left_alone(host, state)
    host.reset_branch(state.branch.name, state.head, state.base_head)
    host.close_pull(pull.number, NOTHING_LEFT, reason, key=pull.key)
    return pull.number


def _commit(hub: HostEffects, state: BranchState, content: bytes, message: str) -> None:
    """Put the file on the branch, in one commit on top of the base."""
    branch, files = state.branch, {state.branch.path: content}
    if state.open_pull is None:
        hub.rebuild_branch(branch.name, state.head, state.base_head, files, message)
        return
    made = hub.rebuild_branch(branch.draft, state.draft_head, state.base_head, files, message)
    hub.reset_branch(branch.name, state.head, made)


def _left_alone(hub: HostEffects, state: BranchState) -> int | None:
    """Say once on an open pull request that a person's commits are left alone; return its number."""
    if state.open_pull is None:
        return None
    marker = Markup(LEFT_ALONE)  # noqa: S704 - a constant
    answer = words.markdown("left_alone", marker=marker, branch=state.branch)
    hub.answer(state.open_pull.number, LEFT_ALONE, answer)
    return state.open_pull.number


def _has_foreign_work(state: BranchState, login: str) -> bool:
    pull = state.pull
    paths = pull.paths if pull and pull.head_sha == state.head else ()
    return has_foreign_commits(state.commits or (), login, paths, state.branch.path)


def has_foreign_commits(commits: Sequence[Commit], login: str, paths: Sequence[str], path: str) -> bool:
    """Return whether somebody else has worked on a branch of the bot.

    A merge that brings nothing of its own is not work, whoever made it: the button "Update branch" makes one.
    It brings nothing when the bot's file is as it was before, and no other file differs from the base.

    Args:
        commits: All that the branch has and its base has not.
        login: In whose name the bot commits. Someone who sets git's author to that name risks only their own
            commits; a GitHub account wins over the name.
        paths: Files in which the branch differs from where it left the base; none where that is not known.
        path: The file that the bot changes.
    """
    by_sha = {commit.sha: commit for commit in commits}
    foreign = [commit for commit in commits if commit.author != login]
    if not foreign:
        return False
    return list(paths) != [path] or not all(_only_merges_base(commit, by_sha) for commit in foreign)


def _only_merges_base(merge: Commit, by_sha: Mapping[str, Commit]) -> bool:
    """Whether a commit merges the base, which alone has what is not listed, and leaves our file alone."""
    if len(merge.parents) != 2 or merge.parents[1] in by_sha:  # noqa: PLR2004 - ours, and the base's
        return False
    before = by_sha.get(merge.parents[0])
    return before is not None and merge.blob is not None and merge.blob == before.blob
