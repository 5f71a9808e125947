"""`/tighten-baselines`: put tighter baselines into a pull request, as one commit or as one of our own.

In this order: who asks, how the pull request stands, which run measured it, what that changes; then
the commit.
"""

from dataclasses import replace
from difflib import get_close_matches

from ratchet_bot.data.commands import TIGHTEN, TightenBaselines
from ratchet_bot.data.events import CommandComment
from ratchet_bot.data.names import CONFIG, pull_branch
from ratchet_bot.data.settings import Settings
from ratchet_bot.flows.reading import settings_in
from ratchet_bot.flows.replies import CannotBeDone, Reply, cannot, refused, usage
from ratchet_bot.flows.source_run import SourceRun, is_only_baselines, source_run
from ratchet_bot.flows.tighten_change import TightenChange, change_of, message_of, places_of, reply_of
from ratchet_bot.flows.tighten_request import Destination, TightenRequest, commit_of, destination_of
from ratchet_bot.hosts.effects import PullRequest
from ratchet_bot.hosts.port import Host, HostEffects, HostReads, HostRefused
from ratchet_bot.telling import words
from ratchet_bot.telling.checks import carried, check_name


def reply(host: Host, comment: CommandComment, command: TightenBaselines, *, is_first: bool) -> Reply:
    """Do it, if the person may and things are as they must be; return what to answer.

    Args:
        host: The repository.
        comment: Who asked, and where.
        command: What is asked.
        is_first: Whether nobody can have done it yet.

    Raises:
        BadInput: the configuration or a baseline file cannot be used.
        HostRefused: the host would not, or did not answer.
    """
    if not host.may_write(comment.author):
        return refused()
    pull_state = host.pull_state(comment.pull, CONFIG, pull_branch(comment.pull))
    settings = settings_in(pull_state.config)
    hardware = {
        name: configured for name, configured in settings.hardware.items() if command.hardware in {None, name}
    }
    if not hardware:
        return usage(TIGHTEN, _unknown_hardware(command.hardware or "", settings))
    request = TightenRequest(comment, command, pull_state, settings, hardware)
    try:
        return _tightened(host, request, is_first=is_first)
    except CannotBeDone as why:
        return cannot(str(why))


