"""Answers to people: a reaction to what they wrote, and a comment of its own."""

from dataclasses import dataclass
from typing import Final

from ratchet_bot.data.commands import HELP, TIGHTEN, USAGE
from ratchet_bot.data.errors import reason_of
from ratchet_bot.data.events import CommandComment
from ratchet_bot.hosts.effects import Reaction
from ratchet_bot.hosts.port import HostEffects
from ratchet_bot.judging.proposals import SLACK_MS, SLACK_RATIO
from ratchet_bot.telling import words

DONE: Final = "<!-- perf-ratchet:done -->"
"""Second line of an answer after which nothing is left to do, should the same command come again."""


@dataclass(frozen=True)
class Reply:
    """What a person gets."""

    reaction: Reaction
    body: str
    """Markdown, without its marker."""
    code: int
    """What the command line exits with."""


class CannotBeDone(Exception):
    """What was asked cannot be done as things are. The message is a sentence for whoever asked."""


def refused() -> Reply:
    """Return the answer to somebody who may not do that."""
    others = [command for command in USAGE if command != TIGHTEN]
    return Reply("-1", words.markdown("answer_refused", others=others), 1)


def usage(command: str, reason: str) -> Reply:
    """Return the answer to a command with something that it does not take."""
    body = words.markdown("answer_usage", usage=USAGE[command], help=HELP, reason=reason)
    return Reply("confused", body, 1)


def cannot(reason: str) -> Reply:
    """Return the answer where things are such that nothing was done."""
    return Reply("confused", words.markdown("answer_cannot", reason=reason), 1)


def helped() -> Reply:
    """Return what there is to ask for."""
    body = words.markdown("answer_help", usage=USAGE, slack_ratio=SLACK_RATIO, slack_ms=SLACK_MS)
    return Reply("rocket", body, 0)


def failed(error: BaseException) -> Reply:
    """Return the answer when something went wrong with us."""
    return Reply("confused", words.markdown("answer_failed", reason=reason_of(error)), 2)


def post(hub: HostEffects, comment: CommandComment, reply: Reply, *, is_first: bool) -> str:
    """Answer, then react; return where the answer can be read.

    Raises:
        HostRefused: the host would not, or did not answer.
    """
    marker = _marker(comment)
    done = [] if reply.code else [DONE]
    body = "\n".join([marker, *done, reply.body])
    return hub.reply(comment, marker, body, reply.reaction, is_first=is_first)


def is_done(hub: HostEffects, comment: CommandComment) -> bool:
    """Return whether a command has been answered with nothing left to do."""
    answers: list[str] = []

    def read_only(body: str | None) -> None:
        answers.append(body or "")

    hub.revise_comment(comment.pull, _marker(comment), read_only)
    return any(answer.split("\n")[1:2] == [DONE] for answer in answers)


def _marker(comment: CommandComment) -> str:
    return f"<!-- perf-ratchet:answer {comment.comment_id} -->"
