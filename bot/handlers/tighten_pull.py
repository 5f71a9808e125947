"""`/tighten-baselines`: put tighter baselines into a pull request, as one commit or as one of our own."""

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from itertools import chain, islice
from typing import Final

from bot import render
from bot.baselines import BaselinesRejected
from bot.commands import TIGHTEN, TightenBaselines
from bot.errors import BadInput
from bot.events import Said
from bot.handlers import own_pull
from bot.handlers.asked import Ask, Change, message_of, reply_of
from bot.handlers.fetched import (
    HubAndHost,
    baselines_in,
    delivered,
    history_places,
    precedent_in,
    settings_on,
)
from bot.handlers.replies import CannotBeDone, Reply, cannot, refused, usage
from bot.host import Host, Run
from bot.hub import HubRefused
from bot.pulls.artifact_names import hardware_of
from bot.pulls.artifacts import Delivery
from bot.pulls.binding import PROFILE_WORKFLOW, objection, own_runs
from bot.pulls.file_change import FileChange, file_change, unmatched
from bot.settings import Settings

MOST_RUNS: Final = 3
"""Runs of a pull request that are looked through for a valid record. Chosen: each costs some requests."""


def reply(host: HubAndHost, said: Said, command: TightenBaselines, *, is_first: bool) -> Reply:
    """Do it, if the person may and things are as they must be; return what to answer.

    Args:
        host: The repository.
        said: Who asked, and where.
        command: What is asked.
        is_first: Whether nobody can have done it yet.

    Raises:
        BadInput: the configuration or a baseline file cannot be used.
        HubRefused: the host would not, or did not answer.
    """
    if not host.may_write(said.author):
        return refused()
    pull, settings = host.pull(said.pull), settings_on(host)
    known = settings.hardware
    hardware = {name: known[name] for name in known if command.hardware in {None, name}}
    if not hardware:
        return usage(TIGHTEN, _unknown(command.hardware or "", settings))
    try:
        return _tightened(host, Ask(said, command, pull, settings, hardware), is_first=is_first)
    except CannotBeDone as why:
        return cannot(str(why))


def _unknown(name: str, settings: Settings) -> str:
    close = get_close_matches(name, settings.hardware, n=1)
    known = f"did you mean {close[0]}?" if close else f"there is {', '.join(settings.hardware)}"
    return f"no hardware {name} is configured; {known}"


def _tightened(host: HubAndHost, ask: Ask, *, is_first: bool) -> Reply:
    """Do it; where a branch has moved on meanwhile, look again, once."""
    try:
        return _attempt(host, ask, is_first=is_first)
    except HubRefused:
        now = host.pull(ask.pull.number)
        if now.head_sha == ask.pull.head_sha and not ask.is_fork:
            raise
        if now.head_sha != ask.pull.head_sha and not _only_baselines(
            host, ask, ask.pull.head_sha, now.head_sha
        ):
            raise CannotBeDone(
                f"Somebody pushed {now.head_sha[:7]} meanwhile: ask again when it was measured."
            ) from None
        return _attempt(host, replace(ask, pull=now, is_last=True), is_first=False)


def _attempt(host: HubAndHost, ask: Ask, *, is_first: bool) -> Reply:
    if not ask.pull.is_open:
        raise CannotBeDone("This pull request is closed, so nothing was changed.")
    if ask.is_fork:
        return own_pull.reply(host, ask, lambda head: _change(host, ask, head), is_first=is_first)
    if not is_first and (made := ask.made_in(host.commits(ask.pull.base_sha, ask.pull.head_sha))):
        return Reply("rocket", render.markdown("answer_again", sha=made, number=None), 0)
    change = _change(host, ask, ask.pull.head_sha)
    if not change.made or ask.command.dry_run:
        return reply_of(change)
    sha = host.commit_files(ask.pull.head_branch, ask.pull.head_sha, change.files, message_of(ask, change))
    return reply_of(change, sha=sha)