def _unknown_hardware(name: str, settings: Settings) -> str:
    close = get_close_matches(name, settings.hardware, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there is {', '.join(settings.hardware)}"
    return f"no hardware {name} is configured; {hint}"


def _tightened(host: Host, request: TightenRequest, *, is_first: bool) -> Reply:
    """Do it; where a branch has moved on meanwhile, once again with the same values."""
    if not request.pull.is_open:
        raise CannotBeDone("This pull request is closed, so nothing was changed.")
    if not is_first and (before := _done_before(host, request)):
        return before
    request = _with_check(host, request)
    source = source_run(host, request)
    try:
        return _applied(host, request, source, is_last=False)
    except HostRefused:
        moved = _moved(host, request)
        if moved is None:
            raise
        return _done_before(host, moved) or _applied(host, moved, source, is_last=True)


def _done_before(host: Host, request: TightenRequest) -> Reply | None:
    """Return the answer where this very command has made its commit already; a fork's is proposed then."""
    destination = destination_of(request)
    sha = commit_of(request, destination.commits)
    if not sha:
        return None
    number = _proposed(host, request, destination) if request.is_fork else None
    return Reply("rocket", words.markdown("answer_again", sha=sha, number=number), 0)


def _with_check(host: HostReads, request: TightenRequest) -> TightenRequest:
    """Return the request with the bot's check of the head; a fork's is not needed."""
    if request.is_fork:
        return request
    return replace(request, check=host.own_check(request.pull.head_sha, check_name(request.pull)))


def _moved(host: HostReads, request: TightenRequest) -> TightenRequest | None:
    """Return the same request as things are now; None when nothing has moved.

    Raises:
        CannotBeDone: the head is not what was measured any more.
        HostRefused: the host would not, or did not answer.
    """
    before, number = request.pull.head_sha, request.pull.number
    pull_state = host.pull_state(number, CONFIG, pull_branch(number))
    head = pull_state.pull.head_sha
    if head == before and not request.is_fork:
        return None
    if head != before and not is_only_baselines(host, request, before, head):
        raise CannotBeDone(f"Somebody pushed {head[:7]} meanwhile: ask again when it was measured.")
    return _with_check(host, replace(request, pull_state=pull_state))


def _applied(host: Host, request: TightenRequest, source: SourceRun, *, is_last: bool) -> Reply:
    """Read the files, decide what changes, and commit that; return what to answer.

    Raises:
        CannotBeDone: there is no branch into which it would go.
        HostRefused: the host would not, or did not answer. On the last attempt for a fork, the change is
            shown instead.
    """
    destination = destination_of(request)
    files = host.files_at(places_of(request, source.run, source.delivery, destination.head))
    change = change_of(request, source.run, source.delivery, source.missing, destination.head, files)
    if request.command.dry_run:
        return reply_of(change)
    if request.is_fork:
        return _proposed_for_fork(host, change, destination, is_last=is_last)
    if not change.made:
        return reply_of(change)
    sha = host.commit_files(destination.branch, destination.head, change.files, message_of(change))
    return reply_of(change, sha=sha, unchecked=_carried(host, change, sha))


def _carried(hub: HostEffects, change: TightenChange, sha: str) -> str:
    """Copy a successful check of the head to our commit; return why not, or "".

    GitHub starts no workflow for what its own token commits: without this, a required check would be missing
    there for good. Only baselines differ, and those that judge are the base branch's: so the measurement
    shows the same. What the check says of the pull request's own baselines holds when the new ones loosen
    nothing either.

    Args:
        hub: The repository.
        change: What was changed.
        sha: Our commit, made just now by this very command.
    """
    pull, check = change.request.pull, change.request.check
    if check is None or check.conclusion != "success":
        return f"the check of {pull.head_sha[:7]} has not concluded as success"
    if change.is_doubtful:
        return "the new baselines are looser than those of the base branch somewhere"
    try:
        hub.upsert_check(carried(check, pull, sha), is_first=True)
    except HostRefused as refusal:
        return str(refusal)
    return ""


def _proposed_for_fork(
    host: Host, change: TightenChange, destination: Destination, *, is_last: bool
) -> Reply:
    """Commit to a branch of the bot and propose that, since we cannot push to a fork.

    Where that is refused for good, the change is shown instead.
    """
    request = change.request
    if not change.made:
        # What an earlier command has left on the branch may not be proposed yet.
        return reply_of(
            change, number=_proposed(host, request, destination) if destination.is_ready else None
        )
    message = message_of(change)
    try:
        if destination.is_ready:
            sha = host.commit_files(destination.branch, destination.head, change.files, message)
        else:
            sha = host.rebuild_branch(
                destination.branch, destination.moved_from, destination.head, change.files, message
            )
    except HostRefused as refusal:
        if not is_last:
            raise
        return reply_of(change, refusal=str(refusal))
    try:
        return reply_of(change, sha=sha, number=_proposed(host, request, destination))
    except HostRefused as refusal:
        return reply_of(change, refusal=str(refusal))


def _proposed(host: Host, request: TightenRequest, destination: Destination) -> int:
    """Open our pull request where none is open; return its number.

    The open one keeps its base: the author of the fork's may have moved theirs, which decides nothing here.
    """
    if destination.number is not None:
        return destination.number
    pull = PullRequest(
        branch=destination.branch,
        base=request.pull.base_branch,
        title=f"Tighten baselines as #{request.pull.number} has measured them",
        body=words.markdown("tighten_pull", number=request.pull.number),
    )
    return host.upsert_pull(pull, is_first=True)
