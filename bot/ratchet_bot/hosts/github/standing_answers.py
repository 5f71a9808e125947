"""What GitHub tells of how a pull request stands, by GraphQL: the few fields that are read."""

from datetime import datetime

from pydantic import AliasPath, Field

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.answers import Account, Label, Told
from ratchet_bot.hosts.github.git_answers import GitObject, Oid, Settled, Target


class Author(Told):
    """Who made a commit. An app is no `user`; its name in git is its login."""

    name: str | None
    user: Account | None


class Commit(Oid):
    """A commit."""

    message: str
    authored: datetime = Field(alias="authoredDate")
    committed: datetime = Field(alias="committedDate")
    author: Author | None

    def seen(self) -> states.Commit:
        """Return it as the bot sees it. Git dates a commit anew when it is amended or rebased."""
        user = self.author.user if self.author else None
        name = self.author.name if self.author else None
        return states.Commit(
            sha=self.oid,
            author=user.login if user else name or "",
            message=self.message,
            is_as_made=self.authored == self.committed,
        )


class PullCommit(Told):
    """A commit of a pull request."""

    commit: Commit


class Actor(Account):
    """An account. GraphQL leaves the "[bot]" of an app away."""

    kind: str = Field(alias="__typename")

    @property
    def full_login(self) -> str:
        """Its login as REST tells it."""
        return f"{self.login}[bot]" if self.kind == "Bot" else self.login


class HeadRepository(Told):
    """Where the head of a pull request is."""

    full_name: str = Field(alias="nameWithOwner")


class Pull(Told):
    """A pull request."""

    number: int
    state: str
    head_sha: str = Field(alias="headRefOid")
    head_branch: str = Field(alias="headRefName")
    head_repository: HeadRepository | None = Field(alias="headRepository")
    """None: it has been deleted."""
    base_branch: str = Field(alias="baseRefName")
    base_sha: str = Field(alias="baseRefOid")
    author: Actor | None
    labels: tuple[Label, ...] = Field(validation_alias=AliasPath("labels", "nodes"))

    @property
    def is_open(self) -> bool:
        """Whether it is neither closed nor merged."""
        return self.state == "OPEN"

    def seen(self, default_branch: str) -> states.Pull:
        """Return it as the bot sees it."""
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
            labels=tuple(it.name for it in self.labels),
        )


class AskedPull(Pull, Settled):
    """The pull request that is asked for."""

    base: Target | None = Field(alias="baseRef")
    """Where its base branch is; None: that is gone."""
    commits: tuple[PullCommit, ...] = Field(validation_alias=AliasPath("commits", "nodes"))
    """The oldest first."""


class ProposalBranch(Told):
    """The bot's own branch."""

    head: str = Field(validation_alias=AliasPath("target", "oid"))
    commits: tuple[Commit, ...] = Field(validation_alias=AliasPath("target", "history", "nodes"))
    """The newest first."""
    pulls: tuple[Pull, ...] = Field(validation_alias=AliasPath("associatedPullRequests", "nodes"))

    def seen(self, default_branch: str) -> states.ProposalBranch:
        """Return it as the bot sees it."""
        newest = max(self.pulls, key=lambda it: (it.is_open, it.number), default=None)
        return states.ProposalBranch(
            head=self.head,
            commits=tuple(it.seen() for it in self.commits),
            pull=newest.seen(default_branch) if newest else None,
        )


class Asked(Told):
    """The repository, with all that is asked for."""

    id: str
    default_branch: str = Field(validation_alias=AliasPath("defaultBranchRef", "name"))
    config: GitObject | None
    pull: AskedPull = Field(alias="pullRequest")
    own: ProposalBranch | None


class Standing(Told):
    """The answer to the query."""

    repository: Asked
