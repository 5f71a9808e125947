"""The port to a repository host: everything the bot may read there, and the full list of its side effects.

Every method raises `HostRefused` when the host refused or did not answer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from ratchet_bot.data.errors import Refused
from ratchet_bot.data.events import CommandComment
from ratchet_bot.hosts.effects import Check, Closing, Issue, PullRequest, Reaction
from ratchet_bot.hosts.states import (
    Artifact,
    Commit,
    DefaultBranch,
    JudgingFiles,
    OwnCheck,
    Place,
    Pull,
    PullSnapshot,
    PullState,
    RepositoryState,
    Run,
)


class HostRefused(Refused):
    """The host did not do what was asked. The message is one line that says what to do about it."""


class BranchMoved(HostRefused):
    """A branch is not at the expected commit; it was left alone."""

    def __init__(self, branch: str, expected: str | None, now: str | None) -> None:
        """Say where the branch is.

        Args:
            branch: Its name.
            expected: Full SHA that was expected; None: the branch should not exist.
            now: Full SHA where it is; None: it does not exist.
        """
        if expected is None:
            problem = f"is there already, at {(now or '')[:7]}; look at it"
        elif now is None:
            problem = f"is gone since it was at {expected[:7]}; look why"
        else:
            problem = f"has moved on since {expected[:7]}: it is at {now[:7]}; look at it"
        super().__init__(f"{branch} {problem}, then ask again")


class HostReads(Protocol):
    """A repository, read. No method changes anything."""

    def default_branch(self, path: str) -> DefaultBranch:
        """Return the default branch with one file of it, in one request."""

    def repository_state(
        self, files: Mapping[str, Sequence[str]], proposals: Mapping[str, str], label: str
    ) -> RepositoryState:
        """Return branches and issues of the bot, in one request whatever their number.

        The files are those of the very commit that is given as the head of their branch.

        Args:
            files: The requested paths by branch; a branch without paths is given with its head only.
            proposals: Branches from which the bot proposes, each with the one file that it changes there.
            label: Of the issues.
        """

    def head(self, branch: str) -> str | None:
        """Return the full SHA of a branch's head, or None when there is no such branch."""

    def files_at(self, places: Iterable[Place]) -> Mapping[Place, bytes | None]:
        """Return the contents of files, all in one request; None where there is no such file.

        A missing commit or branch gives None too. Commits of a fork's pull request are found.
        """

    def judging_files(self, pull: int, places: Iterable[Place]) -> JudgingFiles:
        """Return files as `files_at` does, and since when a pull request has its base, in one request."""

    def merge_base(self, base: str, head: str) -> str:
        """Return the full SHA of the merge base of two branches or full SHAs."""

    def commits(self, base: str, head: str) -> Sequence[Commit]:
        """Return the commits of `head` that `base` does not have, oldest first, at most 250."""

    def changed_paths(self, ancestor: str, head: str) -> Sequence[str] | None:
        """Return the paths of the files in which a commit differs from an ancestor.

        None when it is not an ancestor, or when there are more paths than the host lists (GitHub: 300).
        """

    def run(self, run_id: int) -> Run:
        """Return a run."""

    def runs(self, workflow: str, *, head_sha: str | None = None, branch: str | None = None) -> Sequence[Run]:
        """Return the latest runs of a workflow file, newest first, at most 100."""

    def artifacts(self, run_id: int) -> Sequence[Artifact]:
        """Return the artifacts of all attempts of a run."""

    def artifact(self, artifact_id: int, most_bytes: int) -> bytes:
        """Return the zip of an artifact; a larger one is refused."""

    def pulls_of(self, run: Run) -> Sequence[Pull]:
        """Return the open pull requests with the run's commit, branch and repository as their head."""

    def pull(self, number: int) -> Pull:
        """Return a pull request."""

    def pull_state(self, number: int, config: str, branch: str) -> PullState:
        """Return the state of a pull request, in one request.

        Args:
            number: Of the pull request.
            config: Path of a file on the default branch.
            branch: A branch of the bot, which may not exist.
        """

    def own_check(self, sha: str, name: str) -> OwnCheck | None:
        """Return the bot's latest check of this name on a commit, or None."""

    def may_write(self, login: str) -> bool:
        """Return whether a person may push to the repository, according to the host."""


