"""What sglang writes, typed from its formats, and what our readers find in it."""

import json
import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from ratchet_bot.engines.readings import Reading
from ratchet_bot.engines.sglang.logs import log_reading

STEPS = (50.0, 100.0, 110.0, 100.0, 90.0)
"""Mean 90, median 100: what `make_values()` has."""
STAGES = {"TextEncodingStage": 30.0, "DenoisingStage": 460.0, "DecodingStage": 60.0}
STAMP = "2026-05-17T03:11:22.123456789Z "
FLUX = """\
"flux_image_t2i": {
    "stages_ms": {
        "TextEncodingStage": 30.0,
        "DenoisingStage": 460.25,
        "DecodingStage": 8.58
    },
    "denoise_step_ms": {
        "0": 50.0,
        "1": 100.0,
        "2": 110.0
    },
    "expected_e2e_ms": 560.5,
    "expected_avg_denoise_ms": 86.67,
    "expected_median_denoise_ms": 100.0
}"""
FLUX_STAGES = [("TextEncodingStage", 30.0), ("DenoisingStage", 460.25), ("DecodingStage", 8.58)]
LINE: dict[str, Any] = {
    "request_id": "req-7",
    "timestamp": "2026-05-17T03:11:22.123456+00:00",
    "commit_hash": "0123456789abcdef0123456789abcdef01234567",
    "tag": "pipeline_stage_metrics",
    "stages": [
        {"name": "TextEncodingStage", "execution_time_ms": 30.123456789012345},
        {"name": "DenoisingStage", "execution_time_ms": 460.2},
    ],
    "steps": [45.19123456789, 53.93],
    "total_duration_ms": 560.1,
    "memory_snapshots": {
        "after_DenoisingStage": {
            "allocated_mb": 1.5,
            "reserved_mb": 2.0,
            "peak_allocated_mb": 3.25,
            "peak_reserved_mb": 4.0,
        }
    },
}
DUMP: dict[str, Any] = {
    "timestamp": "2026-05-17T03:11:22+00:00",
    "request_id": "req-8",
    "commit_hash": "N/A",
    "tag": "benchmark_dump",
    "total_duration_ms": 560,
    "steps": [
        {"name": "TextEncodingStage", "duration_ms": 30.5},
        {"name": "DenoisingStage", "duration_ms": 460.2},
    ],
    "denoise_steps_ms": [{"step": 0, "duration_ms": 45.19}, {"step": 1, "duration_ms": 53.93}],
    "memory_checkpoints": {},
    "meta": {"model": "black-forest-labs/FLUX.1-dev"},
}


def block(scenario: str, *stages: str, steps: int = 3, offset: float = 0.0) -> list[str]:
    """Return the lines of a printed baseline whose numbers differ by the offset."""
    steps_ms = {str(index): 10.0 + index + offset for index in range(steps)}
    average = round(math.fsum(steps_ms.values()) / steps, 2) if steps else 0.0
    values = {
        "stages_ms": {name: 100.0 + index + offset for index, name in enumerate(stages)},
        "denoise_step_ms": steps_ms,
        "expected_e2e_ms": 500.0 + offset,
        "expected_avg_denoise_ms": average,
        "expected_median_denoise_ms": median(steps_ms.values()) if steps else 0.0,
    }
    return f'"{scenario}": {json.dumps(values, indent=4)}'.split("\n")


def read(lines: Sequence[str]) -> Reading:
    """Return what these lines of a log hold."""
    return log_reading("ci.log", [line.encode() for line in lines])


def found(reading: Reading) -> list[tuple[Any, ...]]:
    """Return every number of every request."""
    return [
        (
            one.scenario,
            one.record.total.host_ms,
            [(stage.name, stage.host_ms) for stage in one.record.stages],
            [step.host_ms for step in one.record.steps],
        )
        for one in reading.requests
    ]


def refused(reading: Reading) -> list[tuple[str, str, str]]:
    """Return what was refused, where and why."""
    return [(one.place, one.what, one.reason) for one in reading.refusals]


def line(request_id: str = "r1", **fields: Any) -> str:
    """Return a line of a performance log that agrees with `make_values()`."""
    document = {
        "request_id": request_id,
        "timestamp": "2026-05-17T03:11:22.123456+00:00",
        "commit_hash": "0123456789abcdef",
        "tag": "pipeline_stage_metrics",
        "stages": [{"name": name, "execution_time_ms": ms} for name, ms in STAGES.items()],
        "steps": list(STEPS),
        "total_duration_ms": 560.0,
    }
    return json.dumps({**document, **fields})
