import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ratchet_profiler.appending import NOT_RUN, UNFINISHED, finished
from ratchet_profiler.capture import capture
from ratchet_profiler.record import RequestRecord, RunRecord, record_from_json, record_to_json
from ratchet_profiler.scenarios import VIDEO_FAMILIES, Family, Scenario, scenarios_from_toml
from ratchet_profiler.sources import builtin

pytestmark = [
    # torch and transformers announce their own future while they are imported; not ours to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

ENGINE = """
import signal

calls = []

def install(pipe):
    calls.append(type(pipe).__name__)

def refuse(pipe):
    raise RuntimeError("this engine\\ndoes not know " + type(pipe).__name__)

def leave(pipe):
    raise SystemExit(3)

def fail_in_the_second_request(pipe):
    requests = []
    def before(module, args):
        requests.append(1)
        if len(requests) == 3:
            raise RuntimeError("out of memory")
    pipe.transformer.register_forward_pre_hook(before)

def interrupt_the_second_request(pipe):
    requests = []
    def before(module, args):
        requests.append(1)
        if len(requests) == 3:
            signal.raise_signal(signal.SIGINT)
    pipe.transformer.register_forward_pre_hook(before)
"""


def scenarios(**prepare: str | None) -> tuple[Scenario, ...]:
    """Return one small FLUX a keyword, of two steps, prepared as it says."""
    tables = [
        f'[scenario.{name}]\npipeline = "flux"\nprompt = "a cat"\nwidth = 32\nheight = 32\nsteps = 2\n'
        + (f'prepare = "engine:{function}"\n' if function else "")
        for name, function in prepare.items()
    ]
    return scenarios_from_toml("\n".join(tables), "my.toml")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The current directory holds an engine that nobody installed."""
    (tmp_path / "engine.py").write_text(ENGINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "engine", raising=False)
    yield
    sys.modules.pop("engine", None)


class Log:
    """Progress that writes down what it was told."""

    def __init__(self) -> None:
        """Begin empty."""
        self.lines: list[str] = []
        self.runs: list[RunRecord] = []

    def begins(self, scenario: Scenario, requests: int) -> None:
        """Write it down."""
        self.lines.append(f"{scenario.id} begins {requests}")

    def measured(self, scenario: Scenario, request: RequestRecord) -> None:
        """Write it down."""
        self.lines.append(f"{scenario.id} {request.request_id}")

    def ends(self, run: RunRecord) -> None:
        """Write it down, and keep the record of then."""
        self.lines.append(f"{run.scenarios[-1].id} ends")
        self.runs.append(run)


def outcome(run: RunRecord) -> list[tuple]:
    return [(s.id, [r.request_id for r in s.requests], s.error) for s in run.scenarios]


def test_warmups_come_first_and_are_marked():
    """Two warm-ups and one measured request, all kept, each told to whoever watches."""
    log = Log()
    run = capture(scenarios(one=None), warmup=2, repeats=1, progress=log)
    (scenario,) = run.scenarios
    assert [(r.request_id, r.warmup, len(r.steps)) for r in scenario.requests] == [
        ("request-0", True, 2),
        ("request-1", True, 2),
        ("request-2", False, 2),
    ]
    assert log.lines == ["one begins 3", "one request-0", "one request-1", "one request-2", "one ends"]
    assert log.runs == [run]
    assert record_from_json(record_to_json(run)) == run


@pytest.mark.usefixtures("engine")
def test_a_scenario_that_fails_is_recorded_and_the_others_run():
    """Build, prepare, request: wherever it fails, its error is kept, and so is what the others measured."""
    log = Log()
    chosen = scenarios(refused="refuse", missing="nothing", left="leave", fine=None)
    run = capture(chosen, warmup=0, repeats=1, progress=log)
    assert outcome(run) == [
        ("refused", [], "RuntimeError: this engine does not know FluxPipeline"),
        ("missing", [], "AttributeError: module 'engine' has no attribute 'nothing'"),
        ("left", [], "SystemExit: 3"),
        ("fine", ["request-0"], None),
    ]
    assert [len(kept.scenarios) for kept in log.runs] == [1, 2, 3, 4]


@pytest.mark.usefixtures("engine")
def test_requests_before_the_failure_are_kept():
    """The second request fails in its first step: the first one stays, the error says where."""
    run = capture(scenarios(one="fail_in_the_second_request"), warmup=0, repeats=3)
    assert outcome(run) == [("one", ["request-0"], "request-1, DenoisingStage: RuntimeError: out of memory")]


@pytest.mark.usefixtures("engine")
def test_an_interrupt_keeps_what_there_is():
    """Ctrl-C in the second request: the first stays and is valid, and what did not run says so."""
    log = Log()
    chosen = scenarios(one="interrupt_the_second_request", two=None)
    with pytest.raises(KeyboardInterrupt):
        capture(chosen, warmup=0, repeats=3, progress=log)
    assert outcome(log.runs[-1]) == [("one", ["request-0"], None), ("two", [], NOT_RUN)]
    assert outcome(finished(log.runs[-1])) == [("one", ["request-0"], None)]
    assert log.lines == ["one begins 3", "one request-0", "one ends", "two ends"]


@pytest.mark.usefixtures("engine")
def test_an_interrupt_after_the_warmup_leaves_nothing_measured():
    """The warm-up is kept, and the scenario says that it was not measured."""
    log = Log()
    with pytest.raises(KeyboardInterrupt):
        capture(scenarios(one="interrupt_the_second_request"), warmup=1, repeats=1, progress=log)
    assert outcome(log.runs[-1]) == [("one", ["request-0"], UNFINISHED)]
    assert outcome(finished(log.runs[-1])) == []


@pytest.mark.usefixtures("engine")
def test_prepare_is_called_once_with_each_pipeline_of_the_scenario():
    """Two stages have two pipelines: the one that denoises and the one that upsamples."""
    fields = {
        "id": "one",
        "pipeline": "ltx2_two_stage",
        "prompt": "a",
        "width": 32,
        "height": 32,
        "frames": 5,
    }
    steps = {"steps": 1, "refinement_steps": 1, "prepare": "engine:install"}
    run = capture([Scenario.model_validate(fields | steps)], warmup=1, repeats=1)
    assert run.scenarios[0].error is None
    assert sys.modules["engine"].calls == ["LTX2Pipeline", "LTX2LatentUpsamplePipeline"]
    assert [request.frames for request in run.scenarios[0].requests] == [5, 5]


def test_more_steps_than_the_distilled_schedule_is_an_error_of_the_scenario():
    """Steps that the schedule does not have must not be left out in silence."""
    fields = {
        "id": "one",
        "pipeline": "ltx2_two_stage",
        "prompt": "a",
        "width": 32,
        "height": 32,
        "frames": 5,
    }
    run = capture(
        [Scenario.model_validate(fields | {"steps": 9, "refinement_steps": 1})], warmup=0, repeats=1
    )
    assert outcome(run) == [("one", [], "ValueError: steps = 9: the distilled schedule of LTX-2 has 8 steps")]


def test_every_family_has_a_builder():
    """The scenario's families and the registries are two lists of one thing."""
    builders = [*builtin.ONE_STAGE, *builtin.TWO_STAGES, "dual_tower"]
    assert sorted(builders) == sorted(Family.__args__)
    assert set(builders) >= VIDEO_FAMILIES


def test_importing_the_rooms_does_not_import_torch():
    """Only building a pipeline pays for torch, so every command that measures nothing is fast."""
    code = (
        "import sys, ratchet_profiler.capture, ratchet_profiler.cli.run, ratchet_profiler.sources; "
        "import ratchet_profiler.stages; "
        "print(sorted({'torch', 'diffusers', 'transformers', 'numpy', 'rich'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "[]\n"
