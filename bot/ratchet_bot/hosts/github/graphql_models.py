"""GitHub's GraphQL answers: the few fields that the bot's queries ask for, checked."""

from datetime import datetime, timedelta
from typing import Final

from pydantic import AliasPath, Field

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.rest_models import Account, Label, WireModel

RUN_LAG: Final = timedelta(seconds=10)
"""From what starts a run until GitHub has created it. Chosen: a few seconds, with some to spare."""


class Oid(WireModel):
    """An object of git."""

    oid: str


class GitObject(Oid):
    """A file's content; a folder has only its id."""

    kind: str = Field(alias="__typename")
    text: str | None = None


class Files(WireModel):
    """The answer to a query for files, by their names in the query."""

    repository: dict[str, GitObject | None]


class BaseMove(WireModel):
    """A pull request was reopened, or got another base."""

    kind: str = Field(alias="__typename")
    at: datetime = Field(alias="createdAt")

    @property
    def settled_at(self) -> datetime:
        """When no run of the old base can begin any more. Runs started by reopening have the new base."""
        return self.at if self.kind == "ReopenedEvent" else self.at + RUN_LAG


class SettledPull(WireModel):
    """Since when a pull request has its base."""

    created_at: datetime = Field(alias="createdAt")
    moves: tuple[BaseMove, ...] = Field(validation_alias=AliasPath("timelineItems", "nodes"))
    """The last one; empty when there was none."""

    @property
    def settled_at(self) -> datetime:
        """Since when its runs measure the merge that it would be now."""
        return max([self.created_at, *(move.settled_at for move in self.moves)])


class FilesAndPull(Files):
    """The answer to a query for files and a pull request."""

    pull: SettledPull = Field(validation_alias=AliasPath("whose", "pullRequest"))


class Actor(Account):
    """An account. GraphQL leaves out the "[bot]" of an app."""

    kind: str = Field(alias="__typename")

    @property
    def full_login(self) -> str:
        """The login as in REST."""
        return f"{self.login}[bot]" if self.kind == "Bot" else self.login


class CommitAuthor(WireModel):
    """The author of a commit. An app is not a `user`; its name in git is its login."""

    name: str | None
    user: Account | None


class GraphqlCommit(Oid):
    """A commit."""

    message: str
    author: CommitAuthor | None
    authored: datetime | None = Field(None, alias="authoredDate")
    committed: datetime | None = Field(None, alias="committedDate")
    parents: tuple[Oid, ...] = Field((), validation_alias=AliasPath("parents", "nodes"))
    file: Oid | None = None

    def as_state(self) -> states.Commit:
        """Return it as the port has it. Git dates a commit anew when it is amended or rebased."""
        user = self.author.user if self.author else None
        git_name = self.author.name if self.author else None
        return states.Commit(
            sha=self.oid,
            author=user.login if user else git_name or "",
            message=self.message,
            is_as_made=self.authored == self.committed,
            parents=tuple(parent.oid for parent in self.parents),
            blob=self.file.oid if self.file else None,
        )


class PullCommit(WireModel):
    """A commit of a pull request."""

    commit: GraphqlCommit


