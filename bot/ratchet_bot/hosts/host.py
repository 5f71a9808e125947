"""What is read from a repository host: runs, pull requests, files, permissions. It changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Protocol, TypeAlias

Place: TypeAlias = tuple[str, str]
"""Where a file is: a commit or branch, or "HEAD" for the default branch, and a path from the top."""
COMPLETED: Final = "completed"
"""Status of a run, or a check, that has ended, however it has."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a workflow, as the host knows it: never as an artifact claims."""

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
    """Where a person can see it."""

    @property
    def day(self) -> date:
        """The day on which it began, in UTC."""
        return self.created_at.astimezone(UTC).date()

    @property
    def has_ended(self) -> bool:
        """Whether it is over, however it has ended."""
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
    """Of the repository into which it goes."""
    author: str
    """Login; "" for a deleted account."""
    labels: tuple[str, ...] = ()

    @property
    def goes_into_default(self) -> bool:
        """Whether its base is the default branch, whose rules and baselines are the repository's own."""
        return self.base_branch == self.default_branch


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """Files that a run has left."""

    artifact_id: int
    name: str
    size_bytes: int
    """Of the zip, as the host says."""
    is_expired: bool


@dataclass(frozen=True, kw_only=True)
class OpenIssue:
    """An open issue of the bot."""

    number: int
    key: str = ""
    """The host's own name of it; "" where it was not told."""
    title: str
    body: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit, without its files."""

    sha: str
    author: str
    """Login where the host tells of an account. Else git's name, which whoever commits may choose: GraphQL
    tells of none for an app, so the bot's own commits are known by that name alone, and it proves nothing."""
    message: str
    is_as_made: bool = True
    """Whether nobody seems to have amended or rebased it since."""
    parents: tuple[str, ...] = ()
    """Full SHAs of the commits that it is on top of, the first one first."""
    blob: str | None = None
    """Git's name of the content of the one file that was asked about; None where that was not told."""


@dataclass(frozen=True, kw_only=True)
class OwnBranch:
    """A branch of the bot's own."""

    head: str
    """Full SHA."""
    commits: tuple[Commit, ...]
    """Of its history, the newest first, at most 100."""
    pull: Pull | None
    """Its open pull request, else the newest closed one."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a pull request stands: all that a command has to know of it, as it is at one moment."""

    pull: Pull
    commits: tuple[Commit, ...]
    """Of the pull request, the newest first, at most 100."""
    settled_at: datetime
    """Since when the pull request is open and goes into its base, as of `Grounds`."""
    base_head: str | None
    """Full SHA at which its base branch is now; None when that is gone."""
    config: bytes | None
    """The file that was asked for, as it is on the default branch."""
    own: OwnBranch | None
    """The bot's branch that was asked for, when it is there."""


@dataclass(frozen=True, kw_only=True)
class OwnCheck:
    """What the bot has said last of a commit, as a check."""

    conclusion: str | None
    """"success", "failure", "action_required"; None while it is in progress."""
    carried_from: str
    """The commit that was measured, where this was carried over from it to one of ours; else "".

    We said so of a commit that we had made, and only baselines have changed in between."""
    title: str
    summary: str
    """Markdown."""


@dataclass(frozen=True)
class Grounds:
    """By what a run of a pull request is judged."""

    files: Mapping[Place, bytes | None]
    """By place; None where there is none."""
    settled_at: datetime
    """Since when the pull request is open and goes into its base: runs before may be of another merge."""


@dataclass(frozen=True, kw_only=True)
class SeenPull:
    """A pull request from a branch of the bot, as it was seen."""

    key: str
    """The host's own name of it."""
    number: int
    is_open: bool
    head_sha: str
    base_branch: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    commits: tuple[Commit, ...] | None = None
    """What its head has and its base has not, oldest first; None where not all of it was told."""
    paths: tuple[str, ...] = ()
    """Files in which its head differs from where it left the base; two of them stand for any more."""


@dataclass(frozen=True, kw_only=True)
class SeenBranch:
    """A branch as it was seen."""

    name: str
    head: str | None
    """Full SHA; None: there is no such branch."""
    files: Mapping[str, bytes | None]
    """By path, the files at its head that were asked for; None where there is none."""
    pull: SeenPull | None = None
    """The pull request that is open, else the newest closed one."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Branches and issues of the bot, seen together."""

    branches: Mapping[str, SeenBranch]
    issues: Sequence[OpenIssue]
    """The bot's own open ones."""


@dataclass(frozen=True)
class Beginning:
    """What decides where to look for anything else."""

    default_branch: str
    content: bytes | None
    """The file that was asked for, as that branch has it; None where there is none."""


class Host(Protocol):
    """A repository, read. Every method raises `HubRefused` when the host would not, or did not answer."""

    def beginning(self, path: str) -> Beginning:
        """Return the name of the default branch and a file of it, in one request."""

    def seen(self, files: Mapping[str, Sequence[str]], proposals: Mapping[str, str], label: str) -> Seen:
        """Return branches and issues of the bot, in one request whatever their number.

        A file is as it is at the very commit that is told as the head of its branch.

        Args:
            files: By branch the paths that are wanted; of a branch without any, its head is told.
            proposals: Branches from which the bot proposes, each with the one file that it changes there.
            label: Of the issues.
        """

    def head(self, branch: str) -> str | None:
        """Return the full SHA at which a branch is, or None when there is no such branch."""

    def files_at(self, places: Iterable[Place]) -> Mapping[Place, bytes | None]:
        """Return files as they are, all in one request; None where there is none.

        A place whose commit or branch is not there is None too. A commit of a fork's pull request is there.
        """

    def grounds(self, pull: int, places: Iterable[Place]) -> Grounds:
        """Return files as `files_at` does, and since when a pull request is as it is, in the same request."""

    def merge_base(self, base: str, head: str) -> str:
        """Return the full SHA of the commit at which two histories, of branches or full SHAs, parted."""

    def commits(self, base: str, head: str) -> Sequence[Commit]:
        """Return the commits of `head` that `base` does not have, oldest first, at most 250."""

    def changed_paths(self, ancestor: str, head: str) -> Sequence[str] | None:
        """Return the paths of the files in which a commit differs from an ancestor of it.

        None when it is no ancestor, or when there are more than the host lists (GitHub: 300).
        """

    def run(self, run_id: int) -> Run:
        """Return a run."""

    def runs(self, workflow: str, *, head_sha: str | None = None, branch: str | None = None) -> Sequence[Run]:
        """Return the latest runs of a workflow's file, newest first, at most 100."""

    def artifacts(self, run_id: int) -> Sequence[Artifact]:
        """Return the artifacts of a run, of all its attempts."""

    def artifact(self, artifact_id: int, most_bytes: int) -> bytes:
        """Return the zip of an artifact; refuses one that is larger."""

    def pulls_of(self, run: Run) -> Sequence[Pull]:
        """Return the open pull requests whose head is the run's commit, branch and repository."""

    def pull(self, number: int) -> Pull:
        """Return a pull request."""

    def standing(self, number: int, config: str, branch: str) -> Standing:
        """Return how a pull request stands, all in one request.

        Args:
            number: Of the pull request.
            config: Path of a file of the default branch.
            branch: Of the bot's own, which may not be there.
        """

    def own_check(self, sha: str, name: str) -> OwnCheck | None:
        """Return the latest check of this name that the bot has made on a commit, or None."""

    def may_write(self, login: str) -> bool:
        """Return whether a person may push to the repository, as its own API says."""
