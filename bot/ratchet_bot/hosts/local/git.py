"""Commits, branches and files of a local git repository. Its working tree is never touched."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ratchet_bot.data.names import is_plain_path
from ratchet_bot.hosts import states
from ratchet_bot.hosts.port import BranchMoved, HostRefused
from ratchet_bot.hosts.states import Place

FULL_SHA: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")  # SHA-1 or SHA-256, as git writes them
NO_COMMIT: Final = "0" * 40
"""What git calls the place of a branch that is not there."""
MOST_COMMITS: Final = 250  # that `commits` gives, as GitHub does
_IDENTITY: Final = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (("NAME", "perf-ratchet"), ("EMAIL", "perf-ratchet@users.noreply.github.com"))
}


class LocalBranches:
    """What `port.HostEffects` does to branches and what `port.HostReads` reads of them, with git."""

    def __init__(self, repository: Path) -> None:
        """Change nothing."""
        self._git = Git(repository)

    def commit_files(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Put files on a branch in one commit, if its head is the expected one. See `port.Host`."""
        require_full_sha(expected_head)
        head = self._commit_at(f"refs/heads/{branch}", files)
        if head == expected_head:
            commit = self._commit(self._tree(expected_head, files), message, "-p", head)
            # The look above and this move are not one step: git moves the branch only if it is still there.
            self._git.text("update-ref", f"refs/heads/{branch}", commit, expected_head)
            return commit
        if self._is_asked(head, expected_head, files, message):
            return head
        raise BranchMoved(branch, expected_head, head)

    def reset_branch(self, branch: str, expected_head: str | None, to: str) -> None:
        """Move a branch to a commit, if its head is the expected one. See `port.Host`."""
        require_full_sha(to)
        now = self.head(branch)
        if now == to:
            return
        if now != expected_head:
            raise BranchMoved(branch, expected_head, now)
        self._git.text("update-ref", f"refs/heads/{branch}", to, expected_head or NO_COMMIT)

    def rebuild_branch(
        self, branch: str, expected_head: str | None, base: str, files: Mapping[str, bytes], message: str
    ) -> str:
        """Make a branch one commit on top of a base, if its head is the expected one. See `port.Host`."""
        now = self.head(branch)
        if now and now not in {expected_head, base} and self._is_asked(now, base, files, message):
            return now
        self.reset_branch(branch, now if now == base else expected_head, base)
        return self.commit_files(branch, base, files, message)

    def start_branch(self, branch: str, files: Mapping[str, bytes], message: str) -> str:
        """Make a branch of one commit without parents; return its head. See `port.Host`."""
        head = self.head(branch)
        if head is None:
            head = self._commit(self._tree(None, files), message)
            self._git.text("update-ref", f"refs/heads/{branch}", head, NO_COMMIT)
        return head

    def head(self, branch: str) -> str | None:
        """Return the full SHA at which a branch is, or None. See `port.Host`."""
        return self._git.text("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}") or None

    def files_at(self, places: Iterable[Place]) -> Mapping[Place, bytes | None]:
        """Return files as they are. See `port.Host`."""
        wanted = list(dict.fromkeys(places))
        for _, path in wanted:
            _require_plain_path(path)
        requested = "".join(f"{ref}:{path}\n" for ref, path in wanted).encode()
        printed = self._git.content("cat-file", "--batch", stdin=requested)
        return dict(zip(wanted, _batch(printed), strict=True))

    def merge_base(self, base: str, head: str) -> str:
        """Return the full SHA of the commit at which two histories parted. See `port.Host`."""
        return self._git.text("merge-base", base, head)

    def commits(self, base: str, head: str) -> Sequence[states.Commit]:
        """Return the commits of `head` that `base` does not have, oldest first. See `port.Host`."""
        most = f"--max-count={MOST_COMMITS}"
        printed = self._git.text(
            "log", "--reverse", most, "-z", "--format=%H%n%an%n%B", f"{base}..{head}", "--"
        )
        parts = [entry.split("\n", 2) for entry in printed.split("\0") if entry]
        return [
            states.Commit(sha=sha, author=author, message=message.strip()) for sha, author, message in parts
        ]

    def changed_paths(self, ancestor: str, head: str) -> Sequence[str] | None:
        """Return the paths of the files in which a commit differs from an ancestor. See `port.Host`."""
        if self.merge_base(ancestor, head) != ancestor:
            return None
        printed = self._git.text("diff", "--name-only", "--no-renames", "-z", ancestor, head, "--")
        return sorted(path for path in printed.split("\0") if path)

    def _commit_at(self, ref: str, files: Iterable[str]) -> str:
        for path in files:
            _require_plain_path(path)
        return self._git.text("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")

    def _commit(self, tree: str, message: str, *parents: str) -> str:
        return self._git.text("commit-tree", tree, *parents, "-F", "-", stdin=message.encode())

    def _is_asked(self, head: str, parent: str, files: Mapping[str, bytes], message: str) -> bool:
        """Whether the head is the very commit that is asked for, made before."""
        follows = self._git.text("show", "--no-patch", "--format=%P", head) == parent
        says = self._git.text("show", "--no-patch", "--format=%B", head).split() == message.split()
        return (
            follows and says and self._git.text("rev-parse", f"{head}^{{tree}}") == self._tree(parent, files)
        )

    def _tree(self, base: str | None, files: Mapping[str, bytes]) -> str:
        """Return the tree of a commit with these files put over it, made with an index of its own."""
        with tempfile.TemporaryDirectory() as folder:
            index = Path(folder) / "index"
            self._git.text("read-tree", base or "--empty", index=index)
            for path, content in files.items():
                _require_plain_path(path)
                blob = self._git.text("hash-object", "-w", "--stdin", stdin=content)
                self._git.text("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", index=index)
            return self._git.text("write-tree", index=index)


