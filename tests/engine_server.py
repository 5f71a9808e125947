"""An engine as `sglang serve` looks from outside: OpenAI's answers, and a performance log beside them.

In a thread of a test, or a process of its own: `python engine_server.py PORT [LOG] [CHILD] [STARTED]`.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

STAGES = {"TextEncodingStage": 1.25, "DenoisingStage": 30.000000123, "DecodingStage": 7.5}
STEPS = (9.123456789, 10.0, 10.5)


class EngineServer(ThreadingHTTPServer):
    """What it does is in its attributes; what it was asked is in `asked`."""

    daemon_threads = True

    def __init__(self, port: int = 0, log: Path | None = None) -> None:
        """Listen on this machine only; port 0 is any."""
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.log = log
        self.stages: Mapping[str, object] = STAGES
        self.steps: Sequence[object] = STEPS
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.answers: dict[str, tuple[int, bytes]] = {}
        """By path: what is answered there instead."""
        self.hangs = threading.Event()
        """Set: answers to requests wait until it is cleared by the test's end."""
        self.names_requests = True
        self.polls_until_done = 2
        self.last_status = "completed"

    def write(self, request_id: str, text: str | None = None) -> None:
        """Add a line to the log, as sglang's `log_request_summary` does."""
        stages = [{"name": name, "execution_time_ms": ms} for name, ms in self.stages.items()]
        line = {
            "request_id": request_id,
            "timestamp": "2026-11-22T06:00:00+00:00",
            "commit_hash": "abc",
            "tag": "pipeline_stage_metrics",
            "stages": stages,
            "steps": list(self.steps),
            "total_duration_ms": 40.0,
            "memory_snapshots": {},
        }
        if self.log is not None:
            with self.log.open("a") as log:
                log.write(json.dumps(line) + "\n" if text is None else text)

    def dump(self, request_id: str, file: Path) -> None:
        """Write a file of one request, as sglang's `dump_benchmark_report` does."""
        report = {
            "timestamp": "2026-11-22T06:00:00+00:00",
            "request_id": request_id,
            "commit_hash": "abc",
            "tag": "server_perf_dump",
            "total_duration_ms": 40.0,
            "steps": [{"name": name, "duration_ms": ms} for name, ms in self.stages.items()],
            "denoise_steps_ms": [{"step": n, "duration_ms": ms} for n, ms in enumerate(self.steps)],
            "memory_checkpoints": {},
            "meta": {"model": "some/model"},
        }
        file.write_text(json.dumps(report, indent=2))


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: EngineServer

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Health, models, and the state of a video's job."""
        self.server.asked.append((self.path, {}))
        if self.path in self.server.answers:
            self._send(*self.server.answers[self.path])
        elif self.path in {"/health", "/v1/models"}:
            self._send(200, b'{"status": "ok"}')
        else:
            self._send_job(self.path.rpartition("/")[2])

    def do_POST(self) -> None:
        """An image at once; a video as a job."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        if self.server.hangs.is_set():
            return
        if self.path in self.server.answers:
            self._send(*self.server.answers[self.path])
            return
        request_id = f"request-{len(self.server.asked)}"
        if self.path == "/v1/videos":
            self._send(200, json.dumps({"id": request_id, "status": "queued"}).encode())
            return
        self._finish(request_id, body)
        answer: dict[str, object] = {"created": 1, "data": [{"b64_json": "AAAA"}]}
        if self.server.names_requests:
            answer["id"] = request_id
        self._send(200, json.dumps(answer).encode())

    def _send_job(self, request_id: str) -> None:
        polls = sum(path == self.path for path, _ in self.server.asked)
        is_done = polls >= self.server.polls_until_done
        job: dict[str, object] = {
            "id": request_id,
            "status": self.server.last_status if is_done else "queued",
        }
        if is_done and self.server.last_status == "completed":
            self._finish(request_id, {})
        elif is_done:
            job["error"] = {"message": "out of\nmemory"}
        self._send(200, json.dumps(job).encode())

    def _finish(self, request_id: str, body: Mapping[str, Any]) -> None:
        if self.server.log is not None:
            self.server.write(request_id)
        if "perf_dump_path" in body:
            self.server.dump(request_id, Path(body["perf_dump_path"]))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(log: Path | None = None) -> Iterator[EngineServer]:
    """Run an engine in a thread."""
    with EngineServer(log=log) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def stubborn_child() -> int:
    """Start a process of the same group that does not end when it is asked to; return its pid."""
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    return child.pid


def main() -> None:
    """Load some weights, then serve; with a file `CHILD` there is a stubborn child, both are named there."""
    port, log, child, started = (*sys.argv[1:], "", "", "")[:4]
    print("loading weights", flush=True)  # noqa: T201 - a server prints
    if child:
        Path(child).write_text(f"{os.getpid()} {stubborn_child()}\n")
    if started:
        with Path(started).open("a") as file:
            file.write(f"{os.getpid()}\n")
    EngineServer(int(port), Path(log) if log else None).serve_forever()


if __name__ == "__main__":
    main()
