"""Answers to people: a reaction to what they wrote, and a comment of its own."""

from dataclasses import dataclass
from typing import Final

from ratchet_bot.data.commands import HELP, TIGHTEN, USAGE
from ratchet_bot.data.events import Said
from ratchet_bot.flows.failures import reason_of
from ratchet_bot.hosts.effects import Question, Reaction
from ratchet_bot.hosts.hub import Hub
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
    return Reply("-1", words.markdown("answer_refused", others=[one for one in USAGE if one != TIGHTEN]), 1)


def usage(command: str, reason: str) -> Reply:
    """Return the answer to a command with something that it does not take."""
    return Reply(
        "confused", words.markdown("answer_usage", usage=USAGE[command], help=HELP, reason=reason), 1
    )


def cannot(reason: str) -> Reply:
    """Return the answer where nothing could be done, and was."""
    return Reply("confused", words.markdown("answer_cannot", reason=reason), 1)


def helped() -> Reply:
    """Return what there is to ask for."""
    said = words.markdown("answer_help", usage=USAGE, slack_ratio=SLACK_RATIO, slack_ms=SLACK_MS)
    return Reply("rocket", said, 0)


def failure(error: BaseException) -> Reply:
    """Return the answer when something went wrong with us."""
    return Reply("confused", words.markdown("answer_failed", reason=reason_of(error)), 2)


def say(hub: Hub, said: Said, reply: Reply, *, is_first: bool) -> str:
    """Answer, then react; return where the answer can be read.

    Raises:
        HubRefused: the host would not, or did not answer.
    """
    marker = _marker(said)
    done = [] if reply.code else [DONE]
    body = "\n".join([marker, *done, reply.body])
    question = Question(
        pull=said.pull, comment=said.comment, pull_node=said.pull_node, comment_node=said.comment_node
    )
    return hub.reply(question, marker, body, reply.reaction, is_first=is_first)


def is_done(hub: Hub, said: Said) -> bool:
    """Return whether a command has been answered with nothing left to do."""
    found: list[str | None] = []

    def look(body: str | None) -> None:
        found.append(body)

    hub.revise_comment(said.pull, _marker(said), look)
    return any((body or "").split("\n")[1:2] == [DONE] for body in found)


def _marker(said: Said) -> str:
    return f"<!-- perf-ratchet:answer {said.comment} -->"
