"""Builders of records and baselines: every value has a default, a test names only what it is about."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

from ratchet_bot.data.baselines import BaselineFile, baselines_from_text
from ratchet_bot.hosts.states import Run
from ratchet_profiler.record import (
    Accelerator,
    Clock,
    Environment,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    StageTiming,
    StepTiming,
    Total,
)

HEAD_SHA = "0123456789abcdef0123456789abcdef01234567"
STEPS = (50.0, 100.0, 110.0, 100.0, 90.0)
"""Mean 90, median 100, sum 450."""
STAGES = {"TextEncodingStage": 30.0, "DenoisingStage": 460.0, "DecodingStage": 60.0}
"""Sum 550."""
OLD_STAGES = STAGES | {"TextEncodingStage": 31.0}
"""Of a slower baseline: in the values of one request end to end never moves alone."""
E2E_MS = 560.0


def make_run(**fields: Any) -> Run:
    """Return a run of the profile workflow, for the pull request of a fork, that has completed."""
    usual = {
        "run_id": 42,
        "attempt": 1,
        "workflow": ".github/workflows/profile.yml",
        "event": "pull_request",
        "status": "completed",
        "conclusion": "success",
        "head_sha": HEAD_SHA,
        "head_branch": "faster",
        "head_repository": "fork/demo",
        "created_at": datetime(2026, 12, 1, tzinfo=UTC),
        "url": f"https://github.com/octo/demo/actions/runs/{fields.get('run_id', 42)}",
    }
    return Run(**(usual | fields))


def make_request(
    request_id: str = "r0",
    *,
    e2e_ms: float = E2E_MS,
    stages: Mapping[str, float] = STAGES,
    steps: Sequence[float] = STEPS,
    scale: float = 1.0,
    clock: Clock = "host",
    **fields: Any,
) -> RequestRecord:
    """Return a valid request; `scale` multiplies all times. The device's times are 10 % below the host's."""

    def on_device(host_ms: float) -> float | None:
        return 0.9 * host_ms * scale if clock == "device-events" else None

    timings = tuple(
        StageTiming(
            id=index, name=name, occurrence=0, start_ms=0.0, host_ms=ms * scale, device_ms=on_device(ms)
        )
        for index, (name, ms) in enumerate(stages.items())
    )
    owner = next((stage.id for stage in timings if stage.name.endswith("DenoisingStage")), None)
    return RequestRecord(
        request_id=request_id,
        clock=clock,
        total=Total(host_ms=e2e_ms * scale, device_ms=on_device(e2e_ms)),
        stages=timings,
        steps=tuple(
            StepTiming(stage_id=owner, index=index, host_ms=ms * scale, device_ms=on_device(ms))
            for index, ms in enumerate(steps)
        ),
        **fields,
    )


def make_scenario(
    name: str = "flux", *requests: RequestRecord, error: str | None = None, scale: float = 1.0
) -> ScenarioRecord:
    """Return a scenario with these requests, or with one valid request."""
    return ScenarioRecord(id=name, requests=requests or (make_request(scale=scale),), error=error)


def make_record(*scenarios: ScenarioRecord, hardware: str = "h100", **source: Any) -> RunRecord:
    """Return a run of these scenarios, on two H100."""
    source = {"created_at": datetime(2026, 11, 22, 6, 30, tzinfo=UTC), "head_sha": HEAD_SHA, **source}
    return RunRecord(
        source=Source(**source),
        environment=Environment(
            hardware=hardware,
            accelerator=Accelerator(name="NVIDIA H100 80GB HBM3", count=2, memory_bytes=80 * 2**30),
            driver="570.86.15",
            cuda="12.8",
            torch="2.13.0",
            python="3.11.7",
        ),
        scenarios=scenarios,
    )


def make_values(
    *,
    e2e_ms: float = E2E_MS,
    stages: Mapping[str, Any] = STAGES,
    steps: Sequence[float] = STEPS,
    **other: Any,
) -> dict[str, Any]:
    """Return a scenario as a baseline file holds it; it agrees with `make_request()`."""
    return {
        "stages_ms": dict(stages),
        "denoise_step_ms": {str(index): step for index, step in enumerate(steps)},
        "expected_e2e_ms": e2e_ms,
        "expected_avg_denoise_ms": round(sum(steps) / len(steps), 2) if steps else 0.0,
        "expected_median_denoise_ms": round(median(steps), 2) if steps else 0.0,
        **other,
    }


def make_baselines(scenarios: Mapping[str, Any] | None = None, **document: Any) -> BaselineFile:
    """Return a baseline file; without arguments, of one scenario "flux" that agrees with `make_request()`."""
    scenarios = {"flux": make_values()} if scenarios is None else scenarios
    metadata = {"description": "Reference numbers (2026-05-17).", "last_updated": "2026-05-17"}
    return baselines_from_text(
        json.dumps({"metadata": metadata, "scenarios": scenarios, **document}, indent=4)
    )