def _change(host: Host, ask: Ask, head: str) -> Change:
    """Return what the measured values would change at a commit."""
    run, found = _measured(host, ask)
    strange = unmatched(ask.command.globs, found.records)
    if strange:
        raise CannotBeDone(f"No scenario of run {run.run_id} is like {', '.join(strange)}.")
    return Change(ask, run, tuple(_file_changes(host, ask, run, found, head)), _missing(ask, found))


def _file_changes(host: Host, ask: Ask, run: Run, found: Delivery, head: str) -> Iterator[FileChange]:
    """Yield what the records would change in each baseline file, from one read of the files."""
    paths = {name: ask.settings.hardware[name].baselines for name in found.records}
    nights = {name: history_places(ask.settings, name, run.created_at) for name in paths}
    files = host.files_at([*((head, path) for path in paths.values()), *chain(*nights.values())])
    now = {path: files[(head, path)] for path in paths.values()}
    for name, path in paths.items():
        records = found.records[name]
        file = baselines_in(path, now[path], name, records)
        past = precedent_in(files, nights[name], name, records, file.metadata.clock).past
        try:
            change = file_change(name, ask.settings, file, records, globs=ask.command.globs, past=past)
        except BaselinesRejected as error:
            raise BadInput(f"{path}: {error}") from error
        # Two kinds of hardware may share a file: the second change follows the first.
        now[path] = change.content if change.is_made else now[path]
        yield change


def _missing(ask: Ask, found: Delivery) -> dict[str, str]:
    """Return why hardware that was meant has no record, by its name."""
    reasons = {
        name: "; ".join(one.reason for one in found.refused if hardware_of(one.name, [name]))
        for name in ask.hardware
        if name not in found.records
    }
    return {name: why or "the run left no record of it" for name, why in reasons.items()}


def _measured(host: Host, ask: Ask) -> tuple[Run, Delivery]:
    """Return the run whose values are taken, and what it has brought.

    Raises:
        CannotBeDone: there is none.
    """
    if ask.command.from_run is not None:
        return _named(host, ask, ask.command.from_run)
    runs = (run for run in own_runs(host, ask.pull) if _is_of_head(host, ask, run))
    reason = f"no run of {PROFILE_WORKFLOW} has measured it"
    for run in islice(runs, MOST_RUNS):
        if run.status != "completed":
            reason = f"run {run.run_id} has not ended; ask again then"
            continue
        found = delivered(host, run, ask.hardware)
        if found.records:
            return run, found
        why = "; ".join(f"{name}: {why}" for name, why in _missing(ask, found).items())
        reason = f"run {run.run_id} has left no valid record ({why})"
    raise CannotBeDone(f"There is nothing to take from the head of this pull request: {reason}.")


def _is_of_head(host: Host, ask: Ask, run: Run) -> bool:
    """Whether a run measured what the head does: nothing but baselines may have changed since."""
    head = ask.pull.head_sha
    return run.head_sha == head or _only_baselines(host, ask, run.head_sha, head)


def _only_baselines(host: Host, ask: Ask, ancestor: str, head: str) -> bool:
    """Whether a commit differs from an ancestor of it in nothing but baselines."""
    changed = host.changed_paths(ancestor, head)
    return changed is not None and set(changed) <= {one.baselines for one in ask.settings.hardware.values()}


def _named(host: Host, ask: Ask, run_id: int) -> tuple[Run, Delivery]:
    """Return a run that the person has named, and what it has brought."""
    try:
        run = host.run(run_id)
    except HubRefused as refusal:
        raise CannotBeDone(f"{refusal}.") from refusal
    why_not = objection(run, ask.pull, ask.said.repository)
    if why_not:
        raise CannotBeDone(f"Baselines are not taken from run {run_id}: {why_not}.")
    found = delivered(host, run, ask.hardware)
    if not found.records:
        why = "; ".join(f"{name}: {why}" for name, why in _missing(ask, found).items())
        raise CannotBeDone(f"Run {run_id} has left no valid record ({why}).")
    return run, found
