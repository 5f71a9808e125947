"""The hub on a local folder and a local git repository: the embedded default, no host needed.

Comments are `pulls/<number>/comment.md`, checks `checks/<sha>/<name>.json`. A commit is a real one, built
beside the working tree, which is never touched.
"""

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Final

from bot.files import is_plain_path, replace_file
from bot.hub import Check, HubRefused

NAME_LIMIT: Final = 80  # characters of a file name. Chosen: far below the 255 bytes that a file system takes
FULL_SHA: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")  # SHA-1 or SHA-256, as git writes them

_IDENTITY: Final = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (("NAME", "perf-ratchet"), ("EMAIL", "perf-ratchet@users.noreply.github.com"))
}


class LocalHub:
    """One folder and one git repository. Implements `bot.hub.Hub`."""

    def __init__(self, folder: Path, repository: Path) -> None:
        """Touch nothing yet.

        Args:
            folder: Where comments and checks are written. Made when it is missing.
            repository: Top of a git repository, with a working tree or bare.

        What the methods return for a person to read is the path of a file.
        """
        self._folder = folder
        self._repository = repository.resolve()

    def upsert_comment(self, pull: int, marker: str, body: str) -> str:
        """Make the bot's one comment on a pull request say this. See `bot.hub.Hub`."""
        if not marker or not body.startswith(marker):
            raise ValueError("a comment begins with its marker, or it is not found again")
        # Another marker is another comment, as on GitHub: it takes the next free name.
        places = _comment_places(self._folder / "pulls" / str(pull))
        place = next(it for it in places if not it.exists() or it.read_text("utf-8").startswith(marker))
        replace_file(place, body.encode())
        return str(place)

    def upsert_check(self, check: Check) -> str:
        """Make the commit's check of this name and external id say this. See `bot.hub.Hub`."""
        _require_full_sha(check.head_sha)
        place = self._folder / "checks" / check.head_sha / f"{_slug(check)}.json"
        content = json.dumps(asdict(check), indent=2, ensure_ascii=False) + "\n"
        replace_file(place, content.encode())
        return str(place)

    def commit_files(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Put files on a branch in one commit, only if it still points where we think. See `bot.hub.Hub`."""
        _require_full_sha(expected_head)
        for path in files:
            _require_plain_path(path)
        head = self._git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")
        if head == expected_head:
            tree = self._tree(expected_head, files)
            commit = self._git("commit-tree", tree, "-p", head, "-F", "-", stdin=message.encode())
            # The look above and this move are not one step: git moves the branch only if it is still there.
            self._git("update-ref", f"refs/heads/{branch}", commit, expected_head)
            return commit
        if self._is_asked(head, expected_head, files, message):
            return head
        since, now = expected_head[:7], head[:7]
        raise HubRefused(f"{branch} has moved on since {since}: it is at {now}; look at it, then ask again")

    def _is_asked(self, head: str, parent: str, files: Mapping[str, bytes], message: str) -> bool:
        """Whether the head is the very commit that is asked for, made before."""
        follows = self._git("show", "--no-patch", "--format=%P", head) == parent
        says = self._git("show", "--no-patch", "--format=%B", head).split() == message.split()
        return follows and says and self._git("rev-parse", f"{head}^{{tree}}") == self._tree(parent, files)

    def _tree(self, base: str, files: Mapping[str, bytes]) -> str:
        """Return the tree of a commit with these files put over it, made with an index of its own."""
        with tempfile.TemporaryDirectory() as folder:
            index = Path(folder) / "index"
            self._git("read-tree", base, index=index)
            for path, content in files.items():
                blob = self._git("hash-object", "-w", "--stdin", stdin=content)
                self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", index=index)
            return self._git("write-tree", index=index)

    def _git(self, *arguments: str, stdin: bytes = b"", index: Path | None = None) -> str:
        """Return what git prints, without the white space around it.

        Raises:
            HubRefused: git is missing, or refused: with its own words on one line.
        """
        environment = _environment(self._repository) | ({"GIT_INDEX_FILE": str(index)} if index else {})
        command = ["git", "-C", str(self._repository), *arguments]
        try:
            done = subprocess.run(command, input=stdin, env=environment, capture_output=True, check=True)  # noqa: S603 - a list, no shell
        except FileNotFoundError as error:
            raise HubRefused("git was not found: install it, or put it on PATH") from error
        except subprocess.CalledProcessError as error:
            words = " ".join(error.stderr.decode(errors="replace").split())
            said = words or f"it does not know {arguments[-1]}"
            raise HubRefused(f"git {arguments[0]} in {self._repository} failed: {said}") from error
        return done.stdout.decode(errors="replace").strip()


def _environment(repository: Path) -> dict[str, str]:
    """Return an environment in which git sees this repository only, and signs what it does as us."""
    # Called from a hook, git has its own GIT_DIR and GIT_INDEX_FILE there.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # Without the ceiling git would look upwards, and commit to whatever repository the folder is in.
    return inherited | _IDENTITY | {"GIT_CEILING_DIRECTORIES": str(repository.parent), "LC_ALL": "C"}


def _require_full_sha(text: str) -> None:
    if not FULL_SHA.fullmatch(text):
        raise HubRefused(f"{text!r} is not the full SHA of a commit: give all 40 hexadecimal digits")


def _require_plain_path(path: str) -> None:
    if not is_plain_path(path):
        raise HubRefused(f"{path!r} is not a path from the top of the repository: use folder/file.json")


def _comment_places(folder: Path) -> Iterator[Path]:
    """Yield comment.md, comment-2.md, comment-3.md and so on."""
    yield folder / "comment.md"
    yield from (folder / f"comment-{number}.md" for number in count(2))


def _slug(check: Check) -> str:
    """Return a file name for the check's identity: readable, and different for different identities."""
    readable = re.sub(r"[^a-z0-9]+", "-", f"{check.name} {check.external_id}".lower()).strip("-")
    # Eight digits of a hash: two identities of one commit that read the same are still two checks.
    distinct = hashlib.sha256(repr((check.name, check.external_id)).encode()).hexdigest()[:8]
    return f"{readable[:NAME_LIMIT]}-{distinct}"
