"""What the fake GitHub knows: comments, check runs, commits."""

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

NO_PARENT = ""


@dataclass
class Comment:
    """A comment in the conversation of a pull request."""

    id: int
    pull: int
    author: str | None
    """None: the account is gone."""
    body: str


@dataclass
class CheckRun:
    """A verdict on a commit. `said` is what the client sent, all requests together."""

    id: int
    said: dict[str, object]


@dataclass(frozen=True)
class Commit:
    """A commit with its whole tree."""

    sha: str
    parent: str
    """SHA, or NO_PARENT."""
    message: str
    files: Mapping[str, bytes]
    """Content by path."""


@dataclass
class State:
    """One repository and what happened in it."""

    repository: str = "octo/demo"
    login: str = "github-actions[bot]"
    """Whose token the client holds."""
    permissions: set[str] = field(
        default_factory=lambda: {"pull-requests: write", "checks: write", "contents: write"}
    )
    pulls: set[int] = field(default_factory=lambda: {7})
    comments: list[Comment] = field(default_factory=list)
    checks: list[CheckRun] = field(default_factory=list)
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    """SHA of the head by name."""
    url: str = ""
    """Where the API answers, once it does."""

    def __post_init__(self) -> None:
        """Begin with a branch "main" of one commit."""
        self._ids = itertools.count(1001)
        self.branches["main"] = ""
        self.commit("main", {"README.md": b"# demo\n"}, "Begin")

    def comment(self, pull: int, author: str | None, body: str) -> Comment:
        """Add a comment."""
        self.comments.append(Comment(next(self._ids), pull, author, body))
        return self.comments[-1]

    def check(self, said: dict[str, object]) -> CheckRun:
        """Add a check run."""
        self.checks.append(CheckRun(next(self._ids), said))
        return self.checks[-1]

    def commit(self, branch: str, changed: Mapping[str, bytes], message: str) -> str:
        """Add a commit to a branch and return its SHA."""
        parent = self.branches[branch]
        before = self.commits[parent].files if parent else {}
        sha = hashlib.sha1(f"{parent} {message} {next(self._ids)}".encode()).hexdigest()  # noqa: S324 - git's own hash
        self.commits[sha] = Commit(sha, parent or NO_PARENT, message, {**before, **changed})
        self.branches[branch] = sha
        return sha

    def head(self, branch: str) -> Commit:
        """Return the commit to which a branch points."""
        return self.commits[self.branches[branch]]

    def may(self, permission: str) -> bool:
        """Whether the token has this permission, such as "checks: write"."""
        return permission in self.permissions
