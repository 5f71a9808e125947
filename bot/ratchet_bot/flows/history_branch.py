"""The history on its branch: read the last months, add lines, lose nothing to another run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ratchet_bot.adoption.scaffold import history_files
from ratchet_bot.data.history import History, HistoryLine, appended, path_of
from ratchet_bot.flows.reading import history_in, history_text
from ratchet_bot.hosts.host import Host, SeenBranch
from ratchet_bot.hosts.hub import BranchMoved, Hub, HubAndHost

APPEND_TRIES: Final = 6
"""How often lines are added to a branch that moves on meanwhile. Chosen: more runs never end at once."""


@dataclass(frozen=True)
class Kept:
    """Files of the branch, as they were when they were read."""

    branch: str
    head: str | None
    """None: there is no such branch yet."""
    files: Mapping[str, bytes | None]
    """By path; None where there is no such file."""

    @cached_property
    def history(self) -> History:
        """Every line of these files."""
        return history_in(self.files.values())


def kept_as_seen(seen: SeenBranch) -> Kept:
    """Return files of the branch out of what was seen of it."""
    return Kept(seen.name, seen.head, seen.files)


def append(host: HubAndHost, kept: Kept, lines: Sequence[HistoryLine], message: str) -> None:
    """Add lines to the branch, which is made where it is missing; lines that are there are not added again.

    Only the files of the lines' months are written. Where another run was faster, they are read again.

    Args:
        host: Where the branch is.
        kept: The branch as it was read.
        lines: What to add.
        message: Of the commit.

    Raises:
        HubRefused: the host would not, did not answer, or the branch moves faster than we do.
    """
    for tries_left in reversed(range(APPEND_TRIES)):
        if kept.head is None:
            head = host.start_branch(kept.branch, history_files(), "Begin the history of the nights")
            # another run may have made it, with lines of its own
            kept = _read(host, kept.branch, head, lines)
        try:
            _append(host, kept, lines, message)
        except BranchMoved:
            if not tries_left:
                raise
            kept = _read(host, kept.branch, host.head(kept.branch), lines)
        else:
            return


def _append(hub: Hub, kept: Kept, lines: Sequence[HistoryLine], message: str) -> None:
    by_path = _by_path(lines)
    before = {path: history_text(kept.files.get(path)) for path in by_path}
    after = {path: appended(before[path], found) for path, found in by_path.items()}
    files = {path: text.encode() for path, text in after.items() if text != before[path]}
    if files:
        hub.commit_files(kept.branch, str(kept.head), files, message)


def _read(host: Host, branch: str, head: str | None, lines: Sequence[HistoryLine]) -> Kept:
    places = [(head or "", path) for path in _by_path(lines)]
    found = host.files_at(places) if head else {}
    files = {path: found.get((ref, path)) for ref, path in places}
    return kept_as_seen(SeenBranch(name=branch, head=head, files=files))


def _by_path(lines: Iterable[HistoryLine]) -> dict[str, list[HistoryLine]]:
    found: dict[str, list[HistoryLine]] = {}
    for line in lines:
        found.setdefault(path_of(line.hardware, line.captured_at), []).append(line)
    return found
