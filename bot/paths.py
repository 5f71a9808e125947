"""Paths in a repository: that of the configuration, and which that others name may be taken. Pure."""

from typing import Final

CONFIG: Final = ".github/perf-ratchet.yml"
"""The configuration, from the top of a repository."""


def is_plain_path(path: str) -> bool:
    """Return whether a path is plainly a file below the top of a repository, and not of git's own."""
    parts = path.split("/")
    strange = any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts)
    return not strange and "\\" not in path and path.isprintable()
