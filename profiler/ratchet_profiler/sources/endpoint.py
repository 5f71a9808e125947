"""JSON over HTTP with an engine: every answer has a bounded time and size, every error is one line."""

import json
import time
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from ratchet_profiler.sources.engine_process import EngineFailed

HEALTH_TIMEOUT_S: Final = 5.0
"""Seconds for an answer about health. Chosen: it needs milliseconds; a loading engine may be slow."""
MAX_ANSWER_BYTES: Final = 256 * 1024 * 1024
"""Largest answer that is read. Chosen: ten images of 4096x4096 pixels, base64."""
CHUNK_BYTES: Final = 65_536
"""How much of an answer is read between two looks at the clock."""
MAX_DETAIL: Final = 300
"""Characters of an answer in an error. Chosen: a sentence of the engine's."""
OK: Final = 200
NOT_FOUND: Final = 404


class Endpoint:
    """Where an engine listens. No proxy is asked: it would be measured too."""

    def __init__(self, url: str, timeout_s: float) -> None:
        """Talk to `url`, and wait for each answer at most `timeout_s` seconds."""
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._opener = build_opener(ProxyHandler({}))

    def answers(self) -> bool:
        """Return whether an engine is ready: `/health`, or the list of models where that is unknown."""
        status = self._status("/health")
        if status == NOT_FOUND:
            status = self._status("/v1/models")
        return status == OK

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the engine answers to a JSON object.

        Raises:
            EngineFailed: it does not answer in time, or not with a JSON object.
        """
        return self._ask("POST", path, json.dumps(body).encode())

    def get(self, path: str) -> Mapping[str, Any]:
        """Return what the engine answers.

        Raises:
            EngineFailed: it does not answer in time, or not with a JSON object.
        """
        return self._ask("GET", path, None)

    def _ask(self, method: str, path: str, body: bytes | None) -> Mapping[str, Any]:
        what = f"{method} {self.url}{path}"
        request = self._request(method, path, body)
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                return _object(what, self._read(response))
        except HTTPError as error:
            with error:
                raise EngineFailed(f"{what} was answered {error.code}{_detail(error)}") from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise EngineFailed(f"{what} was not answered in {self._timeout_s:g} s") from error
            raise EngineFailed(f"{what} failed: {reason or type(error).__name__}") from error

    def _read(self, response: HTTPResponse) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        answer = bytearray()
        while chunk := response.read1(CHUNK_BYTES):
            answer += chunk
            if time.monotonic() > deadline:
                raise TimeoutError
            if len(answer) > MAX_ANSWER_BYTES:
                raise HTTPException(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
        return bytes(answer)

    def _status(self, path: str) -> int | None:
        """Return the status of a path; None when there is no answer at all."""
        try:
            with self._opener.open(self._request("GET", path, None), timeout=HEALTH_TIMEOUT_S) as response:
                return int(response.status)
        except HTTPError as error:
            with error:
                return error.code
        except (OSError, HTTPException):
            return None

    def _request(self, method: str, path: str, body: bytes | None) -> Request:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        # The scheme is http or https: ratchet_profiler.scenario_keys.Address.
        return Request(self.url + path, data=body, headers=headers, method=method)  # noqa: S310 - see above


def _object(what: str, answer: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise EngineFailed(f"{what} was answered with no JSON: {_words(answer)}") from error
    if not isinstance(value, dict):
        raise EngineFailed(f"{what} was answered with no JSON object: {_words(answer)}")
    return value


def _detail(error: HTTPError) -> str:
    """Return what the engine says about its error."""
    try:
        words = _words(error.read(CHUNK_BYTES))
    except (OSError, HTTPException):
        words = ""
    return f": {words}" if words else ""


def _words(answer: bytes) -> str:
    return " ".join(answer[: 4 * MAX_DETAIL].decode(errors="replace").split())[:MAX_DETAIL]
