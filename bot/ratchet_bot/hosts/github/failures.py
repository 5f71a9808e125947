"""Why a request to GitHub failed, whether to repeat it, and what a person can do about it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

UNTOLD_RATE_WAIT_S: Final = 60  # docs.github.com/rest/using-the-rest-api/rate-limits: "at least one minute"
SAID_LIMIT: Final = 300  # characters of GitHub's message. Chosen: one line of a log
NO_ANSWER: Final = 0
"""In place of a status: the connection failed, and what became of the request is unknown."""

_ADVICE: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "the token is not accepted; it may have expired",
    HTTPStatus.NOT_FOUND: "not found; check the name, and that the token's permissions include {needs}",
    HTTPStatus.GONE: "it has expired; run the workflow again",
}
_PULLS_FORBIDDEN: Final = "not permitted to create or approve pull requests"
_RATE_WORDS: Final = ("api rate limit exceeded", "you have exceeded a secondary rate limit")


@dataclass(frozen=True)
class ApiCall:
    """A call to GitHub, in the words of its refusal: "GitHub did not `doing`: ... `needs`"."""

    doing: str
    needs: str
    """Permission of a workflow job, as in its YAML."""


class Unanswered(Exception):
    """GitHub did not do it, or it is unknown whether it did."""

    def __init__(self, failure: "Failure") -> None:
        """Keep the failure."""
        super().__init__(f"{failure.status}: {failure.message}")
        self.failure = failure


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What is known of a request that failed, without any secret."""

    status: int
    """Of HTTP, or NO_ANSWER."""
    message: str
    """GitHub's message on one line; without an answer, the kind of the failure."""
    kinds: frozenset[str] = frozenset()
    """GraphQL's types of the errors, such as STALE_DATA."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    was_repeated: bool = False
    """Whether the request was repeated as often as allowed."""

    @property
    def is_outage(self) -> bool:
        """Whether it is unknown what became of the request. A GraphQL timeout has the status 200."""
        graphql_timeout = self.message.startswith("Something went wrong while executing your query")
        return graphql_timeout or self.status == NO_ANSWER or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def is_rate_limit(self) -> bool:
        """Whether a rate limit was hit. Nothing was done then."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS or "RATE_LIMITED" in self.kinds:
            return True
        is_named = self.message.lower().startswith(_RATE_WORDS) or "retry-after" in self.headers
        return self.status == HTTPStatus.FORBIDDEN and is_named

    @property
    def rate_limit_wait_s(self) -> float:
        """Seconds until the next request, according to GitHub's headers."""
        retry_after = self.headers.get("retry-after", "")
        reset = self.headers.get("x-ratelimit-reset", "")
        if retry_after.isdigit():
            return float(retry_after)
        if self.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            return max(0.0, float(reset) - time.time())
        return UNTOLD_RATE_WAIT_S

    def wait_s(self, before_retry_s: float, longest_s: float) -> float | None:
        """Return the seconds until the next try, or None when it would change nothing."""
        if self.was_repeated:
            return None
        if self.is_rate_limit:
            return self.rate_limit_wait_s if self.rate_limit_wait_s <= longest_s else None
        return before_retry_s if self.is_outage else None

    def reason(self, call: ApiCall) -> str:
        """Return why the call failed, and what to do about it."""
        if self.status == NO_ANSWER:
            return f"it does not answer ({self.message}); run it again later, nothing is done twice"
        if "not accessible by" in self.message:
            return f'the token lacks a permission; give the job "permissions: {{{call.needs}}}"'
        if _PULLS_FORBIDDEN in self.message:
            return 'in Settings > Actions > General, tick "Allow ... to create and approve pull requests"'
        if self.is_rate_limit:
            return f"its rate limit is used up; run it again in {self.rate_limit_wait_s:.0f} s"
        if self.is_outage:
            return f"it is failing ({self.status}); run it again later, nothing is done twice"
        advice = _ADVICE.get(self.status, f"it says {self.status}")
        return f"{advice.format(needs=call.needs)}: {self.message}"


def failure_from_answer(status: int, headers: Mapping[str, Any] | None, data: object) -> Failure:
    """Return the failure in an answer."""
    return Failure(
        status=status,
        message=_message(data),
        kinds=frozenset(
            str(error["type"]) for error in _errors(data) if isinstance(error, dict) and "type" in error
        ),
        headers={name.lower(): str(value) for name, value in (headers or {}).items()},
    )


def _errors(data: object) -> list[Any]:
    errors = data.get("errors") if isinstance(data, dict) else None
    return errors if isinstance(errors, list) else []


def _message(data: object) -> str:
    """Return GitHub's message on one line. REST has "message" and "errors", GraphQL only "errors"."""
    details = [
        str(error.get("message") or " ".join(map(str, error.values())))
        if isinstance(error, dict)
        else str(error)
        for error in _errors(data)
    ]
    message = data.get("message") if isinstance(data, dict) else data
    words = " ".join(" / ".join(filter(None, [str(message or ""), *details])).split())
    return words[:SAID_LIMIT] or "nothing more"
