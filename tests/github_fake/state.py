"""What the fake GitHub knows: one repository with its forks, and all that people and programs did there."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pygit2

from github_fake.git import Branches, Commit, Network

PROFILE = ".github/workflows/profile.yml"
RIGHTS = ("actions: read", "checks: write", "contents: write", "issues: write", "pull-requests: write")


@dataclass
class Comment:
    """A comment in the conversation of a pull request or issue."""

    id: int
    pull: int
    author: str | None
    """None: the account is gone."""
    body: str
    reactions: list[tuple[str, str]] = field(default_factory=list)
    """Who, and what, such as ("github-actions[bot]", "eyes")."""


@dataclass
class CheckRun:
    """A verdict on a commit. `said` is what the client sent, all requests together."""

    id: int
    said: dict[str, object]
    author: str
    """Login of the app that made it, and alone may edit it."""
    annotations: list[dict[str, object]] = field(default_factory=list)


@dataclass
class Pull:
    """A pull request."""

    number: int
    author: str | None
    """None: the account is gone."""
    head_branch: str
    head_repository: str | None
    """None: it has been deleted."""
    head_sha: str
    """Follows the branch while the pull request is open."""
    base_branch: str = "main"
    title: str = "Work"
    body: str | None = None
    labels: list[str] = field(default_factory=list)
    is_open: bool = True
    created_at: str = "2020-01-01T00:00:00Z"
    moves: list[tuple[str, str]] = field(default_factory=list)
    """What has happened to it, the oldest first: what GraphQL calls that, and when."""


@dataclass
class Issue:
    """An issue."""

    number: int
    author: str | None
    title: str
    body: str
    labels: list[str] = field(default_factory=list)
    is_open: bool = True


@dataclass
class Run:
    """A run of a workflow."""

    id: int
    workflow: str
    event: str
    head_sha: str
    head_branch: str
    head_repository: str | None
    status: str
    conclusion: str | None
    attempt: int = 1
    created_at: str = ""
    """ISO 8601; "": some day."""


@dataclass
class Artifact:
    """A file that a run has left."""

    id: int
    run: int
    name: str
    content: bytes
    is_expired: bool = False


@dataclass(frozen=True)
class App:
    """A GitHub App that is installed in the repository."""

    id: str
    slug: str
    public_key: str
    """PEM."""
    token: str
    """What it gets for a proof of who it is."""


@dataclass
class State:
    """One repository and what happened in it."""

    repository: str = "octo/demo"
    login: str = "github-actions[bot]"
    """Whose token the client holds."""
    permissions: set[str] = field(default_factory=lambda: set(RIGHTS))
    people: dict[str, str] = field(default_factory=lambda: {"maintainer": "maintain", "writer": "write"})
    """Role by login; everybody else may read."""
    strangers: set[str] = field(default_factory=set)
    """Logins that nobody has."""
    may_open_pulls: bool = True
    """The setting "Allow GitHub Actions to create and approve pull requests"."""
    app: App | None = None
    graphql_text_limit: int = 512_000
    """Bytes of a file after which GraphQL cuts it. Chosen: near what is told of GitHub."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    """Those that the repository knows."""
    refused_mutations: set[str] = field(default_factory=set)
    """What GraphQL refuses to do for now, such as "createIssue"."""
    comments: list[Comment] = field(default_factory=list)
    checks: list[CheckRun] = field(default_factory=list)
    runs: dict[int, Run] = field(default_factory=dict)
    artifacts: list[Artifact] = field(default_factory=list)
    git: Network = field(default_factory=Network)
    url: str = ""
    """Where the API answers, once it does."""
    store_url: str = ""
    """Where artifacts lie: another host, that must not see the token."""

    def __post_init__(self) -> None:
        """Begin with a branch "main" of one commit, and pull request 7 of a person's branch "work"."""
        self._ids = itertools.count(1001)
        self.commit("main", {"README.md": b"# demo\n"}, "Begin")
        self.commit("work", {"src.py": b"steps = 50\n"}, "Work", author="writer")
        self.pull("work", author="writer", number=7)

    @property
    def commits(self) -> dict[str, Commit]:
        """All commits by SHA, those of forks too."""
        return self.git.commits

    @property
    def branches(self) -> Branches:
        """SHA of the head by name, in the repository itself."""
        return self.git.branches()

    def heads(self, repository: str | None) -> Branches:
        """Return the branches of the repository, or of a fork by "owner/name"."""
        return self.git.branches(None if repository == self.repository else repository)

    def commit(
        self,
        branch: str,
        changed: Mapping[str, bytes | None],
        message: str,
        *,
        author: str | None = None,
        repository: str | None = None,
    ) -> str:
        """Add a commit to a branch and return its SHA. A new branch begins at "main".

        Args:
            branch: Its name.
            changed: New content by path; None: the file is deleted.
            message: Of the commit.
            author: Login; None: whose token the client holds.
            repository: A fork, or None for the repository itself.
        """
        heads = self.heads(repository)
        parent = self.found(heads.get(branch, "main"))
        blobs = {path: None if it is None else self.git.blob(it) for path, it in changed.items()}
        tree, parents = self.git.tree(blobs, parent), [parent.sha] if parent else []
        heads[branch] = self.git.commit(tree, parents, message, author or self.login)
        self.follow(repository, branch)
        return heads[branch]

    def follow(self, repository: str | None, branch: str) -> None:
        """Let the open pull requests of a branch be where the branch is."""
        for it in self.pulls.values():
            if it.is_open and (it.head_repository, it.head_branch) == (repository or self.repository, branch):
                it.head_sha = self.heads(repository)[branch]

    def pull(
        self,
        branch: str,
        *,
        repository: str | None = None,
        author: str | None = "a-person",
        base: str = "main",
        number: int | None = None,
    ) -> Pull:
        """Open a pull request of a branch, of a fork where one is named."""
        new = number or max([0, *self.pulls, *self.issues]) + 1
        head = self.heads(repository)[branch]
        self.pulls[new] = Pull(new, author, branch, repository or self.repository, head, base)
        return self.pulls[new]

    def issue(self, author: str | None, title: str, body: str, labels: Iterable[str] = ()) -> Issue:
        """Open an issue."""
        number = max([0, *self.pulls, *self.issues]) + 1
        self.issues[number] = Issue(number, author, title, body, list(labels))
        self.labels.update(labels)
        return self.issues[number]

    def comment(self, pull: int, author: str | None, body: str) -> Comment:
        """Add a comment to a pull request or an issue."""
        self.comments.append(Comment(next(self._ids), pull, author, body))
        return self.comments[-1]

    def check(self, said: dict[str, object], author: str | None = None) -> CheckRun:
        """Add a check run, of the app whose token the client holds or of another."""
        self.checks.append(CheckRun(next(self._ids), said, author or self.login))
        return self.checks[-1]

    def run(
        self,
        branch: str,
        *,
        repository: str | None = None,
        workflow: str = PROFILE,
        event: str = "pull_request",
        status: str = "completed",
        conclusion: str | None = "success",
    ) -> Run:
        """Let a workflow have run on the head of a branch, of a fork where one is named."""
        new, head = next(self._ids), self.heads(repository)[branch]
        done = conclusion if status == "completed" else None
        whose = repository or self.repository
        self.runs[new] = Run(new, workflow, event, head, branch, whose, status, done)
        return self.runs[new]

    def artifact(self, run: Run, name: str, content: bytes, *, is_expired: bool = False) -> Artifact:
        """Let a run have left a zip."""
        self.artifacts.append(Artifact(next(self._ids), run.id, name, content, is_expired))
        return self.artifacts[-1]

    def head(self, branch: str) -> Commit:
        """Return the commit to which a branch points."""
        return self.commits[self.branches[branch]]

    def found(self, ref: str) -> Commit | None:
        """Return the commit that a SHA, a branch's name, heads/name, refs/heads/name or HEAD names to git."""
        found = self.git.found(ref)
        return Commit(found) if isinstance(found, pygit2.Commit) else None

    def may(self, permission: str) -> bool:
        """Whether the token has this permission, such as "checks: write"."""
        return permission in self.permissions
