"""What git knows of a folder of this machine. Nothing is changed."""

import subprocess
from pathlib import Path
from typing import Final

TIMEOUT_S: Final = 10
"""Seconds that git may take. Chosen: it needs milliseconds; a hanging file system must not hang us."""


def remote(folder: Path) -> str:
    """Return the address of the folder's "origin", or "" where there is none."""
    return _git(folder, "remote", "get-url", "origin")


def commit(folder: Path) -> str:
    """Return the full SHA that is checked out, or "" where there is none."""
    return _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")


def tags(folder: Path) -> frozenset[str]:
    """Return the tags at the commit that is checked out."""
    return frozenset(_git(folder, "tag", "--points-at", "HEAD").split())


def places_of(folder: Path, branch: str) -> list[str]:
    """Return where a branch is: here ("nights"), and where a remote was last seen ("origin/nights")."""
    branches = _git(
        folder, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", "refs/remotes"
    ).split()
    remotes = _git(folder, "remote").split()
    return [name for name in (branch, *(f"{remote}/{branch}" for remote in remotes)) if name in branches]


def _git(folder: Path, *arguments: str) -> str:
    """Return what git prints, or "" when it is not there, not done in time, or refuses."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments of ours
            command, text=True, capture_output=True, check=False, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
