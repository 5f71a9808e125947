"""What the times of the bot's own commands are taken on: files of the shape and size of sglang's, made up."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Final

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.history import Past
from ratchet_bot.data.rewriting import new_baselines
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.tighten import propose, tightened
from ratchet_profiler.record import (
    Accelerator,
    Environment,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    StageTiming,
    StepTiming,
    Total,
)

SCENARIOS: Final = 67
"""Scenarios of sglang's largest file."""
STEPS: Final = (50, 50, 40, 9, 8)
"""Denoising steps of one scenario after the other. Source: those of sglang's file; most have 50."""
STAGES_MS: Final = {
    "InputValidationStage": 0.05,
    "TextEncodingStage": 130.0,
    "LatentPreparationStage": 0.4,
    "TimestepPreparationStage": 25.0,
    "DenoisingStage": 0.0,
    "DecodingStage": 250.0,
}
"""Stages of a scenario; denoising takes what its steps take."""
WARMUPS: Final = 1
MEASURED: Final = 3
"""Requests of a scenario. Source: the defaults of the configuration."""
NIGHTS: Final = 30
NOISE_RATIO: Final = 0.005
"""Standard deviation of a time. Source: 0.1 to 0.9 % in public nightly runs on H100."""
SLOWER: Final = 1.1
"""What was, before the improvement that is to be tightened."""
NANOSECOND_MS: Final = 1e-6
BEGAN: Final = datetime(2026, 11, 22, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Workload:
    """A baseline file, the run that improved on all of it, and the nights before."""

    file: BaselineFile
    """Of a run that was 10 % slower."""
    record: RunRecord
    past: Past


def workload(scenarios: int = SCENARIOS) -> Workload:
    """Return a workload of so many scenarios; the same at every call."""
    draw = Random(0)  # noqa: S311 - made-up times, no secret
    slow, fast = _run(draw, scenarios, SLOWER), _run(draw, scenarios, 1.0)
    empty = new_baselines("h100", "host")
    file = tightened(empty, propose(empty, [slow], Terms(add=True)))
    return Workload(file, fast, {name: _nights(draw, file, name) for name in file.scenarios})


def shifted(past: Past, by: int) -> Past:
    """Return nights that are none of these, and as noisy: slower by so many nanoseconds."""
    return {
        name: {field: [ms + by * NANOSECOND_MS for ms in nights] for field, nights in fields.items()}
        for name, fields in past.items()
    }


def _run(draw: Random, scenarios: int, scale: float) -> RunRecord:
    return RunRecord(
        source=Source(created_at=BEGAN, head_sha="0" * 40, run_id=1),
        environment=Environment(
            hardware="h100",
            accelerator=Accelerator(name="NVIDIA H100 80GB HBM3", count=1, memory_bytes=80 * 2**30),
            driver="570.86.15",
            cuda="12.8",
            torch="2.13.0",
            python="3.11.7",
        ),
        scenarios=tuple(_scenario(draw, number, scale) for number in range(scenarios)),
    )


def _scenario(draw: Random, number: int, scale: float) -> ScenarioRecord:
    requests = [_request(draw, number, place, scale) for place in range(WARMUPS + MEASURED)]
    return ScenarioRecord(id=f"made_up_scenario_{number}", requests=tuple(requests))


def _request(draw: Random, number: int, place: int, scale: float) -> RequestRecord:
    step_ms = scale * (50.0 + 7 * number)
    steps = [draw.gauss(step_ms, NOISE_RATIO * step_ms) for _ in range(STEPS[number % len(STEPS)])]
    stages = {name: ms * scale * draw.gauss(1, NOISE_RATIO) for name, ms in STAGES_MS.items()}
    stages["DenoisingStage"] = sum(steps) + draw.uniform(1, 2)
    names = list(stages)
    return RequestRecord(
        request_id=f"request-{place}",
        clock="host",
        warmup=place < WARMUPS,
        total=Total(host_ms=sum(stages.values()) + draw.uniform(5, 6)),
        stages=tuple(
            StageTiming(id=names.index(name), name=name, occurrence=0, start_ms=0.0, host_ms=ms)
            for name, ms in stages.items()
        ),
        steps=tuple(
            StepTiming(stage_id=names.index("DenoisingStage"), index=index, host_ms=ms)
            for index, ms in enumerate(steps)
        ),
    )


def _nights(draw: Random, file: BaselineFile, name: str) -> dict[str, list[float]]:
    """Return nights of every value but single steps, as the history keeps them."""
    values = file.scenarios[name].by_field()
    return {
        field: [draw.gauss(ms, NOISE_RATIO * ms) for _ in range(NIGHTS)]
        for field, ms in values.items()
        if not field.startswith("denoise_step_ms") and ms
    }
