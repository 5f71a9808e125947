"""`perf-ratchet respond`: do what a person asks in a comment, and always answer."""

from collections.abc import Callable
from pathlib import Path

from ratchet_bot.data.commands import (
    Command,
    NotUnderstood,
    PerfHelp,
    PerfStatus,
    TightenBaselines,
    command_in,
)
from ratchet_bot.data.event_file import said_from_file
from ratchet_bot.data.events import Said
from ratchet_bot.flows import tighten_pull
from ratchet_bot.flows.binding import own_runs
from ratchet_bot.flows.replies import Reply, failure, helped, is_done, say, usage
from ratchet_bot.hosts.host import Host
from ratchet_bot.hosts.hub import Hub, HubAndHost, HubRefused
from ratchet_bot.telling import words
from ratchet_bot.telling.run_report import check_name


def run(event: Path, connect: Callable[[str], HubAndHost]) -> int:
    """Answer a comment that asks something of us; return 0 when it was done, or nothing was asked.

    Args:
        event: Payload of an `issue_comment` event.
        connect: From "owner/name" to the host; called only when there is something to answer.

    Raises:
        BadInput: the payload cannot be used, or something that is needed for an answer.
        HubRefused: the host would not, or did not answer.
    """
    said = said_from_file(event)
    command = command_in(said.body) if said else None
    if said is None or command is None:
        print("Nothing was asked of us.")
        return 0
    host = connect(said.repository)
    is_first = _acknowledged(host, said)
    if not is_first and is_done(host, said):
        host.react(said.comment, "rocket")
        print("It was answered before.")
        return 0
    try:
        reply = _reply(host, said, command, is_first=is_first)
    except (Exception, KeyboardInterrupt) as error:
        _say_failure(host, said, error, is_first=is_first)
        raise
    print(say(host, said, reply, is_first=is_first))
    return reply.code


def _acknowledged(hub: Hub, said: Said) -> bool:
    """Show that the comment was seen; return True only when nobody can have answered it yet."""
    try:
        return hub.react(said.comment, "eyes")
    except HubRefused:
        return False  # the answer matters more


def _reply(host: HubAndHost, said: Said, command: Command, *, is_first: bool) -> Reply:
    match command:
        case NotUnderstood():
            return usage(command.command, command.reason)
        case PerfHelp():
            return helped()
        case PerfStatus():
            return _status(host, said)
        case TightenBaselines():
            return tighten_pull.reply(host, said, command, is_first=is_first)


def _status(host: Host, said: Said) -> Reply:
    """Return how the measurement of a pull request stands."""
    pull = host.pull(said.pull)
    latest = next(own_runs(host, pull), None)
    return Reply("rocket", words.markdown("answer_status", pull=pull, run=latest, check=check_name(pull)), 0)


def _say_failure(hub: Hub, said: Said, error: BaseException, *, is_first: bool) -> None:
    """Tell the person what went wrong, if the host lets us."""
    try:
        say(hub, said, failure(error), is_first=is_first)
    except HubRefused as refused:
        error.add_note(str(refused))
