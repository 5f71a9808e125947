"""A repository and its forks, kept by git itself: on disk, where any git can clone, log and check it."""

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, SortMode

NO_PARENT = ""
EMAIL = "{}@users.noreply.github.com"
BEGINNING = 1_778_846_400  # seconds; 2026-05-15T12:00:00Z, when the first commit is made


class Commit:
    """A commit, in the words of the tests."""

    def __init__(self, read: pygit2.Commit) -> None:
        """Say what git has read. The author is a login; the tree is git's name of all the files."""
        self.sha = str(read.id)
        self.parent = next(map(str, read.parent_ids), NO_PARENT)
        self.message = read.message
        self.author = read.author.name
        self.tree = str(read.tree_id)
        self.folder = read.tree

    @property
    def files(self) -> dict[str, bytes]:
        """Content by path, of the whole tree."""
        return dict(_files(self.folder))

    def changes(self, before: "Commit | None") -> pygit2.Diff:
        """Return how it differs from another commit, None: from nothing."""
        found = self.folder.diff_to_tree(*([before.folder] if before else []), swap=True)
        found.find_similar()
        return found


class Branches(MutableMapping[str, str]):
    """The branches of the repository or of one fork: the SHA of the head by name."""

    def __init__(self, repository: pygit2.Repository, folder: str) -> None:
        """Keep them as the references in this folder, such as "refs/heads/"."""
        self._references = repository.references
        self._folder = folder

    def __getitem__(self, name: str) -> str:
        """Return the SHA of the head."""
        found = self._references.get(self._folder + name)
        if found is None:
            raise KeyError(name)
        return str(found.target)

    def __setitem__(self, name: str, sha: str) -> None:
        """Make or move a branch. Git takes only what is there."""
        self._references.create(self._folder + name, sha, force=True)

    def __delitem__(self, name: str) -> None:
        """Delete a branch; its commits stay."""
        self._references.delete(self._folder + name)

    def __iter__(self) -> Iterator[str]:
        """By name."""
        found = sorted(it for it in self._references if it.startswith(self._folder))
        return (it.removeprefix(self._folder) for it in found)

    def __len__(self) -> int:
        """Count them."""
        return sum(1 for _ in self)


class Network:
    """A repository and its forks: the objects are common, each has branches of its own."""

    def __init__(self) -> None:
        """Make an empty bare repository, at `path`."""
        self.path = Path(tempfile.mkdtemp(prefix="fake-github-"))
        # Called at the end of the fake, or at the latest when nobody holds this any more.
        self.remove = weakref.finalize(self, shutil.rmtree, self.path)
        self._repository = pygit2.init_repository(self.path, bare=True, initial_head="main")
        self._second = BEGINNING

    def __deepcopy__(self, _: object) -> "Network":
        """Return one in which the same has happened. It borrows what this one has: let it go first."""
        other = Network()
        (other.path / "objects" / "info" / "alternates").write_text(f"{self.path / 'objects'}\n")
        shutil.copytree(self.path / "refs", other.path / "refs", dirs_exist_ok=True)
        other._second = self._second
        return other

    @property
    def commits(self) -> dict[str, Commit]:
        """Every commit by SHA, those of forks and those on no branch too."""
        found = (self._repository[it] for it in self._repository)
        return {str(it.id): Commit(it) for it in found if isinstance(it, pygit2.Commit)}

    def branches(self, fork: str | None = None) -> Branches:
        """Return the branches of the repository, or of the fork "owner/name"."""
        return Branches(self._repository, f"refs/forks/{fork}/heads/" if fork else "refs/heads/")

    def found(self, expression: str) -> pygit2.Object | None:
        """Return what this names to `git rev-parse`: "main", "heads/main", "HEAD", a SHA, "main:a.json"."""
        try:
            return self._repository.revparse_single(expression)
        except (KeyError, ValueError):  # nothing of that name; no expression at all
            return None

    def blob(self, content: bytes) -> str:
        """Keep a file's content and return its name."""
        return str(self._repository.create_blob(content))

    def tree(self, changed: Mapping[str, str | None], base: Commit | None = None) -> str:
        """Keep a folder and return its name.

        Args:
            changed: Name of the content by path; None: the file is deleted.
            base: Whose files it has besides; None: none.

        Raises:
            pygit2.GitError: A content is not there, or git takes no such path.
        """
        index = pygit2.Index()
        if base:
            index.read_tree(base.folder)
        for path, blob in changed.items():
            if blob:
                index.add(pygit2.IndexEntry(path, pygit2.Oid(hex=blob), FileMode.BLOB))
            elif path in index:
                index.remove(path)
        return str(index.write_tree(self._repository))

    def commit(self, tree: str, parents: Sequence[str], message: str, author: str) -> str:
        """Make a commit, on no branch yet, and return its SHA.

        Raises:
            pygit2.GitError: The tree or a parent is not there.
        """
        who = pygit2.Signature(author, EMAIL.format(author), self._second, 0)
        self._second += 1  # so that no two commits are the same
        return str(self._repository.create_commit(None, who, who, message, tree, list(parents)))

    def amended(self, commit: Commit, tree: str) -> str:
        """Make the commit anew with another tree, as `git commit --amend` does, and return its SHA.

        Author and message stay; the committer's date is a new one.

        Raises:
            pygit2.GitError: The tree is not there.
        """
        was = self._repository[commit.sha]
        who = pygit2.Signature("writer", EMAIL.format("writer"), self._second, 0)
        self._second += 1
        return str(
            self._repository.create_commit(None, was.author, who, was.message, tree, list(was.parent_ids))
        )

    def past(self, sha: str, without: str | None = None) -> list[Commit]:
        """Return a commit and all before it, newest first, but those that another one has before it too."""
        walk = self._repository.walk(sha, SortMode.TOPOLOGICAL)
        if without:
            walk.hide(without)
        return [Commit(it) for it in walk]

    def merge_base(self, base: str, head: str) -> Commit | None:
        """Return the newest commit that both have."""
        found = self._repository.merge_base(base, head)
        return Commit(self._repository[found]) if found else None


def _files(folder: pygit2.Tree, path: str = "") -> Iterator[tuple[str, bytes]]:
    for it in folder:
        if isinstance(it, pygit2.Tree):
            yield from _files(it, f"{path}{it.name}/")
        else:
            yield f"{path}{it.name}", it.data
