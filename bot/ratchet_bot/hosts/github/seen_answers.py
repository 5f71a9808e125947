"""What GitHub tells of all that a night looks at, by GraphQL: the few fields that are read."""

from pydantic import AliasPath, Field

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.answers import Told
from ratchet_bot.hosts.github.git_answers import GitObject, Oid


class Entry(Told):
    """A file of a commit."""

    object: GitObject | None


class Actor(Told):
    """Who wrote something."""

    kind: str = Field(alias="__typename")
    login: str

    @property
    def full_login(self) -> str:
        """The login as REST tells it: GraphQL leaves the "[bot]" of an app away."""
        return f"{self.login}[bot]" if self.kind == "Bot" else self.login


class Person(Told):
    """A person's account."""

    login: str


class Author(Told):
    """Who made a commit. An app is no `user`; its name in git is its login."""

    name: str | None
    user: Person | None


class Commit(Told):
    """A commit of a pull request."""

    oid: str = Field(validation_alias=AliasPath("commit", "oid"))
    message: str = Field(validation_alias=AliasPath("commit", "message"))
    author: Author | None = Field(validation_alias=AliasPath("commit", "author"))
    parents: tuple[Oid, ...] = Field(validation_alias=AliasPath("commit", "parents", "nodes"))
    file: Oid | None = Field(validation_alias=AliasPath("commit", "file"))

    def seen(self) -> states.Commit:
        """Return it as the bot sees it."""
        person = self.author.user if self.author else None
        name = self.author.name if self.author else None
        return states.Commit(
            sha=self.oid,
            author=person.login if person else name or "",
            message=self.message,
            parents=tuple(it.oid for it in self.parents),
            blob=self.file.oid if self.file else None,
        )


class Path(Told):
    """A file that a pull request changes."""

    path: str


class Name(Told):
    """A label."""

    name: str


class Pull(Told):
    """A pull request."""

    id: str
    number: int
    state: str
    title: str
    body: str
    head: str = Field(alias="headRefOid")
    base: str = Field(alias="baseRefName")
    labels: tuple[Name, ...] = Field(validation_alias=AliasPath("labels", "nodes"))
    paths: tuple[Path, ...] = Field(validation_alias=AliasPath("files", "nodes"))
    commits: tuple[Commit, ...] = Field(validation_alias=AliasPath("commits", "nodes"))
    total_commits: int = Field(validation_alias=AliasPath("commits", "totalCount"))

    def seen(self) -> states.PullSnapshot:
        """Return it as the bot sees it. GitHub takes a moment until it knows of a push."""
        commits = tuple(it.seen() for it in self.commits)
        is_whole = len(commits) == self.total_commits and self.head in {it.sha for it in commits}
        return states.PullSnapshot(
            key=self.id,
            number=self.number,
            is_open=self.state == "OPEN",
            head_sha=self.head,
            base_branch=self.base,
            title=self.title,
            body=self.body,
            labels=tuple(it.name for it in self.labels),
            commits=commits if is_whole else None,
            paths=tuple(it.path for it in self.paths),
        )


class Branch(Told):
    """A branch, its commit and the files of it that were asked for, by the names that the query gave them."""

    target: dict[str, Entry | str | None]
    open: tuple[Pull, ...] = Field((), validation_alias=AliasPath("open", "nodes"))
    closed: tuple[Pull, ...] = Field((), validation_alias=AliasPath("closed", "nodes"))

    @property
    def head(self) -> str:
        """The commit's name."""
        return str(self.target["oid"])

    def blob(self, name: str) -> GitObject | None:
        """Return a file under its name in the query."""
        entry = self.target[name]
        return entry.object if isinstance(entry, Entry) else None


class Issue(Told):
    """An issue."""

    id: str
    number: int
    title: str
    body: str
    author: Actor | None
    labels: tuple[Name, ...] = Field(validation_alias=AliasPath("labels", "nodes"))

    def is_of(self, login: str) -> bool:
        """Whether this account wrote it."""
        return self.author is not None and self.author.full_login == login

    def seen(self) -> states.OpenIssue:
        """Return it as the bot sees it."""
        labels = tuple(it.name for it in self.labels)
        return states.OpenIssue(
            key=self.id, number=self.number, title=self.title, body=self.body, labels=labels
        )


class Named(Told):
    """A label, by its own name."""

    id: str


class Home(Told):
    """The repository, its name, the label that was asked for, and the issues with it."""

    id: str
    label: Named | None
    issues: tuple[Issue, ...] = Field(validation_alias=AliasPath("issues", "nodes"))


class Seen(Told):
    """The answer to `seen_query`."""

    home: Home
    branches: dict[str, Branch | None]


class Begin(Told):
    """The answer to `BEGIN`: an empty repository has no default branch."""

    name: str = Field(validation_alias=AliasPath("repository", "defaultBranchRef", "name"))
    target: dict[str, Entry | str | None] = Field(
        validation_alias=AliasPath("repository", "defaultBranchRef", "target")
    )
