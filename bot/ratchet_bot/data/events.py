"""GitHub's webhook payloads, from the event file of a job: only the parts that a command needs.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ratchet_profiler.record import MAX_INTEGER

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import bounded_bytes

MAX_EVENT_BYTES: Final = 25 * 1024 * 1024
"""Largest payload that is read. Source: GitHub caps payloads at 25 MB."""

Id = Annotated[int, Field(ge=1, le=MAX_INTEGER)]
NodeId = Annotated[str, Field(max_length=200)]
"""An id of GitHub's GraphQL API. Limit chosen: GitHub's have some twenty characters."""


class EventRejected(ValueError):
    """The bytes are not a payload of the event; the message names the place and the problem in one line."""


class _PayloadPart(BaseModel):
    """A part of a payload: strict and frozen; unknown keys are ignored, because GitHub adds new ones."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class EventAccount(_PayloadPart):
    """A person or an app."""

    login: str
    type: str = "User"
    """"User", "Bot", "Organization"."""


class EventRepository(_PayloadPart):
    """The repository of the workflow, never a fork."""

    full_name: str


class _EventComment(_PayloadPart):
    id: Id
    node_id: NodeId = ""
    body: str
    user: EventAccount | None
    """Null when the account is gone."""


class _EventIssue(_PayloadPart):
    number: Id
    node_id: NodeId = ""
    state: str = "open"
    pull_request: dict[str, object] | None = None
    """Absent on an issue that is not a pull request."""


class CommentEvent(_PayloadPart):
    """An `issue_comment` event."""

    action: str
    """"created", "edited", "deleted"."""
    comment: _EventComment
    issue: _EventIssue
    repository: EventRepository
    sender: EventAccount


class _EventRun(_PayloadPart):
    id: Id


class RunEvent(_PayloadPart):
    """A `workflow_run` event."""

    action: str
    """"requested", "in_progress", "completed"."""
    workflow_run: _EventRun
    repository: EventRepository


_Event = TypeVar("_Event", bound=_PayloadPart)


@dataclass(frozen=True)
class CommandComment:
    """A new comment of a person on a pull request."""

    repository: str
    """"owner/name"."""
    pull: int
    comment_id: int
    author: str
    """Login."""
    body: str
    """As it was posted: a later edit changes nothing."""
    pull_node: str = ""
    """GraphQL id of the pull request; "" where the payload has none."""
    comment_node: str = ""


def comment_in(payload: bytes) -> CommandComment | None:
    """Return a person's new comment on a pull request, or None for any other `issue_comment` event.

    Comments of apps are ignored: two bots that answer each other never stop.

    Raises:
        EventRejected: it is not a payload of an `issue_comment` event.
    """
    event = _parsed(CommentEvent, payload)
    author = event.comment.user
    if event.action != "created" or event.issue.pull_request is None or author is None:
        return None
    if author.type != "User" or event.sender.type != "User" or author.login != event.sender.login:
        return None
    return CommandComment(
        repository=event.repository.full_name,
        pull=event.issue.number,
        comment_id=event.comment.id,
        author=author.login,
        body=event.comment.body,
        pull_node=event.issue.node_id,
        comment_node=event.comment.node_id,
    )


def run_in(payload: bytes) -> tuple[str, int]:
    """Return the repository and the id of the run that a `workflow_run` event reports.

    Raises:
        EventRejected: it is not a payload of such an event.
    """
    event = _parsed(RunEvent, payload)
    return event.repository.full_name, event.workflow_run.id


def _parsed(model: type[_Event], payload: bytes) -> _Event:
    if len(payload) > MAX_EVENT_BYTES:
        raise EventRejected(f"larger than {MAX_EVENT_BYTES} bytes")
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part)[:80] for part in problem["loc"]) or "the payload"
        raise EventRejected(f"{place}: {problem['msg']}") from error


def comment_from_file(path: Path) -> CommandComment | None:
    """Return a person's new comment on a pull request, from the payload of an `issue_comment` event.

    Raises:
        BadInput: there is no such file, or it is not such a payload.
    """
    try:
        return comment_in(bounded_bytes(path, MAX_EVENT_BYTES))
    except EventRejected as error:
        raise BadInput(f"{path}: {error}; give the payload of an issue_comment event") from error


def run_from_file(path: Path) -> tuple[str, int]:
    """Return the repository and the id of a run, from the payload of a `workflow_run` event.

    Raises:
        BadInput: there is no such file, or it is not such a payload.
    """
    try:
        return run_in(bounded_bytes(path, MAX_EVENT_BYTES))
    except EventRejected as error:
        raise BadInput(f"{path}: {error}; give the payload of a workflow_run event, or --run-id") from error
