"""The bot's comments, answers and reactions on GitHub."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from pydantic import AliasPath, Field

from ratchet_bot.data.events import CommandComment
from ratchet_bot.hosts.effects import Reaction
from ratchet_bot.hosts.github.failures import ApiCall
from ratchet_bot.hosts.github.repository import GithubRepository
from ratchet_bot.hosts.github.rest_models import IssueComment, WireModel
from ratchet_bot.hosts.port import HostRefused

COMMENT_LIMIT: Final = 65_536  # characters; GitHub answers 422 "Body is too long" beyond
REPLY: Final = """mutation Reply($answer: AddCommentInput!, $reaction: AddReactionInput!) {
  addComment(input: $answer) { commentEdge { node { url } } }
  addReaction(input: $reaction) { clientMutationId }
}"""
"""One after the other, in this order."""
REACTIONS: Final[Mapping[Reaction, str]] = {
    "eyes": "EYES",
    "rocket": "ROCKET",
    "-1": "THUMBS_DOWN",
    "confused": "CONFUSED",
}
"""Their names in GraphQL."""


class PostedReply(WireModel):
    """The answer to `REPLY`."""

    url: str = Field(validation_alias=AliasPath("addComment", "commentEdge", "node", "url"))


class Conversation(GithubRepository):
    """Comments, answers and reactions. See `port.Host`."""

    def upsert_comment(self, pull: int, marker: str, body: str) -> str:
        """Make the bot's one comment on a pull request say this. See `port.Host`."""
        _require_sayable(marker, body)
        return self._settle(self._commenting(pull), lambda: self._say(pull, marker, lambda _: body))

    def revise_comment(self, pull: int, marker: str, revise: Callable[[str | None], str | None]) -> str:
        """Make the bot's one comment say what follows from what it says. See `port.Host`."""

        def revised(body: str | None) -> str | None:
            new = revise(body)
            if new is not None:
                _require_sayable(marker, new)
            return new

        return self._settle(self._commenting(pull), lambda: self._say(pull, marker, revised))

    def answer(self, pull: int, marker: str, body: str, *, is_first: bool = False) -> str:
        """Say something once on a pull request, in a comment of its own. See `port.Host`."""
        _require_sayable(marker, body)

        def look_first() -> str:
            return self._say(pull, marker, lambda _: body)

        def at_once() -> str:
            return self._comment(pull, body)

        return self._settle(self._commenting(pull), at_once if is_first else look_first, again=look_first)

    def reply(
        self, comment: CommandComment, marker: str, body: str, reaction: Reaction, *, is_first: bool = False
    ) -> str:
        """Answer a comment, then react to it: at once where no answer can be there. See `port.Host`."""
        _require_sayable(marker, body)

        def look_first() -> str:
            place = self._say(comment.pull, marker, lambda _: body)
            self._react(comment.comment_id, reaction)
            return place

        def at_once() -> str:
            variables = {
                "answer": {"subjectId": comment.pull_node, "body": body},
                "reaction": {"subjectId": comment.comment_node, "content": REACTIONS[reaction]},
            }
            return PostedReply.model_validate(self._client.graphql(REPLY, variables)).url

        can_be_one = is_first and comment.pull_node and comment.comment_node
        effect = at_once if can_be_one else look_first
        return self._settle(self._commenting(comment.pull), effect, again=look_first)

    def react(self, comment: int, reaction: Reaction) -> bool:
        """React to a comment; return whether that is new. See `port.Host`."""
        call = self._call(f"react to comment {comment}", "pull-requests: write")
        return self._settle(call, lambda: self._react(comment, reaction))

    def _react(self, comment: int, reaction: Reaction) -> bool:
        # Sent twice, it is there once: GitHub then answers 200.
        path = self._at(f"issues/comments/{comment}/reactions")
        return self._client.send("POST", path, {"content": reaction}).status == HTTPStatus.CREATED

    def _commenting(self, pull: int) -> ApiCall:
        return ApiCall(f"comment on {self._repository}#{pull}", "pull-requests: write")

    def _say(self, number: int, marker: str, revise: Callable[[str | None], str | None]) -> str:
        """Look for the comment, then set it to what follows from its body."""
        comments = map(IssueComment.model_validate, self._client.pages(self._at(f"issues/{number}/comments")))
        # GitHub lists the oldest first: of two comments of ours, the first one counts.
        ours = next((comment for comment in comments if comment.is_of(self._login, marker)), None)
        body = revise(ours.body if ours else None)
        if ours is None:
            return self._comment(number, body) if body is not None else ""
        if body not in {None, ours.body}:
            self._client.send("PATCH", self._at(f"issues/comments/{ours.id}"), {"body": body})
        return ours.html_url

    def _comment(self, number: int, body: str) -> str:
        answer = self._client.send("POST", self._at(f"issues/{number}/comments"), {"body": body})
        return IssueComment.model_validate(answer.data).html_url


def _require_sayable(marker: str, body: str) -> None:
    if not marker or not body.startswith(marker):
        raise ValueError("a comment begins with its marker, or it is not found again")
    if len(body) > COMMENT_LIMIT:
        raise HostRefused(
            f"the comment has {len(body):,} characters and GitHub takes {COMMENT_LIMIT:,}: shorten it"
        )
