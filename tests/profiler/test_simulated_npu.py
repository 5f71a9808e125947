"""Real pipelines on a device that runs behind the host: see tests/simulated_npu.py."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ratchet_profiler.record import RequestRecord, RunRecord
from ratchet_profiler.scenarios import builtin_scenarios

pytestmark = pytest.mark.xdist_group("npu")
"""One process runs them: what they look at takes half a minute to make."""

TESTS = Path(__file__).parent.parent
IDS = [scenario.id for scenario in builtin_scenarios()]
LARGEST_DIFFERENCE = 1e-4
"""Of values between 0 and 1: the device adds in another order. The largest that was seen is 4e-6."""
ROUNDING_MS = 1e-9


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """What the program saw: half a minute, once for all tests."""
    paths = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    program = [sys.executable, "-W", "ignore", str(TESTS / "npu_scenarios.py")]
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if found["skipped"]:
        pytest.skip(found["skipped"])
    return found


@pytest.fixture(params=IDS)
def seen(answer: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the program saw of each scenario."""
    return answer["scenarios"][request.param]


@pytest.fixture
def record(seen: dict[str, Any]) -> RequestRecord:
    """The record of one request on the device."""
    return RequestRecord.model_validate_json(json.dumps(seen["record"]))


def test_the_device_gives_the_outputs_of_the_cpu(seen: dict[str, Any]):
    """Close, in every array: the device is a device, whatever it is made of."""
    assert seen["arrays"] >= 1
    assert seen["largest_difference"] < LARGEST_DIFFERENCE


def test_outputs_are_the_same_with_and_without_observe(seen: dict[str, Any]):
    """Bit for bit, on the device too; without it only spans that a scenario opens itself are seen."""
    assert seen["same_unobserved"]
    fewer = len(seen["seen_unobserved"]) < len(seen["record"]["stages"])
    assert fewer == seen["is_observed"]


def test_a_request_synchronizes_once(seen: dict[str, Any]):
    """However many stages, steps and forward passes it has."""
    assert seen["synchronizations"] == 1


def test_every_time_is_on_both_clocks(record: RequestRecord):
    """The record says that it has device events, and has no gap in them."""
    assert record.clock == "device-events"
    spans = [record.total, *record.stages, *record.steps]
    assert [span for span in spans if span.device_ms is None] == []
    assert record.steps


def test_the_device_is_never_ahead_of_the_host(record: RequestRecord):
    """It found an idle device when it began, so no lead is negative."""
    assert min(step.lead_ms for step in record.steps) >= -ROUNDING_MS


def test_the_lead_explains_each_host_time(record: RequestRecord):
    """Host time = device time - how much the lead grew, for every step that another one follows at once."""
    for step, following in zip(record.steps, record.steps[1:], strict=False):
        if step.stage_id == following.stage_id:
            grown_ms = following.lead_ms - step.lead_ms
            assert step.host_ms == pytest.approx(step.device_ms - grown_ms, abs=1e-6)


def test_stages_have_their_memory(record: RequestRecord):
    """The device module has counters, so each stage has them."""
    assert [stage.name for stage in record.stages if stage.memory is None] == []


@pytest.mark.parametrize("scenario", ["flux_tiny_t2i", "hunyuan_video_mini_t2v", "dual_tower_mini_t2v"])
def test_device_steps_are_equal_from_step_0_on_and_host_steps_are_not(answer: dict[str, Any], scenario: str):
    """All steps have the same kernels. The host launches them, and waits once it meets the full queue."""
    steps = answer["scenarios"][scenario]["record"]["steps"]
    device_ms = [step["device_ms"] for step in steps]
    assert max(device_ms) - min(device_ms) < ROUNDING_MS
    assert steps[0]["host_ms"] < 0.3 * steps[0]["device_ms"]
    assert steps[-1]["host_ms"] > 1.5 * steps[0]["host_ms"]


def test_a_capture_is_timed_by_the_device(answer: dict[str, Any]):
    """Both clocks in each of three requests; the host waits once for each, and before them for weights."""
    run = RunRecord.model_validate_json(json.dumps(answer["capture"]))
    (scenario,) = run.scenarios
    assert scenario.error is None
    assert [(request.clock, request.warmup) for request in scenario.requests] == [
        ("device-events", True),
        ("device-events", False),
        ("device-events", False),
    ]
    assert len({request.steps[0].device_ms for request in scenario.requests}) == 1
    assert answer["capture_synchronizations"] == 3 + 1


def test_a_capture_uses_its_events_again(answer: dict[str, Any]):
    """Two for the request, two for each of five stages, and four for the loop of two steps: 16, not 48."""
    (scenario,) = answer["capture"]["scenarios"]
    assert len(scenario["requests"][0]["stages"]) == 6
    assert answer["capture_events"] == 16


def test_a_device_that_fails_is_an_error_of_the_scenario(answer: dict[str, Any]):
    """No request and no number, but the reason."""
    (scenario,) = answer["failed"]["scenarios"]
    assert (scenario["requests"], scenario["error"]) == (
        [],
        "request-0, DenoisingStage: RuntimeError: device lost",
    )
