import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from engine_server import EngineServer, serving
from ratchet_profiler.record import RequestRecord
from ratchet_profiler.scenarios import Scenario
from ratchet_profiler.sources import endpoint
from ratchet_profiler.sources.engine_process import EngineFailed
from ratchet_profiler.sources.served import Limits, build
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler

QUICK = Limits(ready_s=0.2, request_s=0.2, log_s=0.1, poll_s=0.001)
PATIENT = Limits(ready_s=30.0, request_s=30.0, log_s=30.0, poll_s=0.001)
IMAGES = "/v1/images/generations"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineServer]:
    with serving(tmp_path / "performance.log") as engine:
        yield engine


def served(engine: EngineServer, **changes: object) -> Scenario:
    fields = {
        "id": "one",
        "source": "served",
        "url": engine.url,
        "model": "some/model",
        "prompt": "a cat",
        "width": 64,
        "height": 32,
        "perf_log": str(engine.log),
    }
    return Scenario.model_validate(fields | changes)


def request(workload: Workload) -> RequestRecord:
    with RequestProfiler() as profiler:
        workload.request(profiler)
    return workload.complete(profiler.record("r0"))


def failure(engine: EngineServer, limits: Limits = PATIENT, **changes: object) -> str:
    """The one line, without the engine's address."""
    with pytest.raises(EngineFailed) as failed:
        request(build(served(engine, **changes), limits))
    line = str(failed.value).replace(engine.url, "URL").replace(str(engine.log), "LOG")
    assert "\n" not in line
    return line


ANSWERS = {
    (500, b'{"error":\n {"message": "CUDA out of memory"}}'): (
        'was answered 500: {"error": {"message": "CUDA out of memory"}}'
    ),
    (503, b""): "was answered 503",
    (200, b"<html>\n<h1>hello"): "was answered with no JSON: <html> <h1>hello",
    (200, b""): "was answered with no JSON: ",
    (200, b"[1]"): "was answered with no JSON object: [1]",
    (200, b"[" * 100_000): f"was answered with no JSON: {'[' * 300}",
    (200, b"{}"): "was answered without an image (data)",
    (200, b'{"data": []}'): "was answered without an image (data)",
    (200, b'{"data": "AAAA"}'): "was answered without an image (data)",
}


@pytest.mark.parametrize(("answer", "line"), ANSWERS.items(), ids=lambda value: str(value)[:30])
def test_an_answer_that_is_none_is_told_in_one_line(
    engine: EngineServer, answer: tuple[int, bytes], line: str
):
    """What was asked, and what came: no image is never a measurement."""
    engine.answers[IMAGES] = answer
    assert failure(engine) == f"POST URL{IMAGES} {line}"


def test_an_engine_that_closes_the_connection_is_told_so(engine: EngineServer):
    """It has crashed, or something between us and it has."""
    engine.hangs.set()
    assert failure(engine).startswith(f"POST URL{IMAGES} failed: ")


def test_an_engine_that_hangs_is_given_up():
    """The wait for an answer is bounded."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(EngineFailed) as failed:
            endpoint.Endpoint(url, 0.1).post(IMAGES, {})
    assert str(failed.value) == f"POST {url}{IMAGES} was not answered in 0.1 s"


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch):
    """Each byte comes in time, the answer does not."""
    monkeypatch.setattr(endpoint, "MAX_ANSWER_BYTES", 5_000_000)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    connection.sendall(b" ")

        dripping = threading.Thread(target=drip)
        dripping.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(EngineFailed) as failed:
            endpoint.Endpoint(url, 0.1).post(IMAGES, {})
        dripping.join()
    assert str(failed.value) == f"POST {url}{IMAGES} was not answered in 0.1 s"


def test_an_answer_that_is_too_large_is_given_up(engine: EngineServer, monkeypatch: pytest.MonkeyPatch):
    """Its size is bounded too."""
    monkeypatch.setattr(endpoint, "MAX_ANSWER_BYTES", 1000)
    engine.answers[IMAGES] = (200, b" " * 2000)
    assert failure(engine) == f"POST URL{IMAGES} failed: the answer is larger than 1000 bytes"


def test_a_video_that_fails_says_why(engine: EngineServer):
    """In the engine's words."""
    engine.last_status = "failed"
    assert failure(engine, frames=9) == "the video failed: out of memory"


