"""The scenarios that a glob of the command line takes."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.filters import plain

EVERYTHING: Final = "*"


def require_match(glob: str, names: Iterable[str], path: Path | str) -> None:
    """Accept a glob that takes at least one of these scenarios, or the one for all of them.

    Raises:
        BadInput: it takes none; the message names what there is.
    """
    known = list(dict.fromkeys(names))
    if glob != EVERYTHING and not any(fnmatchcase(name, glob) for name in known):
        listed = plain(", ".join(known) or "none")
        raise BadInput(f"{path}: no scenario is like {plain(glob)!r}; it has {listed}")
