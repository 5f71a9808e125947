"""Tiny pipelines for the tests that observe them, and what they left behind."""

from typing import Any

from ratchet_profiler.record import RequestRecord, StageTiming, StepTiming
from ratchet_profiler.scenarios import Scenario
from ratchet_profiler.sources import build
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler

VIDEO = {"width": 32, "height": 32, "frames": 5}
NS_PER_MS = 1e6


def workload(**fields: object) -> Workload:
    """Return a built-in pipeline on the CPU."""
    return build(Scenario.model_validate({"id": "small", "prompt": "a cat", "seed": 3} | fields), "cpu")


def measured(some: Workload) -> tuple[Any, RequestRecord]:
    """Return the output and the record of one request."""
    with RequestProfiler() as request:
        output = some.request(request)
    return output, request.record("r")


def stage_of(record: RequestRecord, name: str) -> StageTiming:
    """Return the one stage of this name."""
    (stage,) = [stage for stage in record.stages if stage.name == name]
    return stage


def steps_of(record: RequestRecord, stage: str) -> list[StepTiming]:
    """Return the steps of the one stage of this name."""
    owner = stage_of(record, stage)
    return [step for step in record.steps if step.stage_id == owner.id]


def occurrences(record: RequestRecord) -> list[tuple[str, int]]:
    """Return which stages there were, in order; nothing failed and none is inside of another."""
    assert all(stage.parent is None and stage.error is None for stage in record.stages)
    return [(stage.name, stage.occurrence) for stage in record.stages]


def assert_steps_fill(record: RequestRecord, stage: str) -> None:
    """The steps add up to their stage, to the nanosecond of the clock."""
    total_ms = sum(step.host_ms for step in steps_of(record, stage))
    assert round(total_ms * NS_PER_MS) == round(stage_of(record, stage).host_ms * NS_PER_MS)


def state_of(pipe: Any) -> dict[tuple[str, str], object]:
    """Return all that observing could leave behind: the functions and hooks of all instances.

    Other values are not among them: a request itself leaves some, such as its last timestep.
    """
    parts = {name: part for name, part in pipe.components.items() if hasattr(part, "__dict__")}
    processors = [name for name in ("image_processor", "video_processor") if hasattr(pipe, name)]
    parts |= {"pipe": pipe} | {name: getattr(pipe, name) for name in processors}
    state = {}
    for name, part in parts.items():
        for key, value in vars(part).items():
            if key.startswith("_forward"):
                state[name, key] = sorted(value)
            elif callable(value):
                state[name, key] = id(value)
    return state
