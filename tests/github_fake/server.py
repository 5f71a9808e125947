"""The fake GitHub itself: it listens, fails on demand, and writes down what was said."""

import json
import re
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from github_fake.endpoints import answer
from github_fake.state import State
from github_fake.wire import Answer, Exchange, Refused, Request


@dataclass
class Fault:
    """What goes wrong with the next requests of a kind."""

    method: str
    path: str
    """Regular expression, found anywhere in the path."""
    answer: Answer | None
    """What the client sees; None: the connection is dropped."""
    times: int
    after: bool
    """Whether the effect is applied nevertheless."""

    def strikes(self, request: Request) -> bool:
        """Whether this request fails. Counts down."""
        hit = self.times > 0 and self.method == request.method and bool(re.search(self.path, request.path))
        self.times -= hit
        return hit


class FakeGithub(State):
    """A GitHub with one repository, listening while it is entered."""

    def __post_init__(self) -> None:
        """Have no past."""
        super().__post_init__()
        self.log: list[Exchange] = []
        self.broken: list[BaseException] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Listen on a free port of this machine only."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        # How often the server looks whether it is to stop: its default of 0.5 s would be paid by every test.
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and say so if the fake itself was at fault."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self.broken:
            raise ExceptionGroup(
                "the fake GitHub broke", [it for it in self.broken if isinstance(it, Exception)]
            )

    def fail_next(self, method: str, path: str, status: int, *, times: int = 1, after: bool = False) -> None:
        """Answer the next requests with a status. With after=True their effect is applied all the same."""
        answer = Answer(status, {"message": "Server Error"})
        self._faults.append(Fault(method, path, answer, times, after))

    def drop_next(self, method: str, path: str, *, times: int = 1, after: bool = False) -> None:
        """Cut the connection instead of answering the next requests."""
        self._faults.append(Fault(method, path, None, times, after))

    def refuse_next(self, method: str, path: str, refused: Refused, *, times: int = 1) -> None:
        """Answer the next requests with these words and headers; nothing is done."""
        self._faults.append(Fault(method, path, refused.answer, times, after=False))

    def answer(self, request: Request) -> Answer | None:
        """Answer and write it down. One at a time, so that the log has an order."""
        with self._lock:
            given = self._answer(request)
            self.log.append(Exchange(request, given))
            return given

    def _answer(self, request: Request) -> Answer | None:
        fault = next((it for it in self._faults if it.strikes(request)), None)
        if fault and not fault.after:
            return fault.answer
        try:
            given = answer(self, request)
        except Refused as refused:
            given = refused.answer
        except Exception as error:  # noqa: BLE001 - told when the fake stops: a client must not swallow it
            self.broken.append(error)
            given = Answer(500, {"message": f"the fake broke: {error!r}"})
        return fault.answer if fault else given


def _handler(github: FakeGithub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else each answer goes out in small pieces and waits 40 ms for the client's delayed acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
            """Say nothing: the log is `FakeGithub.log`."""

        def do_GET(self) -> None:
            given = github.answer(_request(self))
            if given is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            _send(self, given)

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names are the base class's

    return Handler


def _request(handler: BaseHTTPRequestHandler) -> Request:
    url = urlsplit(handler.path)
    raw = handler.rfile.read(int(handler.headers.get("content-length") or 0))
    headers = {name.lower(): value for name, value in handler.headers.items()}
    body = json.loads(raw) if raw else None
    return Request(handler.command, url.path, dict(parse_qsl(url.query)), headers, body)


def _send(handler: BaseHTTPRequestHandler, given: Answer) -> None:
    data = json.dumps(given.body).encode()
    handler.send_response(given.status)
    usual = {"content-type": "application/json; charset=utf-8", "content-length": str(len(data))}
    for name, value in {**usual, **given.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)
