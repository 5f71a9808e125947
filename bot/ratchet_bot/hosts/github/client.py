"""Requests to GitHub's API, through PyGithub: the only module that imports `github`."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal, NoReturn, Self
from urllib.parse import parse_qsl, urlsplit

import requests
from github import Auth, Github
from jwt import PyJWTError
from requests.exceptions import RequestException, RetryError
from urllib3 import Retry

from ratchet_bot.hosts.github.failures import NO_ANSWER, Failure, Unanswered, failure_from_answer
from ratchet_bot.hosts.port import HostRefused

REPEATS: Final = 4  # of a GET that fails. Chosen: with the pauses between them about half a minute
PER_PAGE: Final = 100  # the most that GitHub gives
CHUNK_BYTES: Final = 65_536  # of a download, between two looks at its size. Chosen: small beside any limit

Json = Any
"""What a JSON text stands for; the wire models check it."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Pauses and limits of requests, in seconds. The defaults follow GitHub's advice for integrations.

    Source: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """

    between_requests: float = 0.25
    between_writes: float = 1.0
    before_retry: float = 2.0
    """After a lost answer. Chosen: by then a look shows what was written."""
    for_rate_limit: float = 120.0
    """The longest wait for a rate limit. Chosen: beyond it, a later run is cheaper than a waiting one."""
    for_answer: int = 30
    """The longest wait for an answer, at least 1. Chosen: GitHub itself gives up after 10 s."""


@dataclass(frozen=True)
class Answer:
    """What GitHub answered to one request."""

    status: int
    headers: Mapping[str, Any]
    """By lower-case name."""
    data: Json


class Client:
    """GitHub's API for one token. Every failure is `Unanswered`; no secret is in any message."""

    def __init__(self, auth: Auth.Auth, base_url: str, pace: Pace, secrets: Iterable[str]) -> None:
        """Make no request.

        Args:
            auth: The account.
            base_url: Workflows know it as GITHUB_API_URL.
            pace: Pauses between requests.
            secrets: Replaced in GitHub's messages, which may echo what it was sent.
        """
        self.pace = pace
        self._secrets = tuple(secrets)
        self._schemes = {"https", urlsplit(base_url).scheme}
        self._requester = _github(auth, base_url, pace).requester

    @classmethod
    def of_token(cls, token: str, base_url: str, pace: Pace) -> Self:
        """Return a client with a token."""
        return cls(Auth.Token(token), base_url, pace, [token])

    @classmethod
    def of_app(cls, app_id: str, key: str, base_url: str, pace: Pace) -> Self:
        """Return a client of a GitHub App, which may do little more than request a token.

        Raises:
            HostRefused: the key is not a private key in PEM.
        """
        # PyGithub's DEBUG lines hold whole answers, and one of these answers is a token.
        logging.getLogger("github.Requester").setLevel(logging.INFO)
        try:
            proof = Auth.AppAuth(app_id, key).create_jwt()
        except (ValueError, TypeError, PyJWTError):
            raise HostRefused(
                "the GitHub App's key is not a private key in PEM: pass the whole .pem file"
            ) from None
        return cls(Auth.AppAuthToken(proof), base_url, pace, [key, proof])

    def get(self, path: str, **query: str | int) -> Json:
        """Return the JSON of a resource."""
        return self._ask("GET", path, query=query).data

    def pages(self, path: str, key: str | None = None, **query: str | int) -> Iterator[Any]:
        """Yield the items of a list, a request for each hundred of them.

        Args:
            path: Of the first page.
            key: Where in the answer the list is; None: it is the answer.
            query: Narrows the list down.
        """
        parameters: dict[str, str | int] | None = {**query, "per_page": PER_PAGE}
        while parameters is not None:
            answer = self._ask("GET", path, query=parameters)
            is_inside = key is not None and isinstance(answer.data, dict)
            yield from self._items(answer.data.get(key) if is_inside else answer.data)
            links = requests.utils.parse_header_links(str(answer.headers.get("link", "")))
            following = next((link["url"] for link in links if link.get("rel") == "next"), None)
            # Only the query of the address is used, so the token is sent to no other host.
            parameters = dict(parse_qsl(urlsplit(following).query)) if following else None

    def send(self, method: Literal["POST", "PATCH"], path: str, body: Mapping[str, Any]) -> Answer:
        """Write, and return the answer."""
        return self._ask(method, path, body=body)

    def graphql(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of a GraphQL answer without errors."""
        answer = self._ask("POST", self._requester.graphql_url, body={"query": query, "variables": variables})
        if not isinstance(answer.data, dict):
            self._fail(Failure(status=NO_ANSWER, message="no GraphQL"))
        if "errors" in answer.data or not answer.data.get("data"):
            kinds = failure_from_answer(answer.status, answer.headers, answer.data).kinds
            status = HTTPStatus.NOT_FOUND if kinds == {"NOT_FOUND"} else HTTPStatus.BAD_REQUEST
            self._fail(failure_from_answer(status, answer.headers, answer.data))
        return dict(answer.data["data"])

    def download(self, path: str, most_bytes: int) -> bytes:
        """Return the content that GitHub redirects to, on another host, which does not get the token.

        Raises:
            HostRefused: it is larger, or the redirect leads nowhere safe.
            Unanswered: as for every request.
        """
        target = str(self._ask("GET", path).headers.get("location", ""))
        if urlsplit(target).scheme not in self._schemes:
            raise HostRefused("GitHub did not redirect to an https address; nothing was downloaded")
        try:
            # The header asks for no compression: what is counted is what is kept. `auth`: no .netrc either.
            with requests.get(
                target,
                headers={"User-Agent": "perf-ratchet", "Accept-Encoding": "identity"},
                auth=_no_auth,
                stream=True,
                allow_redirects=False,
                timeout=self.pace.for_answer,
            ) as answer:
                if answer.status_code != HTTPStatus.OK:
                    self._fail(Failure(status=answer.status_code, message="the store of artifacts refused"))
                return _bounded(answer.iter_content(CHUNK_BYTES), most_bytes)
        except RequestException as error:
            self._fail(_failure_without_answer(error))

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        try:
            status, headers, text = self._requester.requestJson(method, path, dict(query or {}), None, body)
        except RequestException as error:
            self._fail(_failure_without_answer(error))
        except RuntimeError as error:  # PyGithub refuses to follow a redirect to another host
            self._fail(failure_from_answer(HTTPStatus.MOVED_PERMANENTLY, None, str(error)))
        data = _data(text)
        if status >= HTTPStatus.BAD_REQUEST:
            self._fail(failure_from_answer(status, headers, data))
        if isinstance(data, str):
            self._fail(Failure(status=NO_ANSWER, message="no JSON"))
        return Answer(status, headers, data)

    def _items(self, data: Json) -> list[Json]:
        if not isinstance(data, list):
            self._fail(Failure(status=NO_ANSWER, message="no list"))
        return data

    def _fail(self, failure: Failure) -> NoReturn:
        message = failure.message
        for secret in self._secrets:
            message = message.replace(secret, "***")
        # None: the libraries' exceptions hold what was sent, and a traceback would show it.
        raise Unanswered(Failure(**{**vars(failure), "message": message})) from None


def _github(auth: Auth.Auth, base_url: str, pace: Pace) -> Github:
    """Return a client that sends nothing by itself (lazy) and repeats only what is safe to repeat."""
    # Not PyGithub's own, which repeats a POST too (and doubles comments), and waits without a bound.
    retry = Retry(
        total=REPEATS,
        backoff_factor=pace.before_retry,
        status_forcelist=range(HTTPStatus.INTERNAL_SERVER_ERROR, 600),
        allowed_methods={"GET"},  # a PATCH adds annotations to those that are there
        respect_retry_after_header=False,  # failures.py reads it
    )
    return Github(
        auth=auth,
        base_url=base_url,
        timeout=pace.for_answer,
        user_agent="perf-ratchet",
        per_page=PER_PAGE,
        retry=retry,
        seconds_between_requests=pace.between_requests,
        seconds_between_writes=pace.between_writes,
        lazy=True,
        api_version="2022-11-28",
    )


def _data(text: object) -> Json:
    """Return the JSON of an answer, or its text where it is not JSON."""
    try:
        return json.loads(str(text)) if text else None
    except ValueError:
        return str(text)


def _failure_without_answer(error: RequestException) -> Failure:
    return Failure(status=NO_ANSWER, message=type(error).__name__, was_repeated=isinstance(error, RetryError))


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _bounded(chunks: Iterable[bytes], most_bytes: int) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > most_bytes:
            raise HostRefused(f"the artifact is larger than {most_bytes:,} bytes; it was not read to its end")
    return bytes(content)
