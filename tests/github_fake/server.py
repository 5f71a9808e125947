"""The fake GitHub itself: it listens, fails on demand, and writes down what was said."""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from github_fake.endpoints import answer
from github_fake.endpoints.routes import STORE
from github_fake.state import State
from github_fake.wire import Answer, Exchange, Refused, Request


@dataclass
class Fault:
    """What goes wrong with the next requests of a kind."""

    method: str
    """"" for any."""
    path: str
    """Regular expression, found anywhere in the path."""
    answer: Answer | None
    """What the client sees; None: the connection is dropped."""
    times: int
    after: bool
    """Whether the effect is applied nevertheless."""
    skip: int = 0
    """How many such requests pass before."""
    is_made_up: bool = False
    """Whether the answer is one that GitHub would not give."""
    before: Callable[[], object] | None = None
    """What somebody else does just before; the request itself is answered as ever."""
    does_hang: bool = False
    """Whether the connection stays open without an answer."""

    def strikes(self, request: Request) -> bool:
        """Whether this request fails. Counts down."""
        is_meant = self.method in {"", request.method} and bool(re.search(self.path, request.path))
        if is_meant and self.skip:
            self.skip -= 1
            return False
        hit = is_meant and self.times > 0
        self.times -= hit
        return hit


class FakeGithub(State):
    """A GitHub with one repository, listening while it is entered."""

    prefix = ""
    """Before every path of the API: "/api/v3" on GitHub Enterprise."""

    def __post_init__(self) -> None:
        """Have no past."""
        super().__post_init__()
        self.log: list[Exchange] = []
        self.broken: list[BaseException] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        """Listen on a free port of this machine only."""
        self._stopping.clear()
        self._server = _listening(self)
        port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{port}{self.prefix}"
        self.store_url = f"http://localhost:{port}"  # by its name another host
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, remove the repository, and say so if the fake itself was at fault."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self.git.remove()
        if self.broken:
            raise ExceptionGroup(
                "the fake GitHub broke", [it for it in self.broken if isinstance(it, Exception)]
            )

    def fail_next(
        self, method: str, path: str, status: int, *, times: int = 1, after: bool = False, skip: int = 0
    ) -> None:
        """Answer the next requests with a status.

        Args:
            method: Of HTTP; "" for any.
            path: Regular expression, found anywhere in the path.
            status: What the client sees.
            times: How many requests.
            after: Whether their effect is applied all the same, and only the answer is lost.
            skip: How many such requests pass before.
        """
        answer = Answer(status, {"message": "Server Error"})
        self._faults.append(Fault(method, path, answer, times, after, skip))

    def drop_next(
        self, method: str, path: str, *, times: int = 1, after: bool = False, skip: int = 0
    ) -> None:
        """Cut the connection instead of answering the next requests."""
        self._faults.append(Fault(method, path, None, times, after, skip))

    def hang_next(self, method: str, path: str, *, after: bool = False, skip: int = 0) -> None:
        """Answer the next request never: the client has to give up by itself."""
        self._faults.append(Fault(method, path, None, 1, after, skip, does_hang=True))

    def refuse_next(self, method: str, path: str, refused: Refused, *, times: int = 1, skip: int = 0) -> None:
        """Answer the next requests with these words and headers; nothing is done."""
        self._faults.append(Fault(method, path, refused.answer, times, after=False, skip=skip))

    def answer_next(self, method: str, path: str, answer: Answer) -> None:
        """Answer the next request with this, whatever it asks; nothing is done."""
        self._faults.append(Fault(method, path, answer, 1, after=False, is_made_up=True))

    def meanwhile(self, method: str, path: str, act: Callable[[], object], *, skip: int = 0) -> None:
        """Let somebody else do something to the state just before the next request is answered."""
        self._faults.append(Fault(method, path, None, 1, after=False, skip=skip, before=act))

    @property
    def bodies(self) -> list[str]:
        """What the comments say, the oldest first."""
        return [it.body for it in self.comments]

    @property
    def asked(self) -> list[str]:
        """How it was asked and what became of it, such as "GET 200" or "POST dropped"."""
        return [f"{it.request.method} {it.answer.status if it.answer else 'dropped'}" for it in self.log]

    @property
    def api_requests(self) -> list[str]:
        """What was asked of the API, such as "GET /repos/octo/demo/pulls 200": not of the other host."""
        return [str(it) for it in self.log if not it.request.path.startswith(STORE)]

    def answer(self, request: Request) -> Answer | None:
        """Answer and write it down. One at a time, so that the log has an order."""
        with self._lock:
            fault = next((it for it in self._faults if it.strikes(request)), None)
            if fault and fault.before:
                fault.before()
                fault = None
            given = fault.answer if fault and not fault.after else self._answer(request)
            if fault and fault.after:
                given = fault.answer
            self.log.append(Exchange(request, given, is_made_up=bool(fault and fault.is_made_up)))
        if fault and fault.does_hang:
            self._stopping.wait()
        return given

    def _answer(self, request: Request) -> Answer | None:
        try:
            return answer(self, request)
        except Refused as refused:
            return refused.answer
        except Exception as error:  # noqa: BLE001 - told when the fake stops: a client must not swallow it
            self.broken.append(error)
            return Answer(500, {"message": f"the fake broke: {error!r}"})


def _listening(github: FakeGithub) -> ThreadingHTTPServer:
    """Return a server that answers on a free port of this machine only."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(github))
    server.daemon_threads = True
    # How often it looks whether it is to stop: its default of 0.5 s would be paid by every test.
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


def _handler(github: FakeGithub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else each answer goes out in small pieces and waits 40 ms for the client's delayed acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
            """Say nothing: the log is `FakeGithub.log`."""

        def do_GET(self) -> None:
            given = github.answer(_request(self, github.prefix))
            if given is None or not _send(self, given):
                self.close_connection = True
                with contextlib.suppress(OSError):  # the client may have gone before
                    self.connection.shutdown(socket.SHUT_RDWR)

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names are the base class's

    return Handler


def _request(handler: BaseHTTPRequestHandler, prefix: str) -> Request:
    url = urlsplit(handler.path)
    # GitHub Enterprise has REST under /api/v3 and GraphQL under /api: both are written down as on github.com.
    path = url.path.removeprefix(prefix).removeprefix(prefix.removesuffix("/v3"))
    raw = handler.rfile.read(int(handler.headers.get("content-length") or 0))
    headers = {name.lower(): value for name, value in handler.headers.items()}
    body = json.loads(raw) if raw else None
    return Request(handler.command, path, dict(parse_qsl(url.query)), headers, body, sent=handler.path)


def _send(handler: BaseHTTPRequestHandler, given: Answer) -> bool:
    """Send, and return whether all was sent that the headers promise."""
    data = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
    if given.body is None:
        data = b""
    handler.send_response(given.status)
    usual = {"content-type": "application/json; charset=utf-8", "content-length": str(len(data))}
    headers = {**usual, **given.headers}
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)
    return headers["content-length"] == str(len(data))