def test_a_video_that_is_never_done_is_given_up(engine: EngineServer):
    """After the time of a request, however often it is asked for."""
    engine.polls_until_done = 1_000_000
    assert failure(engine, QUICK, frames=9) == "the video was not done in 0.2 s"


def test_a_job_without_an_id_is_none(engine: EngineServer):
    """It could not be asked for."""
    engine.answers["/v1/videos"] = (200, b'{"status": "queued"}')
    assert failure(engine, frames=9) == "POST URL/v1/videos was answered without a job (id)"


def test_a_log_that_nobody_writes_is_told_with_what_to_do(engine: EngineServer, tmp_path: Path):
    """No stages is not the same as a request without any."""
    assert failure(engine, QUICK, perf_log=str(tmp_path / "other.log")) == (
        f"perf_log: {tmp_path}/other.log has no line about the request; start the engine with "
        "SGLANG_DIFFUSION_STAGE_LOGGING=1, and with the log's folder as SGLANG_PERF_LOG_DIR (waited 0.1 s)"
    )


def test_half_a_line_is_no_line(engine: EngineServer, monkeypatch: pytest.MonkeyPatch):
    """The engine was cut off while it wrote."""
    whole = EngineServer.write

    def half(self: EngineServer, request_id: str) -> None:
        whole(self, request_id, '{"request_id": "' + request_id + '", "stages": [{"name"')

    monkeypatch.setattr(EngineServer, "write", half)
    assert failure(engine, QUICK).startswith("perf_log: LOG has no line about the request")


def test_a_dump_that_is_not_written_is_told_with_what_to_do(
    engine: EngineServer, monkeypatch: pytest.MonkeyPatch
):
    """An engine on another machine, or one that does not know the member."""
    monkeypatch.setattr(EngineServer, "dump", lambda *_arguments: None)
    assert failure(engine, QUICK, perf_log=None, perf_dump=True) == (
        "perf_dump: the engine wrote no whole file; it has to run on this machine and to know the member "
        "perf_dump_path (else use perf_log) (waited 0.1 s)"
    )


def test_the_dump_of_the_last_request_is_not_read_again(
    engine: EngineServer, monkeypatch: pytest.MonkeyPatch
):
    """An engine that stops writing is noticed in the request that it left out."""
    workload = build(served(engine, perf_log=None, perf_dump=True), QUICK)
    assert len(request(workload).steps) == 3
    monkeypatch.setattr(EngineServer, "dump", lambda *_arguments: None)
    with pytest.raises(EngineFailed, match="perf_dump: the engine wrote no whole file"):
        request(workload)


BAD_TIMES = {
    "negative": {"DenoisingStage": -1.0},
    "text": {"DenoisingStage": "30"},
    "not a number": {"DenoisingStage": float("nan")},
    "null": {"DenoisingStage": None},
    "no finite number": {"DenoisingStage": float("inf")},
}


@pytest.mark.parametrize("stages", BAD_TIMES.values(), ids=BAD_TIMES)
@pytest.mark.parametrize(
    ("how", "key"),
    [({}, "execution_time_ms"), ({"perf_log": None, "perf_dump": True}, "duration_ms")],
    ids=["log", "dump"],
)
def test_times_that_are_none_are_refused(
    engine: EngineServer, how: dict[str, object], key: str, stages: dict[str, object]
):
    """What another program wrote is not believed."""
    engine.stages = stages
    line = failure(engine, **how)
    assert line.startswith(f"what the engine wrote about the request cannot be used: stages.0.{key}: ")


def test_nothing_at_the_address_is_told_at_once():
    """Without a command there is nothing to wait for."""
    with serving() as engine:
        url = engine.url
    fields = {"id": "one", "source": "served", "url": url, "model": "m", "prompt": "a"}
    one = Scenario.model_validate(fields | {"width": 64, "height": 64})
    with pytest.raises(EngineFailed) as failed:
        build(one)
    assert str(failed.value) == f"url: nothing answers at {url}; start the engine, or give its command"
