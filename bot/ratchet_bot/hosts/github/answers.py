"""What GitHub tells of runs, pull requests and the rest: the few fields that are read, checked."""

from datetime import datetime

from pydantic import AliasPath, BaseModel, ConfigDict, Field

from ratchet_bot.hosts import states
from ratchet_bot.hosts.effects import CARRIED


class Told(BaseModel):
    """Something that GitHub tells; what is not read is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Account(Told):
    """A person or a bot."""

    login: str


class Repository(Told):
    """A repository."""

    full_name: str


class Home(Told):
    """The repository, as a pull request into it tells."""

    default_branch: str


class Permission(Told):
    """What somebody may do."""

    permission: str


class Installation(Told):
    """Where a GitHub App is installed."""

    id: int
    app_slug: str


class Token(Told):
    """What a GitHub App may ask with."""

    token: str


class Comment(Told):
    """A comment in the conversation of an issue or pull request."""

    id: int
    user: Account | None
    """None: the account is gone."""
    body: str | None = None
    html_url: str

    def is_of(self, login: str, marker: str) -> bool:
        """Whether this account wrote it and began with the marker."""
        return self.user is not None and self.user.login == login and (self.body or "").startswith(marker)


class CheckOutput(Told):
    """What a check run says."""

    title: str | None
    summary: str | None
    annotations_count: int


class App(Told):
    """A GitHub App, such as the one behind a workflow's own token."""

    slug: str


class CheckRun(Told):
    """A check run."""

    id: int
    name: str
    external_id: str | None
    status: str
    conclusion: str | None
    html_url: str | None
    output: CheckOutput
    app: App | None
    """Whose it is: only that app may edit it."""

    def is_by(self, login: str) -> bool:
        """Whether the app behind this account made it."""
        return self.app is None or f"{self.app.slug}[bot]" == login

    def is_of(self, login: str, external_id: str) -> bool:
        """Whether the app behind this account made it, of this identity."""
        return self.external_id == external_id and self.is_by(login)

    def is_of_another(self, login: str, external_id: str) -> bool:
        """Whether the app behind this account made it, of another run: its attempts are one run."""
        return self.is_by(login) and self.run not in {_run_of(external_id), CARRIED}

    @property
    def run(self) -> str:
        """Which run it is of; `CARRIED` where it is of none."""
        return _run_of(self.external_id or "")


def _run_of(external_id: str) -> str:
    return external_id.partition("/")[0]


class Side(Told):
    """One side of a pull request."""

    ref: str
    sha: str
    repo: Repository | None
    """None: it has been deleted."""


class Base(Told):
    """The side of a pull request into which it goes: a branch of our repository."""

    ref: str
    sha: str
    repo: Home


class Label(Told):
    """A label."""

    name: str


class KnownLabel(Told):
    """A label of the repository."""

    node_id: str
    """What GraphQL calls it."""


class OpenedIssue(Told):
    """The answer to createIssue."""

    number: int = Field(validation_alias=AliasPath("issue", "number"))


class Pull(Told):
    """A pull request."""

    number: int
    state: str
    title: str
    body: str | None
    user: Account | None
    labels: tuple[Label, ...]
    head: Side
    base: Base

    def is_from(self, repository: str, sha: str | None = None) -> bool:
        """Whether its head is in this repository, and at this commit where one is named."""
        here = self.head.repo is not None and self.head.repo.full_name.lower() == repository.lower()
        return here and sha in {None, self.head.sha}

    def seen(self) -> states.Pull:
        """Return it as the bot sees it."""
        return states.Pull(
            number=self.number,
            is_open=self.state == "open",
            head_sha=self.head.sha,
            head_branch=self.head.ref,
            head_repository=self.head.repo.full_name if self.head.repo else "",
            base_branch=self.base.ref,
            base_sha=self.base.sha,
            default_branch=self.base.repo.default_branch,
            author=self.user.login if self.user else "",
            labels=tuple(it.name for it in self.labels),
        )


class Issue(Told):
    """An issue. GitHub lists pull requests among them."""

    number: int
    state: str
    title: str
    body: str | None = None
    user: Account | None
    labels: tuple[Label, ...]
    pull_request: object = None

    def seen(self) -> states.OpenIssue:
        """Return it as the bot sees it."""
        labels = tuple(it.name for it in self.labels)
        return states.OpenIssue(number=self.number, title=self.title, body=self.body or "", labels=labels)


class Run(Told):
    """A run of a workflow."""

    id: int
    run_attempt: int = 1
    path: str
    event: str
    status: str | None
    conclusion: str | None
    head_sha: str
    head_branch: str | None
    head_repository: Repository | None
    """None: it has been deleted."""
    created_at: datetime
    html_url: str

    def seen(self) -> states.Run:
        """Return it as the bot sees it."""
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


class Artifact(Told):
    """Files that a run has left."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool

    def seen(self) -> states.Artifact:
        """Return it as the bot sees it."""
        return states.Artifact(
            artifact_id=self.id, name=self.name, size_bytes=self.size_in_bytes, is_expired=self.expired
        )
