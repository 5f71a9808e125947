"""Everything the bot may do to a repository host: the full list of its side effects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Conclusion = Literal["success", "failure", "action_required"]
"""`action_required` blocks a merge as `failure` does, and asks a person to look; "neutral" would pass."""


class HubRefused(Exception):
    """The host did not do what was asked. The message is one line that says what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """The verdict as a check run on one commit."""

    name: str
    """What branch protection calls it, such as "perf-ratchet"."""
    head_sha: str
    conclusion: Conclusion
    title: str
    """One line."""
    summary: str
    """Markdown. GitHub takes at most 65,535 characters."""
    external_id: str
    """What was judged, such as a run id: saying it twice for the same id changes nothing."""


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

    def upsert_check(self, check: Check) -> str:
        """Make the commit's check of this name and external id say this.

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
            HubRefused: the branch has moved on, or the host would not, or did not answer.
        """
