"""Git of this machine, for one repository."""

import os
import subprocess
from pathlib import Path
from typing import Final

from ratchet_bot.hosts.hub import HubRefused

_IDENTITY: Final = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (("NAME", "perf-ratchet"), ("EMAIL", "perf-ratchet@users.noreply.github.com"))
}


class Git:
    """Git in one repository, with a working tree or bare."""

    def __init__(self, repository: Path) -> None:
        """Touch nothing yet."""
        self._repository = repository.resolve()

    def text(self, *arguments: str, stdin: bytes = b"", index: Path | None = None) -> str:
        """Return what git prints, without the white space around it.

        Raises:
            HubRefused: git is missing, or refused: with its own words on one line.
        """
        return self.content(*arguments, stdin=stdin, index=index).decode(errors="replace").strip()

    def content(self, *arguments: str, stdin: bytes = b"", index: Path | None = None) -> bytes:
        """Return what git prints, byte for byte. Raises as `text` does."""
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
        return done.stdout


def _environment(repository: Path) -> dict[str, str]:
    """Return an environment in which git sees this repository only, and signs what it does as us."""
    # Called from a hook, git has its own GIT_DIR and GIT_INDEX_FILE there.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # Without the ceiling git would look upwards, and commit to whatever repository the folder is in.
    return inherited | _IDENTITY | {"GIT_CEILING_DIRECTORIES": str(repository.parent), "LC_ALL": "C"}
