"""Everything the bot may do to a repository host: the full list of its side effects."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ratchet_bot.data.errors import Refused
from ratchet_bot.hosts.effects import Check, Closing, Issue, PullRequest, Question, Reaction
from ratchet_bot.hosts.host import Host, SeenPull


class HubRefused(Refused):
    """The host did not do what was asked. The message is one line that says what to do about it."""


class BranchMoved(HubRefused):
    """A branch is not where it was thought to be; it was left alone."""

    def __init__(self, branch: str, expected: str | None, now: str | None) -> None:
        """Say where it is.

        Args:
            branch: Its name.
            expected: Full SHA where it was thought to be; None: it should not be there.
            now: Full SHA where it is; None: it is not there.
        """
        if expected is None:
            said = f"is there already, at {(now or '')[:7]}; look at it"
        elif now is None:
            said = f"is gone since it was at {expected[:7]}; look why"
        else:
            said = f"has moved on since {expected[:7]}: it is at {now[:7]}; look at it"
        super().__init__(f"{branch} {said}, then ask again")


class Hub(Protocol):
    """A repository host. Every effect is idempotent: done twice, it leaves what once would have left."""

    def upsert_comment(self, pull: int, marker: str, body: str) -> str:
        """Make the bot's one comment on a pull request say this.

        Args:
            pull: Number of the pull request.
            marker: HTML comment with which the body begins. A comment is the bot's own when it begins with it
                and the bot wrote it.
            body: Markdown.

        Returns:
            Where a person can read it.

        Raises:
            HubRefused: the host would not, or did not answer.
            ValueError: the body does not begin with the marker.
        """

    def revise_comment(self, pull: int, marker: str, revise: Callable[[str | None], str | None]) -> str:
        """Make the bot's one comment say what follows from what it says now.

        The comment is read and written in one go, and read again before a second try: so what it says now
        decides, and a late writer cannot take the place of a newer one.

        Args:
            pull: Number of the pull request.
            marker: HTML comment with which the body begins, as for `upsert_comment`.
            revise: From the whole body as it is, None when there is no comment yet, to what it shall be;
                None leaves it as it is. It may be called more than once.

        Returns:
            Where a person can read it; "" when there is no comment.

        Raises:
            HubRefused: the host would not, or did not answer.
            ValueError: the new body does not begin with the marker.
        """

    def upsert_check(self, check: Check, *, is_first: bool = False) -> str:
        """Make the commit's check of this name and external id say this.

        One that is in progress never takes the place of a concluded one: it was late. One that yields is not
        made where there is one of another run; the one that is there concludes as the other run's has.

        Args:
            check: What it says.
            is_first: None can be there: the first try need not look, which saves a request.

        Returns:
            Where a person can read it.

        Raises:
            HubRefused: the host would not, or did not answer.
        """

    def commit_files(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Put files on a branch in one commit, only if the branch still points where we think.

        Args:
            branch: Name of an existing branch.
            expected_head: Full SHA that the branch must have.
            files: Whole content by path from the top of the repository.
            message: Commit message; the first line is its headline.

        Returns:
            The SHA of the new commit.

        Raises:
            BranchMoved: the branch is elsewhere.
            HubRefused: the host would not, or did not answer.
        """

    def answer(self, pull: int, marker: str, body: str, *, is_first: bool = False) -> str:
        """Say something once on a pull request, in a comment of its own.

        Args:
            pull: Number of the pull request.
            marker: HTML comment with which the body begins, another for each answer: an answer that is there
                already is edited, so that a command repeated or half done is answered once.
            body: Markdown.
            is_first: Nobody can have answered yet: the first try need not look, which saves a request.

        Returns:
            Where a person can read it.

        Raises:
            HubRefused: the host would not, or did not answer.
        """

    def reply(
        self, question: Question, marker: str, body: str, reaction: Reaction, *, is_first: bool = False
    ) -> str:
        """Answer a comment, as `answer` does, then react to it, as `react` does: at once where that can be.

        Returns:
            Where a person can read the answer.

        Raises:
            HubRefused: the host would not, or did not answer.
        """

    def react(self, comment: int, reaction: Reaction) -> bool:
        """React to a comment. Doing it again changes nothing.

        Returns:
            Whether the host says that the reaction was not there before (GitHub: 201, else 200).

        Raises:
            HubRefused: the host would not, or did not answer.
        """

    def reset_branch(self, branch: str, expected_head: str | None, to: str) -> None:
        """Make a branch point to a commit, only if it still is where we think.

        Args:
            branch: A branch of the bot's own.
            expected_head: Full SHA that the branch must have; None: it must not exist, and is made.
            to: Full SHA. A branch that is there already is fine.

        Raises:
            BranchMoved: the branch is elsewhere.
            HubRefused: the host would not, or did not answer.
        """

    def rebuild_branch(
        self, branch: str, expected_head: str | None, base: str, files: Mapping[str, bytes], message: str
    ) -> str:
        """Make a branch one commit on top of another, only if it still is where we think; return its head.

        Args:
            branch: A branch of the bot's own.
            expected_head: Full SHA that the branch must have; None: it must not exist, and is made. A branch
                at `base` is fine.
            base: Full SHA of the commit on top of which the files are put.
            files: Whole content by path from the top of the repository.
            message: Commit message; the first line is its headline.

        Raises:
            BranchMoved: the branch is elsewhere.
            HubRefused: the host would not, or did not answer.
        """

    def start_branch(self, branch: str, files: Mapping[str, bytes], message: str) -> str:
        """Make a branch without any past, with one commit that holds these files; return its head.

        A branch that is there already is left alone.

        Raises:
            HubRefused: the host would not, or did not answer.
        """

    def upsert_pull(self, pull: PullRequest, *, is_first: bool = False, seen: SeenPull | None = None) -> int:
        """Open a pull request, or make the open one of this branch say this; return its number.

        Args:
            pull: What it says.
            is_first: None can be open: the first try need not look, which saves a request.
            seen: The open one, as it was seen just now: then too.

        Raises:
            HubRefused: the host would not, or did not answer.
        """

    def close_pull(self, number: int, marker: str, reason: str, *, key: str = "") -> None:
        """Close a pull request of the bot with a last comment. One that is closed already stays so.

        Args:
            number: Of the pull request.
            marker: HTML comment with which the last comment begins, so that it is said once.
            reason: The rest of it, as Markdown.
            key: The host's own name of it, where it was seen open just now: the first try need not look.

        Raises:
            HubRefused: the host would not, or did not answer.
        """

    def settle_issues(self, wanted: Sequence[Issue], over: Sequence[Closing]) -> Sequence[int]:
        """Open issues, or make the open ones with their markers say this; close others with a last comment.

        One that is closed already stays so. After `host.Host.seen` has looked at the issues, all of it is
        one request, and none where nothing changes.

        Args:
            wanted: What is open afterwards.
            over: What is closed afterwards.

        Returns:
            The numbers of those that are wanted, in their order.

        Raises:
            HubRefused: the host would not, or did not answer; what was done so far stays.
            ValueError: a body does not begin with its marker.
        """


class HubAndHost(Hub, Host, Protocol):
    """A repository host that is read and written."""