class HostEffects(Protocol):
    """A repository, written. Every effect is idempotent: doing it twice leaves what doing it once leaves.

    A marker is an HTML comment with which a body begins. A comment or issue is the bot's own when it begins
    with the marker and the bot wrote it. `is_first` says that nothing can be there yet: the first try then
    does not look before it writes, which saves a request. A body without its marker raises ValueError.
    """

    def upsert_comment(self, pull: int, marker: str, body: str) -> str:
        """Set the bot's one comment with this marker on a pull request to this Markdown; return its URL."""

    def revise_comment(self, pull: int, marker: str, revise: Callable[[str | None], str | None]) -> str:
        """Set the bot's one comment to what follows from its current body; return its URL.

        It is read and written in one go, and read again before a second try, so a late writer cannot
        overwrite a newer body.

        Args:
            pull: Number of the pull request.
            marker: Of the comment.
            revise: From the current body, None without a comment, to the new one; None leaves the comment as
                it is. It may be called more than once.

        Returns:
            The comment's URL; "" when there is no comment.
        """

    def answer(self, pull: int, marker: str, body: str, *, is_first: bool = False) -> str:
        """Post one comment with a marker of its own on a pull request; return its URL.

        An existing one is edited, so a command repeated or half done is answered once.
        """

    def reply(
        self, comment: CommandComment, marker: str, body: str, reaction: Reaction, *, is_first: bool = False
    ) -> str:
        """Answer a comment as `answer` does and react to it as `react` does, in one request where possible.

        Returns:
            The answer's URL.
        """

    def react(self, comment: int, reaction: Reaction) -> bool:
        """React to a comment; return whether the reaction is new (GitHub: 201, else 200)."""

    def upsert_check(self, check: Check, *, is_first: bool = False) -> str:
        """Set the commit's check of this name and external id; return its URL.

        A check in progress never replaces a concluded one, since it is late. A check that yields is not made
        where another run has one; an existing one concludes like the other run's.
        """

    def commit_files(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Put files on a branch in one commit, if its head is the expected one; return the commit's SHA.

        Args:
            branch: Name of an existing branch.
            expected_head: Full SHA that the branch must have.
            files: Whole content by path from the top of the repository.
            message: Commit message; the first line is its headline.

        Raises:
            BranchMoved: the branch is at another commit.
        """

    def reset_branch(self, branch: str, expected_head: str | None, to: str) -> None:
        """Move a branch of the bot to a commit, if its head is the expected one. Already there is fine.

        Args:
            branch: A branch of the bot.
            expected_head: Full SHA that the branch must have; None: it must not exist, and is made.
            to: Full SHA.

        Raises:
            BranchMoved: the branch is at another commit.
        """

    def rebuild_branch(
        self, branch: str, expected_head: str | None, base: str, files: Mapping[str, bytes], message: str
    ) -> str:
        """Make a branch one commit on top of a base, if its head is the expected one; return its new head.

        Args:
            branch: A branch of the bot.
            expected_head: Full SHA that the branch must have; None: it must not exist, and is made. A branch
                at `base` is fine.
            base: Full SHA of the new commit's parent.
            files: Whole content by path from the top of the repository.
            message: Commit message; the first line is its headline.

        Raises:
            BranchMoved: the branch is at another commit.
        """

    def start_branch(self, branch: str, files: Mapping[str, bytes], message: str) -> str:
        """Make a branch of one commit without parents; return its head. An existing branch is left alone."""

    def upsert_pull(
        self, pull: PullRequest, *, is_first: bool = False, seen: PullSnapshot | None = None
    ) -> int:
        """Open a pull request, or update the open one of its branch; return its number.

        Args:
            pull: The pull request.
            is_first: None can be open.
            seen: The open one, as it was just read: the first try then does not look either.
        """

    def close_pull(self, number: int, marker: str, reason: str, *, key: str = "") -> None:
        """Close a pull request of the bot with a last comment; a closed one stays closed.

        Args:
            number: Of the pull request.
            marker: Of the last comment, so that it is posted once.
            reason: The rest of the last comment, as Markdown.
            key: The host's id, when it was just read as open: the first try then does not look.
        """

    def settle_issues(self, wanted: Sequence[Issue], over: Sequence[Closing]) -> Sequence[int]:
        """Open or update issues by their markers, and close others with a last comment.

        Closed ones stay closed. After `repository_state` has read the issues, all of it is one request, and
        none where nothing changes. After a refusal, what was done so far stays.

        Args:
            wanted: What is open afterwards.
            over: What is closed afterwards.

        Returns:
            The numbers of the wanted issues, in their order.
        """


class Host(HostReads, HostEffects, Protocol):
    """A repository host that is read and written."""
