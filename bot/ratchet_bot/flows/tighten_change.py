"""What the values of a run would change in baseline files, and the answer to that. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.file_diff import file_diff
from ratchet_bot.data.history import Past
from ratchet_bot.data.settings import Settings
from ratchet_bot.flows.reading import baselines_in, history_places, precedent_in
from ratchet_bot.flows.replies import Reply
from ratchet_bot.flows.tighten_request import TightenRequest
from ratchet_bot.hosts.artifacts import Delivery
from ratchet_bot.hosts.states import Place, Run
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.proposals import Proposals
from ratchet_bot.judging.rules.rule import Finding
from ratchet_bot.judging.tighten import propose, tightened
from ratchet_bot.telling import render, words
from ratchet_bot.telling.checks import check_name
from ratchet_bot.telling.edits import edit_of

MOST_DIFF: Final = 25_000
"""Characters of a change that are shown. Chosen: less than half of what a comment takes."""


@dataclass(frozen=True)
class FileChange:
    """The change of one baseline file."""

    hardware: str
    path: str
    """The file, from the top of the repository."""
    proposals: Proposals
    before: BaselineFile
    after: BaselineFile
    contradictions: tuple[Finding, ...]
    """Errors that the file would have afterwards and had not before: then it is left as it is."""

    @property
    def is_made(self) -> bool:
        """True when the file changes."""
        return bool(self.proposals.proposals) and not self.contradictions

    @property
    def content(self) -> bytes:
        """The file afterwards."""
        return self.after.text.encode()


def file_change(
    hardware: str,
    settings: Settings,
    file: BaselineFile,
    records: Sequence[RunRecord],
    *,
    globs: Sequence[str],
    past: Past,
) -> FileChange:
    """Return what the records of a run would change in a file.

    Args:
        hardware: Where they were measured.
        settings: The configuration, which has that hardware.
        file: Its baselines, where the change goes.
        records: The run on this hardware.
        globs: Which scenarios; all of them when there is none.
        past: The nights before, as `propose` takes them.

    Raises:
        BaselinesRejected: the file has no tolerances of the configured name.
    """
    wanted = [_narrowed(record, globs) for record in records]
    proposals = propose(file, wanted, settings.terms(hardware), past=past)
    after = tightened(file, proposals)
    findings = audit(after, against=file, records=wanted) if proposals.proposals else []
    errors = tuple(finding for finding in findings if finding.introduced and finding.severity == "error")
    return FileChange(hardware, settings.hardware[hardware].baselines, proposals, file, after, errors)


def _narrowed(record: RunRecord, globs: Sequence[str]) -> RunRecord:
    """Return a record of those scenarios only that some glob matches."""
    if not globs:
        return record
    wanted = [
        scenario for scenario in record.scenarios if any(fnmatchcase(scenario.id, glob) for glob in globs)
    ]
    return record.model_copy(update={"scenarios": tuple(wanted)})


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
