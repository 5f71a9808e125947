"""The bot's issues on GitHub: all changes of them in one request."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from pydantic import AliasPath, Field

from ratchet_bot.hosts import effects, states
from ratchet_bot.hosts.github.conversation import Conversation
from ratchet_bot.hosts.github.failures import Unanswered
from ratchet_bot.hosts.github.repository import quoted
from ratchet_bot.hosts.github.rest_models import LabelNode, RestIssue, WireModel
from ratchet_bot.hosts.port import HostRefused

MUTATIONS: Final = {
    "createIssue": ("CreateIssueInput!", "issue { number }"),
    "updateIssue": ("UpdateIssueInput!", "clientMutationId"),
    "addComment": ("AddCommentInput!", "clientMutationId"),
    "closeIssue": ("CloseIssueInput!", "clientMutationId"),
}
"""What is done to issues: the type of its input, and what is read of its answer."""


Change: TypeAlias = tuple[str, Mapping[str, Any]]
"""A mutation and its input."""


class CreatedIssue(WireModel):
    """The answer to createIssue."""

    number: int = Field(validation_alias=AliasPath("issue", "number"))


def document(changes: Sequence[Change]) -> str:
    """Return one request for all changes: every value is in its variables, none in its text.

    GitHub makes one after the other, in this order, and may refuse single ones.
    """
    variables, fields = [], []
    for number, (mutation, _) in enumerate(changes):
        kind, read = MUTATIONS[mutation]
        variables.append(f"$change{number}: {kind}")
        fields.append(f"  change{number}: {mutation}(input: $change{number}) {{ {read} }}\n")
    return f"mutation Settle({', '.join(variables)}) {{\n{''.join(fields)}}}"


class Issues(Conversation):
    """The bot's issues. See `port.Host`."""

    def settle_issues(
        self, wanted: Sequence[effects.Issue], over: Sequence[effects.Closing]
    ) -> Sequence[int]:
        """Open issues, make the open ones say this, and close others. See `port.Host`."""
        if any(not issue.marker or not issue.body.startswith(issue.marker) for issue in wanted):
            raise ValueError("the body of an issue begins with its marker, or it is not found again")
        call = self._call("open, change or close issues", "issues: write")

        def one_by_one() -> Sequence[int]:
            for closing in over:
                number = closing.issue.number
                self._close(f"issues/{number}", number, closing.marker, closing.reason)
            open_issues = self._own_issues() if wanted else []
            return [self._report(issue, open_issues) for issue in wanted]

        def at_once() -> Sequence[int]:
            try:
                return self._change(wanted, over)
            except Unanswered as unanswered:
                if unanswered.failure.is_outage or unanswered.failure.is_rate_limit:
                    raise
                return one_by_one()  # part of it may be done: the rest follows, or is refused

        return self._settle(call, one_by_one if self._labels is None else at_once, again=one_by_one)

    def _change(self, wanted: Sequence[effects.Issue], over: Sequence[effects.Closing]) -> Sequence[int]:
        """Do it in one request: the open issues have been read before."""
        fresh = [issue for issue in wanted if issue.seen is None]
        changes = [*map(self._opening, fresh), *_revisions(wanted), *_closings(over)]
        variables = {f"change{number}": value for number, (_, value) in enumerate(changes)}
        data = self._client.graphql(document(changes), variables) if changes else {}
        opened = {
            issue.marker: CreatedIssue.model_validate(data[f"change{number}"]).number
            for number, issue in enumerate(fresh)
        }
        return [issue.seen.number if issue.seen else opened[issue.marker] for issue in wanted]

    def _opening(self, issue: effects.Issue) -> Change:
        labels = [self._label_key(name) for name in issue.labels]
        content = {"title": issue.title, "body": issue.body, "labelIds": labels}
        return "createIssue", {"repositoryId": self._node, **content}

    def _label_key(self, name: str) -> str:
        """Return the GraphQL id of a label, which is made where it is missing."""
        labels = self._labels or {}
        self._labels = labels if name in labels else {**labels, name: self._made_label(name).node_id}
        return self._labels[name]

    def _made_label(self, name: str) -> LabelNode:
        try:
            return LabelNode.model_validate(
                self._client.send("POST", self._at("labels"), {"name": name}).data
            )
        except Unanswered as unanswered:
            if unanswered.failure.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise
        return LabelNode.model_validate(self._client.get(self._at(f"labels/{quoted(name)}")))

    def _report(self, issue: effects.Issue, open_issues: Iterable[states.OpenIssue]) -> int:
        ours = next((known for known in open_issues if known.body.startswith(issue.marker)), None)
        content = {"title": issue.title, "body": issue.body}
        if ours is None:
            body = content | {"labels": list(issue.labels)}
            return RestIssue.model_validate(self._client.send("POST", self._at("issues"), body).data).number
        if (ours.title, ours.body) != (issue.title, issue.body):
            self._client.send("PATCH", self._at(f"issues/{ours.number}"), content)
        self._label(ours.number, issue.labels, set(ours.labels))
        return ours.number

    def _own_issues(self) -> list[states.OpenIssue]:
        """Return the open issues that the bot wrote. GitHub lists pull requests among them."""
        listed = self._client.pages(self._at("issues"), state="open", creator=self._login)
        issues = [issue for issue in map(RestIssue.model_validate, listed) if issue.pull_request is None]
        return [issue.as_state() for issue in issues if issue.user and issue.user.login == self._login]

    def _label(self, number: int, wanted: Iterable[str], present: set[str]) -> None:
        missing = [label for label in wanted if label not in present]
        if missing:
            self._client.send("POST", self._at(f"issues/{number}/labels"), {"labels": missing})

    def _close(self, path: str, number: int, marker: str, reason: str) -> None:
        issue = RestIssue.model_validate(self._client.get(self._at(path)))
        if issue.state == "closed":
            return
        if issue.user is None or issue.user.login != self._login:
            raise HostRefused(f"#{number} was not opened by {self._login}; a person has to close it")
        self._say(number, marker, lambda _: f"{marker}\n{reason}")
        self._client.send("PATCH", self._at(path), {"state": "closed"})


def _revisions(wanted: Iterable[effects.Issue]) -> Iterator[Change]:
    for issue in wanted:
        if issue.seen and (issue.seen.title, issue.seen.body) != (issue.title, issue.body):
            yield "updateIssue", {"id": issue.seen.key, "title": issue.title, "body": issue.body}


def _closings(over: Iterable[effects.Closing]) -> Iterator[Change]:
    for closing in over:
        body = f"{closing.marker}\n{closing.reason}"
        yield "addComment", {"subjectId": closing.issue.key, "body": body}
        yield "closeIssue", {"issueId": closing.issue.key}
