"""What the bot leaves on a repository host: checks, pull requests, issues, answers. Pure data."""

from dataclasses import dataclass
from typing import Final, Literal

from ratchet_bot.hosts.states import OpenIssue

Conclusion = Literal["success", "failure", "action_required"]
"""`action_required` blocks a merge like `failure` and asks a person to look; "neutral" would pass."""
Reaction = Literal["eyes", "rocket", "-1", "confused"]
"""In this order: seen, done, not allowed, not understood."""
CARRIED: Final = "carried-over"
"""Prefix of the external id of a check copied from another commit, whose SHA follows."""


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
    """The open issue with this marker, as it was just read; None when there was none."""


@dataclass(frozen=True)
class Closing:
    """An issue of the bot that is to be closed."""

    issue: OpenIssue
    """As it was just read."""
    marker: str
    """HTML comment with which the last comment begins, so that it is posted once."""
    reason: str
    """The rest of the last comment, as Markdown."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """The verdict as a check run on one commit."""

    name: str
    """Its name in branch protection, such as "perf-ratchet"."""
    head_sha: str
    conclusion: Conclusion | None
    """None while it is in progress."""
    title: str
    """One line."""
    summary: str
    """Markdown. GitHub takes at most 65,535 characters."""
    external_id: str
    """What was judged, "run/attempt" or anything else: posting it twice for one id changes nothing."""
    annotations: tuple[Annotation, ...] = ()
    """Wrong lines of the commit's files, the gravest first. GitHub takes 50 at once."""
    yields: bool = False
    """Whether it has no verdict on the commit itself: another run's check then stands."""
    elsewhere: str = ""
    """Summary, as Markdown, for a check in progress with the same external id and another name: its run is
    judged here, so it concludes as action_required. "" leaves such a check alone."""
