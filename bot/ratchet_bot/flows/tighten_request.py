"""What `/tighten-baselines` was asked, what it would change, and what is said about that. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ratchet_bot.data.baselines import BaselinesRejected
from ratchet_bot.data.commands import TightenBaselines
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.events import CommandComment
from ratchet_bot.data.file_diff import file_diff
from ratchet_bot.data.names import pull_branch
from ratchet_bot.data.settings import Hardware, Settings
from ratchet_bot.flows.reading import baselines_in, history_places, precedent_in
from ratchet_bot.flows.replies import CannotBeDone, Reply
from ratchet_bot.hosts.artifacts import Delivery
from ratchet_bot.hosts.states import Commit, OwnCheck, Place, Pull, PullState, Run
from ratchet_bot.judging.file_change import FileChange, file_change
from ratchet_bot.telling import render, words
from ratchet_bot.telling.checks import check_name
from ratchet_bot.telling.edits import edit_of

TRAILER: Final = "perf-ratchet-command: "
"""How the last line of a commit's message begins that a command has made; the comment's id follows."""
MOST_DIFF: Final = 25_000
"""Characters of a change that are shown. Chosen: less than half of what a comment takes."""


@dataclass(frozen=True)
class TightenRequest:
    """What is asked, and of which pull request."""

    comment: CommandComment
    command: TightenBaselines
    pull_state: PullState
    settings: Settings
    hardware: Mapping[str, Hardware]
    """The hardware that is meant."""
    check: OwnCheck | None = None
    """The bot's latest check of the head, where it may put a commit on it."""

    @property
    def pull(self) -> Pull:
        """The pull request."""
        return self.pull_state.pull

    @property
    def is_fork(self) -> bool:
        """Whether the pull request's branch is in another repository, to which we cannot push."""
        return self.pull.head_repository.lower() != self.comment.repository.lower()

    @property
    def trailer(self) -> str:
        """The line of a commit's message by which a repeated command finds what it has done."""
        return f"{TRAILER}{self.comment.comment_id}"


@dataclass(frozen=True)
class Destination:
    """The branch that the change goes to."""

    branch: str
    head: str
    """SHA of the commit on which the change is made."""
    commits: tuple[Commit, ...] = ()
    """What is on the branch already, the newest first."""
    is_ready: bool = True
    """Whether the branch is at `head`."""
    moved_from: str | None = None
    """SHA at which a branch is that is not ready; None: it is not there."""
    number: int | None = None
    """The bot's open pull request of that branch."""


def destination_of(request: TightenRequest) -> Destination:
    """Return the pull request's own branch; for a fork, a branch of the bot.

    That one continues while it is proposed, or while a command has not come to propose it; else it starts
    again from the base.

    Raises:
        CannotBeDone: there is no branch into which it would go.
    """
    pull, own, base = request.pull, request.pull_state.own, request.pull_state.base_head
    if not request.is_fork:
        return Destination(pull.head_branch, pull.head_sha, request.pull_state.commits)
    branch = pull_branch(pull.number)
    if own and (own.pull is None or own.pull.is_open):
        return Destination(branch, own.head, own.commits, number=own.pull.number if own.pull else None)
    if base is None:
        raise CannotBeDone(f"The branch {pull.base_branch}, into which this would go, is not there.")
    return Destination(branch, base, is_ready=False, moved_from=own.head if own else None)


def commit_of(request: TightenRequest, commits: Iterable[Commit]) -> str:
    """Return the SHA of the commit that did what is asked, or "" when there is none among these."""
    return next((commit.sha for commit in commits if request.trailer in commit.message.splitlines()), "")


@dataclass(frozen=True)
class TightenChange:
    """What would be changed."""

    request: TightenRequest
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
        return [change for change in self.by_file if change.is_made]

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files as they will be, by path: baseline files of the configuration, and nothing else."""
        return {change.path: change.content for change in self.made}

    @property
    def is_doubtful(self) -> bool:
        """Whether a report would object to the new files, compared with those of the base branch."""
        waivers = self.request.settings.waivers
        edits = [
            edit_of(path, self.base[path], content, waivers=waivers, today=self.run.day)
            for path, content in self.files.items()
        ]
        return any(edit.is_wrong or edit.unguarding for edit in edits if edit)

    @property
    def count(self) -> int:
        """How many baselines are new."""
        return sum(len(change.proposals.proposals) for change in self.made)

    @property
    def diff(self) -> str:
        """The change as a unified diff, cut to what can be shown."""
        diffs = [file_diff(change.path, change.before.text, change.after.text) for change in self.made]
        text = "\n".join(line for diff in diffs for line in diff.lines)
        shown = text if len(text) <= MOST_DIFF else text[:MOST_DIFF].rpartition("\n")[0]
        left_out = text.count("\n", len(shown)) + sum(diff.left_out for diff in diffs)
        return f"{shown}\n... and {left_out} more lines" if left_out else shown


def places_of(request: TightenRequest, run: Run, delivery: Delivery, head: str) -> list[Place]:
    """Return the files that decide what a run changes at a commit: its baselines, the base's, the history."""
    names, settings = delivery.records, request.settings
    refs = (head, request.pull_state.base_head or head)
    baselines = [(ref, settings.hardware[name].baselines) for ref in refs for name in names]
    nights = [place for name in names for place in history_places(settings, name, run.created_at)]
    return [*baselines, *nights]


def change_of(
    request: TightenRequest,
    run: Run,
    delivery: Delivery,
    missing: Mapping[str, str],
    head: str,
    files: Mapping[Place, bytes | None],
) -> TightenChange:
    """Return what the measured values would change at a commit.

    Args:
        request: What is asked.
        run: The run that measured.
        delivery: Its records.
        missing: Why hardware that was meant has no records, by its name.
        head: SHA of the commit.
        files: All that `places_of` names.

    Raises:
        BadInput: a baseline file cannot be used.
    """
    base = request.pull_state.base_head or head
    paths = [request.settings.hardware[name].baselines for name in delivery.records]
    changes = tuple(_file_changes(request, run, delivery, head, files))
    return TightenChange(request, run, changes, missing, {path: files[(base, path)] for path in paths})


def _file_changes(
    request: TightenRequest,
    run: Run,
    delivery: Delivery,
    head: str,
    files: Mapping[Place, bytes | None],
) -> Iterator[FileChange]:
    settings = request.settings
    changed: dict[str, bytes | None] = {}
    for name, records in delivery.records.items():
        path = settings.hardware[name].baselines
        # Two kinds of hardware may share a file: the second change follows the first.
        file = baselines_in(path, changed.get(path, files[(head, path)]), name, records)
        nights = history_places(settings, name, run.created_at)
        past = precedent_in(files, nights, name, records, file.metadata.clock).past
        try:
            change = file_change(name, settings, file, records, globs=request.command.globs, past=past)
        except BaselinesRejected as error:
            raise BadInput(f"{path}: {error}") from error
        if change.is_made:
            changed[path] = change.content
        yield change


def reply_of(
    change: TightenChange,
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
    proposals: Sequence[int] = [
        len(file.proposals.proposals) + len(file.proposals.declined) for file in change.by_file
    ]
    body = render.answer(
        "answer_tighten",
        max(proposals),
        change=change,
        sha=sha,
        number=number,
        refusal=refusal,
        unchecked=unchecked,
        check=check_name(change.request.pull),
    )
    return Reply("confused", body, 1) if refusal is not None else Reply("rocket", body, 0)


def message_of(change: TightenChange) -> str:
    """Return the message of the commit."""
    return words.text("tighten_commit", change=change, trailer=change.request.trailer)
