"""GitHub's REST answers: the few fields that the bot reads, checked."""

from datetime import datetime

from pydantic import AliasPath, BaseModel, ConfigDict, Field

from ratchet_bot.hosts import states
from ratchet_bot.hosts.effects import CARRIED


class WireModel(BaseModel):
    """A part of an answer; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Permission(WireModel):
    """A person's rights in the repository."""

    permission: str


class Installation(WireModel):
    """A GitHub App's installation in the repository."""

    id: int
    app_slug: str


class InstallationToken(WireModel):
    """A token of an installation."""

    token: str


class Account(WireModel):
    """A person or a bot."""

    login: str


class IssueComment(WireModel):
    """A comment on an issue or pull request."""

    id: int
    user: Account | None
    """None: the account is gone."""
    body: str | None = None
    html_url: str

    def is_of(self, login: str, marker: str) -> bool:
        """Whether this account wrote it and began with the marker."""
        return self.user is not None and self.user.login == login and (self.body or "").startswith(marker)


class CheckOutput(WireModel):
    """The texts of a check run."""

    title: str | None
    summary: str | None
    annotations_count: int


class App(WireModel):
    """A GitHub App, such as the one behind a workflow's own token."""

    slug: str


class CheckRun(WireModel):
    """A check run."""

    id: int
    name: str
    external_id: str | None
    status: str
    conclusion: str | None
    html_url: str | None
    output: CheckOutput
    app: App | None
    """The app that made it: only that app may edit it."""

    def is_by(self, login: str) -> bool:
        """Whether the app behind this account made it."""
        return self.app is None or f"{self.app.slug}[bot]" == login

    def is_of(self, login: str, external_id: str) -> bool:
        """Whether the app behind this account made it with this external id."""
        return self.external_id == external_id and self.is_by(login)

    def is_of_another(self, login: str, external_id: str) -> bool:
        """Whether the app behind this account made it for another run; attempts of one run are one run."""
        run = (self.external_id or "").partition("/")[0]
        return self.is_by(login) and run not in {external_id.partition("/")[0], CARRIED}


class Label(WireModel):
    """A label of an issue or pull request."""

    name: str


class LabelNode(WireModel):
    """A label of the repository."""

    node_id: str
    """Its GraphQL id."""


class HeadRepository(WireModel):
    """The repository of a head."""

    full_name: str


class PullHead(WireModel):
    """The head of a pull request."""

    ref: str
    sha: str
    repo: HeadRepository | None
    """None: it has been deleted."""


class PullBase(WireModel):
    """The base of a pull request: a branch of our repository."""

    ref: str
    sha: str
    default_branch: str = Field(validation_alias=AliasPath("repo", "default_branch"))


class RestPull(WireModel):
    """A pull request."""

    number: int
    state: str
    title: str
    body: str | None
    user: Account | None
    labels: tuple[Label, ...]
    head: PullHead
    base: PullBase

    def is_from(self, repository: str, sha: str | None = None) -> bool:
        """Whether its head is in this repository, and at this commit where one is given."""
        is_here = self.head.repo is not None and self.head.repo.full_name.lower() == repository.lower()
        return is_here and sha in {None, self.head.sha}

    def as_state(self) -> states.Pull:
        """Return it as the port has it."""
        return states.Pull(
            number=self.number,
            is_open=self.state == "open",
            head_sha=self.head.sha,
            head_branch=self.head.ref,
            head_repository=self.head.repo.full_name if self.head.repo else "",
            base_branch=self.base.ref,
            base_sha=self.base.sha,
            default_branch=self.base.default_branch,
            author=self.user.login if self.user else "",
            labels=tuple(label.name for label in self.labels),
        )


class RestIssue(WireModel):
    """An issue. GitHub lists pull requests among them."""

    number: int
    state: str
    title: str
    body: str | None = None
    user: Account | None
    labels: tuple[Label, ...]
    pull_request: object = None

    def as_state(self) -> states.OpenIssue:
        """Return it as the port has it."""
        labels = tuple(label.name for label in self.labels)
        return states.OpenIssue(number=self.number, title=self.title, body=self.body or "", labels=labels)


class WorkflowRun(WireModel):
    """A run of a workflow."""

    id: int
    run_attempt: int = 1
    path: str
    event: str
    status: str | None
    conclusion: str | None
    head_sha: str
    head_branch: str | None
    head_repository: HeadRepository | None
    """None: it has been deleted."""
    created_at: datetime
    html_url: str

    def as_state(self) -> states.Run:
        """Return it as the port has it."""
        return states.Run(
            run_id=self.id,
            attempt=self.run_attempt,
            workflow=self.path.partition("@")[0],  # a required workflow's path ends in @ and its ref
            event=self.event,
            status=self.status or "",
            conclusion=self.conclusion,
            head_sha=self.head_sha,
            head_branch=self.head_branch or "",
            head_repository=self.head_repository.full_name if self.head_repository else "",
            created_at=self.created_at,
            url=self.html_url,
        )


class RunArtifact(WireModel):
    """An artifact of a run."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool

    def as_state(self) -> states.Artifact:
        """Return it as the port has it."""
        return states.Artifact(
            artifact_id=self.id, name=self.name, size_bytes=self.size_in_bytes, is_expired=self.expired
        )


class NamedObject(WireModel):
    """An object of git."""

    sha: str


class Reference(WireModel):
    """A branch."""

    object: NamedObject


class GitAuthor(WireModel):
    """The author of a commit, according to git."""

    name: str = ""


class GitCommit(WireModel):
    """A commit, according to git."""

    author: GitAuthor | None
    message: str


class ChangedFile(WireModel):
    """A file that a commit changes."""

    filename: str
    previous_filename: str | None = None
    """Its path before, if it was renamed."""
    sha: str | None
    """Git's blob id of its content."""


class RestCommit(WireModel):
    """A commit."""

    sha: str
    commit: GitCommit
    author: Account | None
    parents: tuple[NamedObject, ...]
    files: tuple[ChangedFile, ...] = ()

    def as_state(self) -> states.Commit:
        """Return it as the port has it."""
        git_name = self.commit.author.name if self.commit.author else ""
        author = self.author.login if self.author else git_name
        return states.Commit(sha=self.sha, author=author, message=self.commit.message)


class HistoryComparison(WireModel):
    """The commits and files by which two histories differ."""

    merge_base_commit: NamedObject
    commits: tuple[RestCommit, ...]
    files: tuple[ChangedFile, ...] = ()


class BlobContent(WireModel):
    """A file's content."""

    content: str
    encoding: str
