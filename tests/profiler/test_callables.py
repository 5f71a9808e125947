import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ratchet_profiler.capture import capture
from ratchet_profiler.cli.text import outcome_line
from ratchet_profiler.scenarios import Scenario
from ratchet_profiler.sources import build
from ratchet_profiler.sources.callables import CallRejected
from ratchet_profiler.stages import RequestProfiler

ENGINE = """
import functools

calls = []

def run(request):
    with request.stage("TextEncodingStage"):
        pass
    loop = request.loop("DenoisingStage", 2)
    for _ in range(2):
        loop.boundary()
    loop.finish()

def alone():
    calls.append("alone")

def optional(request=None):
    calls.append(type(request).__name__)

def anything(*args, **options):
    calls.append((len(args), options))

class Engine:
    def __init__(self, request):
        calls.append("Engine")

    def __call__(self, request):
        calls.append("called")

bound = functools.partial(lambda name, request: calls.append(name), "partial")
native = dict
value = 3

def two(request, other): ...
def by_name(*, other): ...
async def later(request): ...
def broken(request):
    raise ValueError("no\\nkernel")
"""


@pytest.fixture(autouse=True)
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The current directory holds an engine that nobody installed."""
    (tmp_path / "engine.py").write_text(ENGINE)
    (tmp_path / "needs.py").write_text("import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "engine", raising=False)
    yield
    sys.modules.pop("engine", None)


def scenario(call: str, **changes: object) -> Scenario:
    return Scenario.model_validate({"id": "one", "source": "callable", "call": call} | changes)


def test_a_function_marks_its_own_stages_and_steps():
    """It is given the request's profiler; frames are the scenario's."""
    (record,) = capture([scenario("engine:run", frames=9)], warmup=1, repeats=1).scenarios
    assert record.error is None
    for request in record.requests:
        assert [stage.name for stage in request.stages] == ["TextEncodingStage", "DenoisingStage"]
        assert [(step.stage_id, step.index) for step in request.steps] == [(1, 0), (1, 1)]
        assert request.frames == 9


CALLS = {
    "alone": "alone",
    "optional": "RequestProfiler",
    "anything": (1, {}),
    "Engine": "Engine",
    "bound": "partial",
}


@pytest.mark.parametrize(("name", "called"), CALLS.items())
def test_a_function_is_given_what_it_takes(name: str, called: object):
    """The profiler, or nothing where it takes nothing."""
    workload = build(scenario(f"engine:{name}"), "cpu")
    workload.request(RequestProfiler())
    assert sys.modules["engine"].calls == [called]


REJECTED = {
    "engine:value": "call: engine:value is int, which cannot be called",
    "engine:rum": "call: module 'engine' has no 'rum'; did you mean run?",
    "engine:two": "call: engine:two needs request, other; let it take the request's profiler, or nothing",
    "engine:by_name": "call: engine:by_name needs other; let it take the request's profiler, or nothing",
    "engine:later": "call: engine:later is async; name a function that runs it to its end",
    "no.such:run": "call: no module 'no' in HERE or installed",
    "engine.part:run": "call: no module 'engine.part' in HERE or installed",
}


@pytest.mark.parametrize(("call", "line"), REJECTED.items())
def test_what_cannot_be_called_as_a_request_is_told_before_the_warmup(call: str, line: str, tmp_path: Path):
    """One line: the key, what is wrong, what to do."""
    with pytest.raises(CallRejected) as rejected:
        build(scenario(call), "cpu")
    assert str(rejected.value) == line.replace("HERE", str(tmp_path))


def test_what_a_module_lacks_itself_is_its_own_error():
    """A missing package of the engine is not a missing engine."""
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'"):
        build(scenario("needs:run"), "cpu")


def test_an_import_that_an_engine_lacks_goes_through(tmp_path: Path):
    """What is wrong inside the engine is its own error, word for word."""
    (tmp_path / "broken.py").write_text("import json\njson.start()")
    with pytest.raises(AttributeError, match="module 'json' has no attribute 'start'"):
        build(scenario("broken:run"), "cpu")


def test_what_a_function_raises_is_the_scenarios_error():
    """On one line, as for every source."""
    (record,) = capture([scenario("engine:broken")], warmup=0, repeats=1).scenarios
    assert record.error == "request-0: ValueError: no kernel"


def test_a_function_without_a_stage_is_warned_of():
    """Nothing inside of it can be attributed; one that marks stages has no warning."""
    silent, marked = capture(
        [scenario("engine:alone"), scenario("engine:run", id="two")], warmup=0, repeats=1
    ).scenarios

    assert outcome_line(silent).endswith(
        " ms end to end, median of 1; warning: no stage was marked: such a scenario is judged by end "
        "to end alone; mark at least one stage: docs/scenarios.md"
    )
    assert outcome_line(marked).endswith(" ms end to end, median of 1")
