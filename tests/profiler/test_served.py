from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_server import STAGES, STEPS, EngineServer, serving
from ratchet_profiler.record import RequestRecord
from ratchet_profiler.scenarios import Scenario
from ratchet_profiler.sources.engine_process import EngineFailed
from ratchet_profiler.sources.served import Limits, OnlyEndToEnd, build, request_body
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler

PATIENT = Limits(ready_s=30.0, request_s=30.0, log_s=30.0, poll_s=0.001)


def scenario(url: str = "http://127.0.0.1:30000", **changes: object) -> Scenario:
    fields = {
        "id": "one",
        "source": "served",
        "url": url,
        "model": "some/model",
        "prompt": "a cat",
        "width": 64,
        "height": 32,
    }
    return Scenario.model_validate(fields | changes)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "performance.log"


@pytest.fixture
def engine(log: Path) -> Iterator[EngineServer]:
    with serving(log) as engine:
        yield engine


def request(workload: Workload) -> RequestRecord:
    with RequestProfiler() as profiler:
        workload.request(profiler)
    return workload.complete(profiler.record("r0"))


def measured(engine: EngineServer, limits: Limits = PATIENT, **changes: object) -> RequestRecord:
    """One request with stages from the engine's log."""
    return request(build(scenario(engine.url, perf_log=str(engine.log), **changes), limits))


def test_an_image_is_asked_for_in_openais_words():
    """Sizes are one word; what sglang knows beyond OpenAI has its names; arguments win over our choice."""
    assert request_body(scenario(steps=8, guidance=3.5, seed=7, arguments={"output_format": "png"})) == {
        "model": "some/model",
        "prompt": "a cat",
        "size": "64x32",
        "num_inference_steps": 8,
        "guidance_scale": 3.5,
        "seed": 7,
        "response_format": "b64_json",
        "output_format": "png",
    }
    assert request_body(scenario(arguments={"response_format": "url"}))["response_format"] == "url"


def test_a_video_is_asked_for_by_its_frames():
    """What is not given is the engine's choice."""
    assert request_body(scenario(frames=9)) == {
        "model": "some/model",
        "prompt": "a cat",
        "size": "64x32",
        "num_frames": 9,
        "seed": 0,
    }


def test_stages_and_steps_are_the_engines_own(engine: EngineServer):
    """Digit for digit as it wrote them; the total is what the client waited; steps are of the one stage."""
    record = measured(engine)
    assert {stage.name: stage.host_ms for stage in record.stages} == STAGES
    assert [(step.stage_id, step.index, step.host_ms) for step in record.steps] == [
        (1, index, ms) for index, ms in enumerate(STEPS)
    ]
    assert (record.clock, record.total.device_ms) == ("host", None)
    assert engine.asked[-1] == ("/v1/images/generations", request_body(scenario()))


def test_a_dump_needs_no_log():
    """The request asks for a file of its own, which has the same times."""
    with serving() as engine:
        workload = build(scenario(engine.url, perf_dump=True), PATIENT)
        records = [request(workload), request(workload)]
    for record in records:
        assert {stage.name: stage.host_ms for stage in record.stages} == STAGES
        assert [step.host_ms for step in record.steps] == list(STEPS)
    folder = Path(engine.asked[-1][1]["perf_dump_path"]).parent
    assert folder.is_dir()
    del workload
    assert not folder.exists()


@pytest.mark.parametrize(
    "stages",
    [
        {"DenoisingStage": 30.0, "LTX2RefinementStage": 30.0},
        {"BeforeDenoisingStage": 30.0, "DecodingStage": 30.0},
        {"DenoisingStage": 29.5},
    ],
    ids=["two denoise", "none denoises", "steps are longer than the stage"],
)
def test_steps_without_proof_have_no_stage(engine: EngineServer, stages: dict[str, float]):
    """They are kept, in their order, and say that nobody knows whose they are."""
    engine.stages = stages
    steps = measured(engine).steps
    assert [(step.stage_id, step.index, step.host_ms) for step in steps] == [
        (None, index, ms) for index, ms in enumerate(STEPS)
    ]


def test_without_log_and_dump_there_is_the_total_only(engine: EngineServer):
    """And that is said once, before the first request."""
    with pytest.warns(OnlyEndToEnd, match="one: only the end-to-end time is measured; perf_log or perf_dump"):
        workload = build(scenario(engine.url), PATIENT)
    record = request(workload)
    assert (record.stages, record.steps) == ((), ())
    assert not workload.is_here


def test_a_video_is_a_job_that_is_asked_for_until_it_is_done(engine: EngineServer):
    """Its id is the request's in the log."""
    engine.polls_until_done = 3
    record = measured(engine, frames=9)
    assert [stage.name for stage in record.stages] == list(STAGES)
    posted = next(index for index, (path, _) in enumerate(engine.asked) if path == "/v1/videos")
    assert [path for path, _ in engine.asked[posted + 1 :]] == [f"/v1/videos/request-{posted + 1}"] * 3


def test_lines_of_other_requests_are_not_ours(engine: EngineServer):
    """Older lines, those of another client, and what is no JSON."""
    engine.write("request-3")
    workload = build(scenario(engine.url, perf_log=str(engine.log)), PATIENT)
    engine.stages = {"DenoisingStage": 77.0}
    engine.answers["/v1/images/generations"] = (200, b'{"id": "mine", "data": [1]}')
    with RequestProfiler() as profiler:
        workload.request(profiler)
        engine.stages = {"DenoisingStage": -1.0}
        engine.write("theirs")
        engine.write("", "what is this\n[1]\n")
        engine.stages = {"DenoisingStage": 99.0}
        engine.write("mine")
    assert workload.complete(profiler.record("r0")).stages[0].host_ms == 99.0


def test_a_log_that_begins_anew_is_read_from_its_begin(engine: EngineServer, log: Path):
    """Somebody has moved the old one away in the middle of a request."""
    log.write_text("x" * 10_000)
    workload = build(scenario(engine.url, perf_log=str(log)), PATIENT)
    engine.answers["/v1/images/generations"] = (200, b'{"id": "mine", "data": [1]}')
    with RequestProfiler() as profiler:
        workload.request(profiler)
        log.unlink()
        engine.write("mine")
    assert len(workload.complete(profiler.record("r0")).steps) == len(STEPS)


def test_an_engine_that_names_no_request_is_believed_when_it_wrote_one(engine: EngineServer):
    """The first versions of sglang answer without an id; with two lines nobody knows which it is."""
    engine.names_requests = False
    assert {stage.name for stage in measured(engine).stages} == set(STAGES)
    workload = build(scenario(engine.url, perf_log=str(engine.log)), PATIENT)
    with RequestProfiler() as profiler:
        workload.request(profiler)
    engine.write("another")
    with pytest.raises(
        EngineFailed, match="2 requests at once; no other client may use the engine meanwhile"
    ):
        workload.complete(profiler.record("r0"))


def test_a_proxy_is_not_asked(engine: EngineServer, monkeypatch: pytest.MonkeyPatch):
    """A company's proxy in the environment does not stand between us and the engine."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert len(measured(engine).steps) == len(STEPS)


def test_an_engine_without_health_is_known_by_its_models(engine: EngineServer):
    """Not every OpenAI-compatible server has `/health`."""
    engine.answers["/health"] = (404, b"{}")
    assert len(measured(engine).steps) == len(STEPS)
