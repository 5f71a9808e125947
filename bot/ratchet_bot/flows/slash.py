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
from ratchet_bot.data.events import CommandComment, comment_from_file
from ratchet_bot.flows import tighten_pull
from ratchet_bot.flows.replies import Reply, failed, helped, is_done, post, usage
from ratchet_bot.flows.runs import own_runs
from ratchet_bot.hosts.port import Host, HostRefused
from ratchet_bot.telling import words
from ratchet_bot.telling.checks import check_name


def run(event: Path, connect: Callable[[str], Host]) -> int:
    """Answer a comment that asks something of us; return 0 when it was done, or nothing was asked.

    Args:
        event: Payload of an `issue_comment` event.
        connect: From "owner/name" to the host; called only when there is something to answer.

    Raises:
        BadInput: the payload cannot be used, or something that is needed for an answer.
        HostRefused: the host would not, or did not answer.
    """
    comment = comment_from_file(event)
    command = command_in(comment.body) if comment else None
    if comment is None or command is None:
        print("No perf-ratchet command in this comment.")
        return 0
    host = connect(comment.repository)
    try:
        is_first = host.react(comment.comment_id, "eyes")  # else an earlier attempt may have answered
    except HostRefused:
        is_first = False  # the answer matters more
    if not is_first and is_done(host, comment):
        host.react(comment.comment_id, "rocket")
        print("It was answered before.")
        return 0
    try:
        reply = _reply(host, comment, command, is_first=is_first)
    except (Exception, KeyboardInterrupt) as error:
        try:
            post(host, comment, failed(error), is_first=is_first)
        except HostRefused as refused:
            error.add_note(str(refused))
        raise
    print(post(host, comment, reply, is_first=is_first))
    return reply.code


def _reply(host: Host, comment: CommandComment, command: Command, *, is_first: bool) -> Reply:
    match command:
        case NotUnderstood():
            return usage(command.command, command.reason)
        case PerfHelp():
            return helped()
        case PerfStatus():
            pull = host.pull(comment.pull)
            latest = next(own_runs(host, pull), None)
            body = words.markdown("answer_status", pull=pull, run=latest, check=check_name(pull))
            return Reply("rocket", body, 0)
        case TightenBaselines():
            return tighten_pull.reply(host, comment, command, is_first=is_first)
