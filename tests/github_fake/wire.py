"""What travels: a request, an answer, a refusal, and the record of an exchange."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request, read."""

    method: str
    path: str
    """As it was sent, still percent-encoded."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case name."""
    body: Any
    """None when there was none."""
    values: Mapping[str, str] = field(default_factory=dict)
    """The parts of the path that the route names, decoded."""
    sent: str = ""
    """Path and query as they were sent, with the prefix of GitHub Enterprise where there is one."""


@dataclass(frozen=True)
class Answer:
    """One answer, not yet sent."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exchange:
    """A request and what the client saw of the answer."""

    request: Request
    answer: Answer | None
    """None when the connection was dropped."""
    is_made_up: bool = False
    """Whether a test asked for this very answer, so that GitHub's description need not know it."""

    def __str__(self) -> str:
        """Read as a line of an access log, such as "GET /repos/octo/demo 200"."""
        return f"{self.request.method} {self.request.path} {self.answer.status if self.answer else 'dropped'}"


class Refused(Exception):
    """GitHub's way to say no."""

    def __init__(
        self, status: int, message: str, *, headers: Mapping[str, str] | None = None, **more: object
    ) -> None:
        """Take the words, as `message`, and anything more that the body has, such as `errors`."""
        super().__init__(message)
        documentation = "https://docs.github.com/rest"
        body = {"message": message, "documentation_url": documentation, "status": str(status), **more}
        self.answer = Answer(status, body, headers or {})