class GraphqlPull(WireModel):
    """A pull request."""

    number: int
    state: str
    head_sha: str = Field(alias="headRefOid")
    base_branch: str = Field(alias="baseRefName")
    labels: tuple[Label, ...] = Field(validation_alias=AliasPath("labels", "nodes"))

    @property
    def is_open(self) -> bool:
        """Whether it is neither closed nor merged."""
        return self.state == "OPEN"

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of its labels."""
        return tuple(label.name for label in self.labels)


class NameWithOwner(WireModel):
    """The repository of a head."""

    full_name: str = Field(alias="nameWithOwner")


class OpenedPull(GraphqlPull):
    """A pull request with its author, head and base."""

    head_branch: str = Field(alias="headRefName")
    head_repository: NameWithOwner | None = Field(alias="headRepository")
    """None: it has been deleted."""
    base_sha: str = Field(alias="baseRefOid")
    author: Actor | None

    def as_state(self, default_branch: str) -> states.Pull:
        """Return it as the port has it."""
        return states.Pull(
            number=self.number,
            is_open=self.is_open,
            head_sha=self.head_sha,
            head_branch=self.head_branch,
            head_repository=self.head_repository.full_name if self.head_repository else "",
            base_branch=self.base_branch,
            base_sha=self.base_sha,
            default_branch=default_branch,
            author=self.author.full_login if self.author else "",
            labels=self.label_names,
        )


class RequestedPull(OpenedPull, SettledPull):
    """The pull request on which a command was given."""

    base_head: str | None = Field(None, validation_alias=AliasPath("baseRef", "target", "oid"))
    """Full SHA of its base branch; None: the branch is gone."""
    commits: tuple[PullCommit, ...] = Field(validation_alias=AliasPath("commits", "nodes"))
    """Oldest first."""


class PullBranch(WireModel):
    """A branch of the bot with its history and pull requests."""

    head: str = Field(validation_alias=AliasPath("target", "oid"))
    commits: tuple[GraphqlCommit, ...] = Field(validation_alias=AliasPath("target", "history", "nodes"))
    """Newest first."""
    pulls: tuple[OpenedPull, ...] = Field(validation_alias=AliasPath("associatedPullRequests", "nodes"))

    def as_state(self, default_branch: str) -> states.ProposalBranch:
        """Return it as the port has it."""
        newest = max(self.pulls, key=lambda pull: (pull.is_open, pull.number), default=None)
        return states.ProposalBranch(
            head=self.head,
            commits=tuple(commit.as_state() for commit in self.commits),
            pull=newest.as_state(default_branch) if newest else None,
        )


class PullStateAnswer(WireModel):
    """The repository with a pull request, a file and a branch."""

    id: str
    default_branch: str = Field(validation_alias=AliasPath("defaultBranchRef", "name"))
    config: GitObject | None
    pull: RequestedPull = Field(alias="pullRequest")
    own: PullBranch | None


class ChangedPath(WireModel):
    """A file that a pull request changes."""

    path: str


class ProposedPull(GraphqlPull):
    """A pull request from a branch of the bot."""

    id: str
    title: str
    body: str
    paths: tuple[ChangedPath, ...] = Field(validation_alias=AliasPath("files", "nodes"))
    commits: tuple[PullCommit, ...] = Field(validation_alias=AliasPath("commits", "nodes"))
    total_commits: int = Field(validation_alias=AliasPath("commits", "totalCount"))

    def as_state(self) -> states.PullSnapshot:
        """Return it as the port has it. GitHub takes a moment until it knows of a push."""
        commits = tuple(pull_commit.commit.as_state() for pull_commit in self.commits)
        has_head = self.head_sha in {commit.sha for commit in commits}
        return states.PullSnapshot(
            key=self.id,
            number=self.number,
            is_open=self.is_open,
            head_sha=self.head_sha,
            base_branch=self.base_branch,
            title=self.title,
            body=self.body,
            labels=self.label_names,
            commits=commits if has_head and len(commits) == self.total_commits else None,
            paths=tuple(changed.path for changed in self.paths),
        )


class TreeEntry(WireModel):
    """A file of a commit."""

    object: GitObject | None


class BranchAnswer(WireModel):
    """A branch with the requested files of its head, by their names in the query, and its pull requests."""

    target: dict[str, TreeEntry | str | None]
    open: tuple[ProposedPull, ...] = Field((), validation_alias=AliasPath("open", "nodes"))
    closed: tuple[ProposedPull, ...] = Field((), validation_alias=AliasPath("closed", "nodes"))

    @property
    def head(self) -> str:
        """Full SHA of its head."""
        return str(self.target["oid"])

    def blob(self, name: str) -> GitObject | None:
        """Return a file by its name in the query."""
        entry = self.target[name]
        return entry.object if isinstance(entry, TreeEntry) else None


class GraphqlIssue(WireModel):
    """An issue."""

    id: str
    number: int
    title: str
    body: str
    author: Actor | None
    labels: tuple[Label, ...] = Field(validation_alias=AliasPath("labels", "nodes"))

    def as_state(self) -> states.OpenIssue:
        """Return it as the port has it."""
        return states.OpenIssue(
            key=self.id,
            number=self.number,
            title=self.title,
            body=self.body,
            labels=tuple(label.name for label in self.labels),
        )


class RepositoryStateAnswer(WireModel):
    """The repository with its label and issues, and its branches by their names in the query."""

    id: str = Field(validation_alias=AliasPath("home", "id"))
    label_id: str | None = Field(None, validation_alias=AliasPath("home", "label", "id"))
    issues: tuple[GraphqlIssue, ...] = Field(validation_alias=AliasPath("home", "issues", "nodes"))
    branches: dict[str, BranchAnswer | None]


class DefaultBranchAnswer(WireModel):
    """The default branch with one file; an empty repository has no default branch."""

    name: str = Field(validation_alias=AliasPath("repository", "defaultBranchRef", "name"))
    file: TreeEntry | None = Field(
        validation_alias=AliasPath("repository", "defaultBranchRef", "target", "file")
    )
