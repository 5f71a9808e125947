"""What is read from a repository host: runs, pull requests, branches, issues, files. Pure data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, TypeAlias

Place: TypeAlias = tuple[str, str]
"""A file: a commit or branch ("HEAD" for the default branch), and a path from the top."""
COMPLETED: Final = "completed"
"""Status of a run or a check that has ended, whatever its conclusion."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a workflow, according to the host, never to an artifact."""

    run_id: int
    attempt: int
    workflow: str
    """Path of the workflow's file, such as ".github/workflows/profile.yml"."""
    event: str
    """What started it: "pull_request", "schedule", "workflow_dispatch"."""
    status: str
    """"queued", "in_progress", `COMPLETED`."""
    conclusion: str | None
    """"success", "failure", "cancelled", "timed_out", ...; None before the end."""
    head_sha: str
    head_branch: str
    head_repository: str
    """"owner/name"; "" when it has been deleted."""
    created_at: datetime
    url: str
    """Its page for people."""

    @property
    def day(self) -> date:
        """The day on which it began, in UTC."""
        return self.created_at.astimezone(UTC).date()

    @property
    def has_ended(self) -> bool:
        """Whether it is over, whatever its conclusion."""
        return self.status == COMPLETED


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull request."""

    number: int
    is_open: bool
    head_sha: str
    head_branch: str
    head_repository: str
    """"owner/name"; "" when it has been deleted."""
    base_branch: str
    base_sha: str
    default_branch: str
    """Default branch of the repository that it targets."""
    author: str
    """Login; "" for a deleted account."""
    labels: tuple[str, ...] = ()

    @property
    def goes_into_default(self) -> bool:
        """Whether its base is the default branch, which has the repository's rules and baselines."""
        return self.base_branch == self.default_branch


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """Files that a run uploaded."""

    artifact_id: int
    name: str
    size_bytes: int
    """Size of the zip, according to the host."""
    is_expired: bool


@dataclass(frozen=True, kw_only=True)
class OpenIssue:
    """An open issue of the bot."""

    number: int
    key: str = ""
    """The host's id of it; "" where it is unknown."""
    title: str
    body: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit, without its files."""

    sha: str
    author: str
    """Login where the host knows the account, else git's name, which any committer may choose. GraphQL gives
    no account for an app, so only git's name marks the bot's own commits, and it proves nothing."""
    message: str
    is_as_made: bool = True
    """False when it seems to have been amended or rebased since."""
    parents: tuple[str, ...] = ()
    """Full SHAs of its parents, the first parent first."""
    blob: str | None = None
    """Git's blob id of the one requested file; None where it is unknown."""


@dataclass(frozen=True, kw_only=True)
class ProposalBranch:
    """A branch of the bot with tightened baselines, and its pull request."""

    head: str
    """Full SHA."""
    commits: tuple[Commit, ...]
    """Of its history, newest first, at most 100."""
    pull: Pull | None
    """Its open pull request, else the newest closed one."""


@dataclass(frozen=True, kw_only=True)
class PullState:
    """State of a pull request when a command is handled, read in one request."""

    pull: Pull
    commits: tuple[Commit, ...]
    """Of the pull request, newest first, at most 100."""
    settled_at: datetime
    """Since when the pull request is open with this base, as in `JudgingFiles`."""
    base_head: str | None
    """Full SHA of its base branch now; None when the branch is gone."""
    config: bytes | None
    """Content of the requested file on the default branch."""
    own: ProposalBranch | None
    """The requested branch of the bot, if it exists."""


@dataclass(frozen=True, kw_only=True)
class OwnCheck:
    """The bot's latest check on a commit."""

    conclusion: str | None
    """"success", "failure", "action_required"; None while it is in progress."""
    carried_from: str
    """The measured commit, set when the check was copied to a bot commit of baselines only; else ""."""
    title: str
    summary: str
    """Markdown."""


@dataclass(frozen=True)
class JudgingFiles:
    """The files by which a run of a pull request is judged."""

    contents: Mapping[Place, bytes | None]
    """By place; None where there is no such file."""
    settled_at: datetime
    """Since when the pull request is open with this base: earlier runs may have measured another merge."""


@dataclass(frozen=True, kw_only=True)
class PullSnapshot:
    """A pull request from a branch of the bot, as it was when it was read."""

    key: str
    """The host's id of it."""
    number: int
    is_open: bool
    head_sha: str
    base_branch: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    commits: tuple[Commit, ...] | None = None
    """Commits of its head that its base lacks, oldest first; None when the host did not give all of them."""
    paths: tuple[str, ...] = ()
    """Files in which its head differs from the merge base, at most two."""


@dataclass(frozen=True, kw_only=True)
class BranchSnapshot:
    """A branch, as it was when it was read."""

    name: str
    head: str | None
    """Full SHA; None when there is no such branch."""
    files: Mapping[str, bytes | None]
    """The requested files at its head, by path; None where there is no such file."""
    pull: PullSnapshot | None = None
    """The open pull request, else the newest closed one."""


@dataclass(frozen=True, kw_only=True)
class RepositoryState:
    """Branches and open issues of the bot, read together."""

    branches: Mapping[str, BranchSnapshot]
    issues: Sequence[OpenIssue]
    """The bot's own open issues."""


@dataclass(frozen=True)
class DefaultBranch:
    """The default branch, with one file of it."""

    name: str
    content: bytes | None
    """Content of the requested file; None where there is no such file."""
