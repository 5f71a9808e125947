"""Why GitHub did not do what was asked, whether to ask again, and what to tell a person."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

UNTOLD_RATE_WAIT_S: Final = 60  # docs.github.com/rest/using-the-rest-api/rate-limits: "at least one minute"
SAID_LIMIT: Final = 300  # characters of GitHub's own words. Chosen: one line of a log
NO_ANSWER: Final = 0
"""Instead of a status: the connection failed, and nobody knows what became of the request."""

_ADVICE: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "the token is not accepted; it may have expired",
    HTTPStatus.NOT_FOUND: "not found; check the name, and that the token's permissions include {needs}",
    HTTPStatus.GONE: "it has expired; run the workflow again",
}
_PULLS_FORBIDDEN: Final = "not permitted to create or approve pull requests"
_RATE_WORDS: Final = ("api rate limit exceeded", "you have exceeded a secondary rate limit")


@dataclass(frozen=True)
class ApiCall:
    """What is asked of GitHub, in the words of a refusal: "GitHub did not `doing`: ... `needs`"."""

    doing: str
    needs: str
    """Permission of a workflow job, as its YAML says it."""


class Unanswered(Exception):
    """GitHub did not do it, or nobody knows whether it did."""

    def __init__(self, failure: "Failure") -> None:
        """Keep what is known."""
        super().__init__(f"{failure.status}: {failure.said}")
        self.failure = failure


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What is known of a request that failed, without any secret."""

    status: int
    """Of HTTP, or NO_ANSWER."""
    said: str
    """GitHub's own words on one line; without an answer, the kind of the failure."""
    kinds: frozenset[str] = frozenset()
    """What GraphQL calls the errors, such as STALE_DATA."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    was_repeated: bool = False
    """Whether it has been asked to the end of patience already."""

    @property
    def is_outage(self) -> bool:
        """Whether nobody knows what became of the request. A GraphQL timeout says so under the status 200."""
        graphql_timeout = self.said.startswith("Something went wrong while executing your query")
        return graphql_timeout or self.status == NO_ANSWER or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def is_rate_limit(self) -> bool:
        """Whether GitHub asks for patience. Nothing was done then."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS or "RATE_LIMITED" in self.kinds:
            return True
        told = self.said.lower().startswith(_RATE_WORDS) or "retry-after" in self.headers
        return self.status == HTTPStatus.FORBIDDEN and told

    @property
    def rate_limit_wait_s(self) -> float:
        """Seconds until GitHub may be asked again, as its headers say."""
        retry_after = self.headers.get("retry-after", "")
        reset = self.headers.get("x-ratelimit-reset", "")
        if retry_after.isdigit():
            return float(retry_after)
        if self.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            return max(0.0, float(reset) - time.time())
        return UNTOLD_RATE_WAIT_S

    def wait_s(self, before_retry_s: float, longest_s: float) -> float | None:
        """Return the seconds after which to try again, or None when that would change nothing."""
        if self.was_repeated:
            return None
        if self.is_rate_limit:
            return self.rate_limit_wait_s if self.rate_limit_wait_s <= longest_s else None
        return before_retry_s if self.is_outage else None

    def reason(self, call: ApiCall) -> str:
        """Return why, and what to do about it."""
        if self.status == NO_ANSWER:
            return f"it does not answer ({self.said}); run it again later, nothing is done twice"
        if "not accessible by" in self.said:
            return f'the token may not; give the job "permissions: {{{call.needs}}}"'
        if _PULLS_FORBIDDEN in self.said:
            return 'in Settings > Actions > General, tick "Allow ... to create and approve pull requests"'
        if self.is_rate_limit:
            return f"its rate limit is used up; run it again in {self.rate_limit_wait_s:.0f} s"
        if self.is_outage:
            return f"it is failing ({self.status}); run it again later, nothing is done twice"
        advice = _ADVICE.get(self.status, f"it says {self.status}")
        return f"{advice.format(needs=call.needs)}: {self.said}"


def failure_from_answer(status: int, headers: Mapping[str, Any] | None, data: object) -> Failure:
    """Return what an answer says about its failure."""
    return Failure(
        status=status,
        said=_said(data),
        kinds=frozenset(str(it["type"]) for it in _errors(data) if isinstance(it, dict) and "type" in it),
        headers={name.lower(): str(value) for name, value in (headers or {}).items()},
    )


def _errors(data: object) -> list[Any]:
    found = data.get("errors") if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def _said(data: object) -> str:
    """Return GitHub's own words on one line. REST has "message" and "errors", GraphQL only "errors"."""
    details = [
        str(it.get("message") or " ".join(map(str, it.values()))) if isinstance(it, dict) else str(it)
        for it in _errors(data)
    ]
    message = data.get("message") if isinstance(data, dict) else data
    words = " ".join(" / ".join(filter(None, [str(message or ""), *details])).split())
    return words[:SAID_LIMIT] or "nothing more"
