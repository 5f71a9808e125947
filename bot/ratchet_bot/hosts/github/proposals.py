"""The bot's own pull requests on GitHub."""

from http import HTTPStatus
from itertools import islice
from typing import Final

from ratchet_bot.hosts import effects, states
from ratchet_bot.hosts.github.client import PER_PAGE
from ratchet_bot.hosts.github.failures import Unanswered
from ratchet_bot.hosts.github.issues import Issues
from ratchet_bot.hosts.github.rest_models import RestPull

CLOSE_PULL: Final = """mutation Close($comment: AddCommentInput!, $closed: ClosePullRequestInput!) {
  addComment(input: $comment) { clientMutationId }
  closePullRequest(input: $closed) { clientMutationId }
}"""


class OwnPulls(Issues):
    """Pull requests of the bot. See `port.Host`."""

    def upsert_pull(
        self, pull: effects.PullRequest, *, is_first: bool = False, seen: states.PullSnapshot | None = None
    ) -> int:
        """Open a pull request, or make the open one of this branch say this. See `port.Host`."""
        call = self._call(f"propose {pull.branch}", "pull-requests: write")

        def look_first() -> int:
            return self._propose(pull, self._own_pulls(pull.branch))

        def at_once() -> int:
            return self._propose_seen(pull, seen) if seen else self._propose(pull, [])

        return self._settle(call, at_once if is_first or seen else look_first, again=look_first)

    def close_pull(self, number: int, marker: str, reason: str, *, key: str = "") -> None:
        """Close a pull request of the bot with a last comment. See `port.Host`."""
        call = self._call(f"close #{number}", "pull-requests: write")

        def look_first() -> None:
            self._close(f"pulls/{number}", number, marker, reason)

        def at_once() -> None:
            comment = {"subjectId": key, "body": f"{marker}\n{reason}"}
            self._client.graphql(CLOSE_PULL, {"comment": comment, "closed": {"pullRequestId": key}})

        self._settle(call, at_once if key else look_first, again=look_first)

    def _propose(self, wanted: effects.PullRequest, open_pulls: list[RestPull]) -> int:
        pulls = open_pulls or [self._open(wanted)]
        ours = next((pull for pull in pulls if pull.base.ref == wanted.base), pulls[0])
        self._revise(ours.number, wanted, (ours.title, ours.body, ours.base.ref))
        self._label(ours.number, wanted.labels, {label.name for label in ours.labels})
        return ours.number

    def _propose_seen(self, wanted: effects.PullRequest, ours: states.PullSnapshot) -> int:
        self._revise(ours.number, wanted, (ours.title, ours.body, ours.base_branch))
        self._label(ours.number, wanted.labels, set(ours.labels))
        return ours.number

    def _revise(self, number: int, wanted: effects.PullRequest, current: tuple[str, str | None, str]) -> None:
        """Update title, body and base where they differ from the current ones."""
        if current != (wanted.title, wanted.body, wanted.base):
            self._client.send("PATCH", self._at(f"pulls/{number}"), _content(wanted))

    def _open(self, wanted: effects.PullRequest) -> RestPull:
        body = _content(wanted) | {"head": wanted.branch}
        try:
            return RestPull.model_validate(self._client.send("POST", self._at("pulls"), body).data)
        except Unanswered as unanswered:
            # 422 "A pull request already exists": another run was faster, and its pull request counts.
            exists = unanswered.failure.status == HTTPStatus.UNPROCESSABLE_ENTITY
            pulls = self._own_pulls(wanted.branch) if exists else []
            if not pulls:
                raise
            return pulls[0]

    def _own_pulls(self, branch: str) -> list[RestPull]:
        """Return the open pull requests from this branch of this repository; the newest hundred."""
        head = f"{self._repository.split('/')[0]}:{branch}"
        listed = islice(self._client.pages(self._at("pulls"), state="open", head=head), PER_PAGE)
        return [pull for pull in map(RestPull.model_validate, listed) if pull.is_from(self._repository)]


def _content(pull: effects.PullRequest) -> dict[str, str]:
    return {"title": pull.title, "body": pull.body, "base": pull.base}
