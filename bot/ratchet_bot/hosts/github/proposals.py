"""What the bot proposes on GitHub: pull requests of its own."""

from http import HTTPStatus
from itertools import islice
from typing import Final

from ratchet_bot.hosts import effects, states
from ratchet_bot.hosts.github.client import PER_PAGE
from ratchet_bot.hosts.github.failures import Unanswered
from ratchet_bot.hosts.github.issues import Issues
from ratchet_bot.hosts.github.rest_models import RestPull

CLOSE_PULL: Final = """mutation Close($said: AddCommentInput!, $closed: ClosePullRequestInput!) {
  addComment(input: $said) { clientMutationId }
  closePullRequest(input: $closed) { clientMutationId }
}"""


class Proposals(Issues):
    """Pull requests of the bot. See `port.Host`."""

    def upsert_pull(
        self, pull: effects.PullRequest, *, is_first: bool = False, seen: states.PullSnapshot | None = None
    ) -> int:
        """Open a pull request, or make the open one of this branch say this. See `port.Host`."""
        call = self._call(f"propose {pull.branch}", "pull-requests: write")

        def look_first() -> int:
            return self._propose(pull, self._own_pulls(pull.branch))

        def at_once() -> int:
            return self._revise(pull, seen) if seen else self._propose(pull, [])

        return self._settle(call, at_once if is_first or seen else look_first, again=look_first)

    def close_pull(self, number: int, marker: str, reason: str, *, key: str = "") -> None:
        """Close a pull request of the bot with a last comment. See `port.Host`."""
        call = self._call(f"close #{number}", "pull-requests: write")

        def look_first() -> None:
            self._close(f"pulls/{number}", number, marker, reason)

        def at_once() -> None:
            asked = {"said": _said(key, marker, reason), "closed": {"pullRequestId": key}}
            self._client.graphql(CLOSE_PULL, asked)

        self._settle(call, at_once if key else look_first, again=look_first)

    def _propose(self, asked: effects.PullRequest, known: list[RestPull]) -> int:
        said = {"title": asked.title, "body": asked.body, "base": asked.base}
        found = known or [self._open(said | {"head": asked.branch}, asked.branch)]
        ours = next((it for it in found if it.base.ref == asked.base), found[0])
        if (ours.title, ours.body, ours.base.ref) != (asked.title, asked.body, asked.base):
            self._client.send("PATCH", self._at(f"pulls/{ours.number}"), said)
        self._label(ours.number, asked.labels, {it.name for it in ours.labels})
        return ours.number

    def _revise(self, asked: effects.PullRequest, ours: states.PullSnapshot) -> int:
        if (ours.title, ours.body, ours.base_branch) != (asked.title, asked.body, asked.base):
            said = {"title": asked.title, "body": asked.body, "base": asked.base}
            self._client.send("PATCH", self._at(f"pulls/{ours.number}"), said)
        self._label(ours.number, asked.labels, set(ours.labels))
        return ours.number

    def _open(self, said: dict[str, str], branch: str) -> RestPull:
        try:
            return RestPull.model_validate(self._client.send("POST", self._at("pulls"), said).data)
        except Unanswered as unanswered:
            # 422 "A pull request already exists": somebody else was faster, and theirs is the one.
            refused = unanswered.failure.status == HTTPStatus.UNPROCESSABLE_ENTITY
            found = self._own_pulls(branch) if refused else []
            if not found:
                raise
            return found[0]

    def _own_pulls(self, branch: str) -> list[RestPull]:
        """Return the open pull requests from this branch of this repository; the newest hundred."""
        head = f"{self._repository.split('/')[0]}:{branch}"
        listed = islice(self._client.pages(self._at("pulls"), state="open", head=head), PER_PAGE)
        return [it for it in map(RestPull.model_validate, listed) if it.is_from(self._repository)]


def _said(key: str, marker: str, reason: str) -> dict[str, str]:
    return {"subjectId": key, "body": f"{marker}\n{reason}"}
