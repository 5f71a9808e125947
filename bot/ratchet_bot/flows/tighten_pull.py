"""`/tighten-baselines`: put tighter baselines into a pull request, as one commit or as one of our own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import chain

from ratchet_bot.data.baselines import BaselinesRejected
from ratchet_bot.data.commands import TIGHTEN, TightenBaselines
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.events import Said
from ratchet_bot.data.repo_names import CONFIG, pull_branch
from ratchet_bot.data.settings import Settings
from ratchet_bot.flows import own_pull
from ratchet_bot.flows.asked import Ask, AskedChange, message_of, reply_of
from ratchet_bot.flows.carried_check import carry
from ratchet_bot.flows.fetched import baselines_in, history_places, precedent_in, settings_in
from ratchet_bot.flows.replies import CannotBeDone, Reply, cannot, refused, usage
from ratchet_bot.flows.taken import Taken, is_only_baselines, taken
from ratchet_bot.hosts.host import Host, Place
from ratchet_bot.hosts.hub import HubAndHost, HubRefused
from ratchet_bot.judging.file_change import FileChange, file_change, unmatched
from ratchet_bot.telling import words
from ratchet_bot.telling.run_report import check_name


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
    standing = host.standing(said.pull, CONFIG, pull_branch(said.pull))
    settings = settings_in(standing.config)
    known = settings.hardware
    hardware = {name: known[name] for name in known if command.hardware in {None, name}}
    if not hardware:
        return usage(TIGHTEN, _unknown(command.hardware or "", settings))
    try:
        return _tightened(host, Ask(said, command, standing, settings, hardware), is_first=is_first)
    except CannotBeDone as why:
        return cannot(str(why))


def _unknown(name: str, settings: Settings) -> str:
    close = get_close_matches(name, settings.hardware, n=1)
    known = f"did you mean {close[0]}?" if close else f"there is {', '.join(settings.hardware)}"
    return f"no hardware {name} is configured; {known}"


def _tightened(host: HubAndHost, ask: Ask, *, is_first: bool) -> Reply:
    """Do it; where a branch has moved on meanwhile, once again with the same values."""
    if not ask.pull.is_open:
        raise CannotBeDone("This pull request is closed, so nothing was changed.")
    if not is_first and (done := _done_before(host, ask)):
        return done
    ask = _with_check(host, ask)
    values = taken(host, ask)
    try:
        return _changed(host, ask, values)
    except HubRefused:
        now = _again(host, ask)
        if now is None:
            raise
        return _done_before(host, now) or _changed(host, now, values)


def _again(host: Host, ask: Ask) -> Ask | None:
    """Return the same as things are now, for the last attempt; None when nothing has moved.

    Raises:
        CannotBeDone: what was measured is the head no more.
        HubRefused: the host would not, or did not answer.
    """
    before = ask.pull.head_sha
    standing = host.standing(ask.pull.number, CONFIG, pull_branch(ask.pull.number))
    head = standing.pull.head_sha
    if head == before and not ask.is_fork:
        return None
    if head != before and not is_only_baselines(host, ask, before, head):
        raise CannotBeDone(f"Somebody pushed {head[:7]} meanwhile: ask again when it was measured.")
    return _with_check(host, replace(ask, standing=standing, is_last=True))


def _with_check(host: Host, ask: Ask) -> Ask:
    """Return it with what we have said of the head; of a fork's, nothing is asked."""
    if ask.is_fork:
        return ask
    return replace(ask, check=host.own_check(ask.pull.head_sha, check_name(ask.pull)))


def _done_before(host: HubAndHost, ask: Ask) -> Reply | None:
    """Return the answer where this very command has made its commit already."""
    if ask.is_fork:
        return own_pull.done_before(host, ask)
    made = ask.made_in(ask.standing.commits)
    return Reply("rocket", words.markdown("answer_again", sha=made, number=None), 0) if made else None


def _changed(host: HubAndHost, ask: Ask, values: Taken) -> Reply:
    if ask.is_fork:
        return own_pull.reply(host, ask, lambda head: _change(host, ask, values, head))
    head = ask.pull.head_sha
    change = _change(host, ask, values, head)
    if not change.made or ask.command.dry_run:
        return reply_of(change)
    sha = host.commit_files(ask.pull.head_branch, head, change.files, message_of(ask, change))
    return reply_of(change, sha=sha, unchecked=carry(host, change, sha))


def _change(host: Host, ask: Ask, values: Taken, head: str) -> AskedChange:
    """Return what the measured values would change at a commit, from one read of the files."""
    run, records = values.run, values.found.records
    strange = unmatched(ask.command.globs, records)
    if strange:
        raise CannotBeDone(f"No scenario of run {run.run_id} is like {', '.join(strange)}.")
    paths = {name: ask.settings.hardware[name].baselines for name in records}
    nights = {name: history_places(ask.settings, name, run.created_at) for name in paths}
    base = ask.standing.base_head or head
    wanted = [(ref, path) for ref in (head, base) for path in paths.values()]
    files = host.files_at([*wanted, *chain(*nights.values())])
    changes = tuple(_file_changes(ask, values, head, files, nights))
    on_base = {path: files[(base, path)] for path in paths.values()}
    return AskedChange(ask, run, changes, values.missing, on_base)


def _file_changes(
    ask: Ask,
    values: Taken,
    head: str,
    files: Mapping[Place, bytes | None],
    nights: Mapping[str, Sequence[Place]],
) -> Iterator[FileChange]:
    """Yield what the records would change in each baseline file of a commit."""
    now: dict[str, bytes | None] = {}
    for name, records in values.found.records.items():
        path = ask.settings.hardware[name].baselines
        # Two kinds of hardware may share a file: the second change follows the first.
        file = baselines_in(path, now.get(path, files[(head, path)]), name, records)
        past = precedent_in(files, nights[name], name, records, file.metadata.clock).past
        try:
            change = file_change(name, ask.settings, file, records, globs=ask.command.globs, past=past)
        except BaselinesRejected as error:
            raise BadInput(f"{path}: {error}") from error
        if change.is_made:
            now[path] = change.content
        yield change
