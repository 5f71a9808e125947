"""Comments, checks, pull requests and issues, as files in a folder."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any, Final

from ratchet_bot.data.events import CommandComment
from ratchet_bot.data.files import replace_file
from ratchet_bot.hosts.effects import Check, Closing, Issue, PullRequest, Reaction
from ratchet_bot.hosts.local.git import require_full_sha
from ratchet_bot.hosts.states import PullSnapshot

NAME_LIMIT: Final = 80  # characters of a file name. Chosen: far below the 255 bytes that a file system takes


class Documents:
    """The texts of `port.HostEffects` as files; a URL is the path of the file."""

    def __init__(self, folder: Path) -> None:
        """Write nothing."""
        self._folder = folder

    def upsert_comment(self, pull: int, marker: str, body: str) -> str:
        """Make the bot's one comment on a pull request say this. See `port.Host`."""
        return self.revise_comment(pull, marker, lambda _: body)

    def revise_comment(self, pull: int, marker: str, revise: Callable[[str | None], str | None]) -> str:
        """Make the bot's one comment say what follows from what it says. See `port.Host`."""
        return self._say(self._folder / "pulls" / str(pull), marker, revise)

    def answer(self, pull: int, marker: str, body: str, *, is_first: bool = False) -> str:  # noqa: ARG002 - a look costs nothing here
        """Say something once on a pull request, in a comment of its own. See `port.Host`."""
        return self.upsert_comment(pull, marker, body)

    def react(self, comment: int, reaction: Reaction) -> bool:
        """React to a comment; return whether that is new. See `port.Host`."""
        place = self._folder / "reactions" / f"{comment}.txt"
        reactions = place.read_text("utf-8").splitlines() if place.exists() else []
        if reaction in reactions:
            return False
        replace_file(place, "".join(f"{line}\n" for line in [*reactions, reaction]).encode())
        return True

    def reply(
        self, comment: CommandComment, marker: str, body: str, reaction: Reaction, *, is_first: bool = False
    ) -> str:
        """Answer a comment, then react to it. See `port.Host`."""
        place = self.answer(comment.pull, marker, body, is_first=is_first)
        self.react(comment.comment_id, reaction)
        return place

    def upsert_check(self, check: Check, *, is_first: bool = False) -> str:  # noqa: ARG002 - a look costs nothing here
        """Make the commit's check of this name and external id say this. See `port.Host`."""
        require_full_sha(check.head_sha)
        place = self._folder / "checks" / check.head_sha / f"{_slug(check)}.json"
        is_late = check.conclusion is None and place.exists() and _document(place)["conclusion"] is not None
        if not is_late:
            _write(place, asdict(check))
        return str(place)

    def upsert_pull(
        self,
        pull: PullRequest,
        *,
        is_first: bool = False,  # noqa: ARG002 - a look costs nothing here
        seen: PullSnapshot | None = None,  # noqa: ARG002 - the same
    ) -> int:
        """Open a pull request, or make the open one of this branch say this. See `port.Host`."""
        return self._upsert("pulls", asdict(pull), lambda document: bool(document["branch"] == pull.branch))

    def settle_issues(self, wanted: Sequence[Issue], over: Sequence[Closing]) -> Sequence[int]:
        """Open issues, make the open ones say this, and close others. See `port.Host`."""
        for closing in over:
            self._close("issues", closing.issue.number, closing.marker, closing.reason)
        return [self._issue(issue) for issue in wanted]

    def close_pull(self, number: int, marker: str, reason: str, *, key: str = "") -> None:  # noqa: ARG002 - no need here
        """Close a pull request of the bot with a last comment. See `port.Host`."""
        self._close("pulls", number, marker, reason)

    def _say(self, thread: Path, marker: str, revise: Callable[[str | None], str | None]) -> str:
        # Another marker is another comment, as on GitHub: it takes the next free name.
        place = next(
            path
            for path in _comment_places(thread)
            if (body := _body(path)) is None or body.startswith(marker)
        )
        old = _body(place)
        new = revise(old)
        if new is None:
            return "" if old is None else str(place)
        if not marker or not new.startswith(marker):
            raise ValueError("a comment begins with its marker, or it is not found again")
        replace_file(place, new.encode())
        return str(place)

    def _issue(self, issue: Issue) -> int:
        content = {name: value for name, value in asdict(issue).items() if name != "seen"}
        return self._upsert("issues", content, lambda document: bool(document["marker"] == issue.marker))

    def _upsert(
        self, kind: str, content: Mapping[str, Any], is_ours: Callable[[Mapping[str, Any]], bool]
    ) -> int:
        documents = {
            int(path.parent.name): _document(path) for path in self._folder.glob(f"{kind}/*/about.json")
        }
        ours = [
            number
            for number, document in sorted(documents.items())
            if document["is_open"] and is_ours(document)
        ]
        number = ours[0] if ours else self._next_number()
        _write(self._folder / kind / str(number) / "about.json", {**content, "is_open": True})
        return number

    def _next_number(self) -> int:
        """Return a number that neither a pull request nor an issue has."""
        numbers = [int(path.name) for kind in ("pulls", "issues") for path in self._folder.glob(f"{kind}/*")]
        return max(numbers, default=0) + 1

    def _close(self, kind: str, number: int, marker: str, reason: str) -> None:
        place = self._folder / kind / str(number) / "about.json"
        if place.exists() and _document(place)["is_open"]:
            self._say(place.parent, marker, lambda _: f"{marker}\n{reason}")
            _write(place, {**_document(place), "is_open": False})


def _document(place: Path) -> dict[str, Any]:
    return dict(json.loads(place.read_text("utf-8")))


def _write(place: Path, content: Mapping[str, Any]) -> None:
    replace_file(place, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def _body(place: Path) -> str | None:
    return place.read_text("utf-8") if place.exists() else None


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
