"""Names in a repository: the configuration, paths, the bot's branches, and artifacts with records. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

CONFIG: Final = ".github/perf-ratchet.yml"
"""Path of the configuration, from the top of a repository."""
OWN_BRANCHES: Final = "perf-ratchet"
"""Prefix of every branch that the bot makes, except the history's. The purpose follows, up to a dash or
slash, so no name of a hardware leads from one purpose to another. No branch name is another's prefix up to a
slash, because git cannot keep a branch `a` beside `a/b`."""
ARTIFACT_PREFIX: Final = "perf-records-"
"""Prefix of an artifact with a record; the hardware follows, then optionally the shard."""
_SHARD = re.compile(r"(-[0-9]{1,3})?")


@dataclass(frozen=True)
class RefusedArtifact:
    """An artifact that was not used."""

    name: str
    reason: str
    """A clause to follow the name."""


def hardware_of(artifact: str, hardware: Iterable[str]) -> Sequence[str]:
    """Return the kinds of hardware that an artifact of this name can belong to: none, one or several.

    "perf-records-h100-8" is shard 8 of "h100", or all of "h100-8", where both are configured.
    """
    if not artifact.startswith(ARTIFACT_PREFIX):
        return []
    rest = artifact.removeprefix(ARTIFACT_PREFIX)
    return [name for name in hardware if rest.startswith(name) and _SHARD.fullmatch(rest[len(name) :])]


def is_plain_path(path: str) -> bool:
    """Return whether a path names a file below the top of a repository, outside of `.git`."""
    parts = path.split("/")
    strange = any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts)
    return not strange and "\\" not in path and path.isprintable()


def tightening_branch(hardware: str) -> str:
    """Return the branch on which the nightly refresh tightens the baselines of a hardware."""
    return f"{OWN_BRANCHES}/tighten-{hardware}"


def loosening_branch(hardware: str) -> str:
    """Return the branch that loosens baselines of a hardware after a person asked for it."""
    return f"{OWN_BRANCHES}/loosen-{hardware}"


def pull_branch(number: int) -> str:
    """Return the branch with the baselines that a command tightened for a fork's pull request."""
    return f"{OWN_BRANCHES}/pull-{number}"


def draft_branch(branch: str) -> str:
    """Return the branch on which the next commit of a bot's branch is prepared."""
    return f"{OWN_BRANCHES}/draft/{branch.removeprefix(OWN_BRANCHES + '/')}"


def is_own_branch(name: str) -> bool:
    """Return whether a branch of this name is one of the bot's, or would block one of them."""
    return name.partition("/")[0] == OWN_BRANCHES
