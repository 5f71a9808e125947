"""Which hardware an artifact is of, by its name, and why some are left aside. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

ARTIFACT_PREFIX: Final = "perf-records-"
"""How the name of an artifact with a record begins; the hardware follows, then perhaps the shard."""
_SHARD = re.compile(r"(-[0-9]{1,3})?")


@dataclass(frozen=True)
class RefusedArtifact:
    """An artifact that was left aside."""

    name: str
    reason: str
    """A clause to follow the name."""


def hardware_of(name: str, hardware: Iterable[str]) -> Sequence[str]:
    """Return the kinds of hardware that an artifact of this name can be of: one, none, or a few.

    "perf-records-h100-8" is shard 8 of "h100", or all of "h100-8", where both are configured.
    """
    rest = name.removeprefix(ARTIFACT_PREFIX) if name.startswith(ARTIFACT_PREFIX) else ""
    return [one for one in hardware if rest.startswith(one) and _SHARD.fullmatch(rest[len(one) :])]
