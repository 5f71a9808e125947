"""What the bot leaves on a repository host: checks, pull requests, issues, answers. Pure data."""

from dataclasses import dataclass
from typing import Final, Literal

from ratchet_bot.hosts.host import OpenIssue

Conclusion = Literal["success", "failure", "action_required"]
"""`action_required` blocks a merge as `failure` does, and asks a person to look; "neutral" would pass."""
Reaction = Literal["eyes", "rocket", "-1", "confused"]
"""Seen, done, not allowed, not understood."""
CARRIED: Final = "carried-over"
"""External id of a check that repeats what was said of another commit, which follows: a run's word stands."""


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A remark at one line of a file of the commit."""

    path: str
    line: int
    """From 1."""
    level: Literal["failure", "warning", "notice"]
    title: str
    message: str


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request that the bot proposes, from a branch of its own."""

    branch: str
    """Its head, a branch of this repository."""
    base: str
    title: str
    body: str
    """Markdown."""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue of the bot, found again by its marker."""

    marker: str
    """HTML comment with which the body begins."""
    title: str
    body: str
    labels: tuple[str, ...] = ()
    seen: OpenIssue | None = None
    """The open one with this marker, as it was seen just now; None: none was."""


@dataclass(frozen=True)
class Closing:
    """An issue of the bot that is over."""

    issue: OpenIssue
    """As it was seen just now."""
    marker: str
    """HTML comment with which the last comment begins, so that it is said once."""
    reason: str
    """The rest of it, as Markdown."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """The verdict as a check run on one commit."""

    name: str
    """What branch protection calls it, such as "perf-ratchet"."""
    head_sha: str
    conclusion: Conclusion | None
    """None while it is in progress."""
    title: str
    """One line."""
    summary: str
    """Markdown. GitHub takes at most 65,535 characters."""
    external_id: str
    """What was judged, "run/attempt" or anything else: saying it twice for the same id changes nothing."""
    annotations: tuple[Annotation, ...] = ()
    """Lines of the commit's files that are wrong, the gravest first. GitHub takes 50 at once."""
    yields: bool = False
    """Whether it says nothing of the commit itself: what is said for another run then stands."""
    elsewhere: str = ""
    """What one in progress of the same external id and another name is told, as Markdown: its run is judged
    here, so it concludes as action_required. "" leaves such a one alone."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A comment of a person that is replied to."""

    pull: int
    """Number of the pull request."""
    comment: int
    pull_node: str = ""
    """What GitHub's GraphQL calls the pull request; "" where that is not told."""
    comment_node: str = ""
