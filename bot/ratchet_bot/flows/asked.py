"""What `/tighten-baselines` was asked, what it would change, and what is said about that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ratchet_bot.data.commands import TightenBaselines
from ratchet_bot.data.events import Said
from ratchet_bot.data.file_diff import file_diff
from ratchet_bot.data.settings import Hardware, Settings
from ratchet_bot.flows.replies import Reply
from ratchet_bot.hosts.host import Commit, OwnCheck, Pull, Run, Standing
from ratchet_bot.judging.file_change import FileChange
from ratchet_bot.telling import render, words
from ratchet_bot.telling.edits import edit_of
from ratchet_bot.telling.run_report import check_name

TRAILER: Final = "perf-ratchet-command: "
"""How the last line of a commit's message begins that a command has made; the comment's id follows."""
MOST_DIFF: Final = 25_000
"""Characters of a change that are shown. Chosen: less than half of what a comment takes."""


@dataclass(frozen=True)
class Ask:
    """What is asked, and of which pull request."""

    said: Said
    command: TightenBaselines
    standing: Standing
    settings: Settings
    hardware: Mapping[str, Hardware]
    """The hardware that is meant."""
    check: OwnCheck | None = None
    """What we have said last of the head, where we may put a commit on it."""
    is_last: bool = False
    """Whether this is the last attempt."""

    @property
    def pull(self) -> Pull:
        """The pull request."""
        return self.standing.pull

    @property
    def is_fork(self) -> bool:
        """Whether the pull request's branch is in another repository, to which we cannot push."""
        return self.pull.head_repository.lower() != self.said.repository.lower()

    @property
    def trailer(self) -> str:
        """The line of a commit's message by which a command that comes again finds what it has done."""
        return f"{TRAILER}{self.said.comment}"

    def made_in(self, commits: Iterable[Commit]) -> str:
        """Return the SHA of the commit that did what is asked, or "" when there is none among these."""
        return next((it.sha for it in commits if self.trailer in it.message.splitlines()), "")


@dataclass(frozen=True)
class AskedChange:
    """What would be changed."""

    ask: Ask
    run: Run
    """Whose values are taken."""
    by_file: tuple[FileChange, ...]
    missing: Mapping[str, str]
    """Why hardware that was meant has no values, by its name."""
    base: Mapping[str, bytes | None]
    """The same files as they are on the base branch, by path; None where there is none."""

    @property
    def made(self) -> list[FileChange]:
        """The changes of files, without those that change nothing."""
        return [one for one in self.by_file if one.is_made]

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files as they will be, by path: baseline files of the configuration, and nothing else."""
        return {one.path: one.content for one in self.made}

    @property
    def is_doubtful(self) -> bool:
        """Whether a report would have something against the new files, beside those of the base branch."""
        waivers = self.ask.settings.waivers
        edits = [
            edit_of(path, self.base[path], content, waivers=waivers, today=self.run.day)
            for path, content in self.files.items()
        ]
        return any(edit.is_wrong or edit.unguarding for edit in edits if edit)

    @property
    def count(self) -> int:
        """How many baselines are new."""
        return sum(len(one.proposals.proposals) for one in self.made)

    @property
    def diff(self) -> str:
        """The change as a unified diff, cut to what can be shown."""
        told = [file_diff(one.path, one.before.text, one.after.text) for one in self.made]
        text = "\n".join(line for one in told for line in one.lines)
        shown = text if len(text) <= MOST_DIFF else text[:MOST_DIFF].rpartition("\n")[0]
        left_out = text.count("\n", len(shown)) + sum(one.left_out for one in told)
        return f"{shown}\n... and {left_out} more lines" if left_out else shown


def reply_of(
    change: AskedChange,
    *,
    sha: str = "",
    number: int | None = None,
    refusal: str | None = None,
    unchecked: str = "",
) -> Reply:
    """Return what is said about a change.

    Args:
        change: The change.
        sha: The commit that holds it; "" when there is none.
        number: Our own pull request with that commit, for a fork.
        refusal: Why the host would not have it: then the change itself is shown.
        unchecked: Why the check of the head was not carried over to the commit; "" when it was.
    """
    body = render.answer(
        "answer_tighten",
        max(len(one.proposals.proposals) + len(one.proposals.declined) for one in change.by_file),
        change=change,
        sha=sha,
        number=number,
        refusal=refusal,
        unchecked=unchecked,
        check=check_name(change.ask.pull),
    )
    return Reply("confused", body, 1) if refusal is not None else Reply("rocket", body, 0)


def message_of(ask: Ask, change: AskedChange) -> str:
    """Return the message of the commit."""
    return words.text("tighten_commit", change=change, trailer=ask.trailer)