def require_full_sha(text: str) -> None:
    """Refuse anything but a full SHA: it becomes a folder, and an argument of git."""
    if not FULL_SHA.fullmatch(text):
        raise HostRefused(f"{text!r} is not the full SHA of a commit: give all 40 hexadecimal digits")


def _batch(printed: bytes) -> Iterable[bytes | None]:
    """Yield the contents that `git cat-file --batch` has printed; None for what is no file."""
    while printed:
        header, _, rest = printed.partition(b"\n")
        if header.endswith((b" missing", b" ambiguous")):
            printed = rest
            yield None
            continue
        _, kind, size = header.split()
        yield rest[: int(size)] if kind == b"blob" else None
        printed = rest[int(size) + 1 :]


def _require_plain_path(path: str) -> None:
    if not is_plain_path(path):
        raise HostRefused(f"{path!r} is not a path from the top of the repository: use folder/file.json")


class Git:
    """Git in one repository, with a working tree or bare."""

    def __init__(self, repository: Path) -> None:
        """Change nothing."""
        self._repository = repository.resolve()

    def text(self, *arguments: str, stdin: bytes = b"", index: Path | None = None) -> str:
        """Return what git prints, without the white space around it.

        Raises:
            HostRefused: git is missing, or refused: with its own words on one line.
        """
        return self.content(*arguments, stdin=stdin, index=index).decode(errors="replace").strip()

    def content(self, *arguments: str, stdin: bytes = b"", index: Path | None = None) -> bytes:
        """Return what git prints, byte for byte. Raises as `text` does."""
        environment = _environment(self._repository) | ({"GIT_INDEX_FILE": str(index)} if index else {})
        command = ["git", "-C", str(self._repository), *arguments]
        try:
            done = subprocess.run(command, input=stdin, env=environment, capture_output=True, check=True)  # noqa: S603 - a list, no shell
        except FileNotFoundError as error:
            raise HostRefused("git was not found: install it, or put it on PATH") from error
        except subprocess.CalledProcessError as error:
            words = " ".join(error.stderr.decode(errors="replace").split())
            problem = words or f"it does not know {arguments[-1]}"
            raise HostRefused(f"git {arguments[0]} in {self._repository} failed: {problem}") from error
        return done.stdout


def _environment(repository: Path) -> dict[str, str]:
    """Return an environment in which git sees this repository only, and signs what it does as us."""
    # Called from a hook, git has its own GIT_DIR and GIT_INDEX_FILE there.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # Without the ceiling git would look upwards, and commit to whatever repository the folder is in.
    return inherited | _IDENTITY | {"GIT_CEILING_DIRECTORIES": str(repository.parent), "LC_ALL": "C"}
