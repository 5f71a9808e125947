"""Git as far as a host needs it: files, commits, branches, with the names that git itself gives."""

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NO_PARENT = ""
EMAIL = "{}@users.noreply.github.com"
BEGINNING = 1_778_846_400  # seconds; 2026-05-15T12:00:00Z, when the first commit is made


@dataclass(frozen=True)
class Commit:
    """A commit with its whole tree."""

    sha: str
    parent: str
    """SHA, or NO_PARENT."""
    message: str
    files: Mapping[str, bytes]
    """Content by path."""
    author: str
    """Login."""
    tree: str
    """Git's name of all the files."""
    has_account: bool = True
    """Whether GitHub knows whose it is."""


@dataclass
class Network:
    """A repository and its forks: each has branches of its own, the commits are common."""

    commits: dict[str, Commit] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, Mapping[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin the clock: each commit is a second later than the last, so that no two are the same."""
        self._seconds = itertools.count(BEGINNING)

    def blob(self, content: bytes) -> str:
        """Keep a file's content and return its name."""
        name = named("blob", content)
        self.blobs[name] = content
        return name

    def tree(self, files: Mapping[str, bytes]) -> str:
        """Keep files and return the name of the folder that holds them."""
        name = self._folder(files)
        self.trees[name] = dict(files)
        return name

    def new_commit(self, files: Mapping[str, bytes], message: str, author: str, parent: str) -> Commit:
        """Make a commit, on no branch yet."""
        tree, second = self.tree(files), next(self._seconds)
        who = f"{author} <{EMAIL.format(author)}> {second} +0000"
        lines = [
            f"tree {tree}",
            *([f"parent {parent}"] if parent else []),
            f"author {who}",
            f"committer {who}",
        ]
        sha = named("commit", "\n".join([*lines, "", message]).encode())
        self.commits[sha] = Commit(sha, parent or NO_PARENT, message, dict(files), author, tree)
        return self.commits[sha]

    def past(self, sha: str) -> list[Commit]:
        """Return a commit and all before it, newest first."""
        found = []
        while sha:
            found.append(self.commits[sha])
            sha = self.commits[sha].parent
        return found

    def merge_base(self, base: str, head: str) -> Commit | None:
        """Return the newest commit that both have."""
        there = {it.sha for it in self.past(base)}
        return next((it for it in self.past(head) if it.sha in there), None)

    def _folder(self, files: Mapping[str, bytes]) -> str:
        here = {path: content for path, content in files.items() if "/" not in path}
        below: dict[str, dict[str, bytes]] = {}
        for path, content in files.items():
            first, _, rest = path.partition("/")
            if rest:
                below.setdefault(first, {})[rest] = content
        # Git sorts a folder as if its name ended in a slash.
        entries = [(name, f"100644 {name}", self.blob(content)) for name, content in here.items()]
        entries += [(f"{name}/", f"40000 {name}", self._folder(inner)) for name, inner in below.items()]
        parts = [head.encode() + b"\0" + bytes.fromhex(sha) for _, head, sha in sorted(entries)]
        return named("tree", b"".join(parts))


def named(kind: str, content: bytes) -> str:
    """Return the name that git gives to this. Source: `git help hash-object`."""
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()  # noqa: S324 - git's own


def changed(commit: Commit, before: Mapping[str, bytes]) -> Iterable[tuple[str, str]]:
    """Yield the paths in which a commit differs from these files, each with its status."""
    for path in sorted({*commit.files, *before}):
        if path not in before:
            yield path, "added"
        elif path not in commit.files:
            yield path, "removed"
        elif commit.files[path] != before[path]:
            yield path, "modified"
