"""Names in a repository: where the configuration is, which paths may be taken, the bot's branches. Pure."""

from typing import Final

CONFIG: Final = ".github/perf-ratchet.yml"
"""The configuration, from the top of a repository."""
OWN_BRANCHES: Final = "perf-ratchet"
"""Below which every branch is that the bot makes, but for the history's. What follows is told apart by its
first letters up to a dash or slash, so that no name of a hardware leads from one purpose to another; and none
is the beginning of another up to a slash, since git keeps no branch `a` beside `a/b`."""


def is_plain_path(path: str) -> bool:
    """Return whether a path is plainly a file below the top of a repository, and not of git's own."""
    parts = path.split("/")
    strange = any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts)
    return not strange and "\\" not in path and path.isprintable()


def tightening_branch(hardware: str) -> str:
    """Return the branch on which the nights tighten baselines of a hardware."""
    return f"{OWN_BRANCHES}/tighten-{hardware}"


def loosening_branch(hardware: str) -> str:
    """Return the branch on which baselines of a hardware are loosened, where a person asks for it."""
    return f"{OWN_BRANCHES}/loosen-{hardware}"


def pull_branch(number: int) -> str:
    """Return the branch with what a command has tightened for the pull request of a fork."""
    return f"{OWN_BRANCHES}/pull-{number}"


def draft_branch(branch: str) -> str:
    """Return the branch on which the next commit of one of the others is made."""
    return f"{OWN_BRANCHES}/draft/{branch.removeprefix(OWN_BRANCHES + '/')}"


def is_own_branch(name: str) -> bool:
    """Return whether a branch of this name would be one of the bot's, or in their way."""
    return name.partition("/")[0] == OWN_BRANCHES
