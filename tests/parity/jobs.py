"""What is given to sglang's test to measure: a request as plain data, close to the baselines of its scenario.

A job names the case (scenario, modality, frames, whether more than end to end and load is checked) and what
one request measured: times in milliseconds, peaks in MiB.
"""

from collections.abc import Mapping
from typing import Any, Final

Job = dict[str, Any]
Values = Mapping[str, Any]
"""A scenario as a baseline file holds it."""

OTHER_ROLE: Final = {
    "LTX2RefinementStage": True,
    "Cosmos3DenoisingStage": False,
    "Flux3ActionDenoisingStage": False,
}
"""Stages whose class in sglang 0.5.23 has another role than their name says."""
LOAD_MS: Final = 30_000.0
"""Measured where a scenario has no baseline of its load."""
E2E_MS: Final = 1000.0
"""The same of end to end."""
MOMENTS: Final = ("load", "runtime", "warmup")


def job(scenario: str, values: Values, **case: Any) -> Job:
    """Return a job whose request measured its baselines."""
    usual = {"id": f"{scenario}-1", "scenario": scenario, "modality": "image", "checks_all": True}
    return usual | request(values) | {"load_ms": values.get("expected_load_ms") or LOAD_MS} | case


def request(values: Values, scale: float = 1.0) -> Job:
    """Return a request that took `scale` times as long as its baselines, with their peaks."""
    stages = {name: ms for name, ms in values["stages_ms"].items() if ms is not None}
    return {
        "e2e_ms": scale * (values["expected_e2e_ms"] or E2E_MS),
        "stages": [stage(name, scale * ms) for name, ms in stages.items()],
        "steps": [scale * ms for ms in values["denoise_step_ms"].values()],
        "memory": {f"{moment}_peak": peaks(values, moment) for moment in MOMENTS},
    }


def stage(name: str, ms: float) -> Job:
    """Return a stage with the role that its class has in sglang."""
    by_name = name.endswith("DenoisingStage") and not name.endswith("BeforeDenoisingStage")
    return {"name": name, "execution_time_ms": ms, "is_denoising": OTHER_ROLE.get(name, by_name)}


def peaks(values: Values, moment: str) -> Job:
    """Return the memory snapshot of a moment of `MOMENTS`; 0 where the baselines have no value."""
    reserved = values.get(f"{moment}_peak_vram_mb") or 0.0
    allocated = values.get(f"{moment}_peak_allocated_mb") or 0.0
    return {
        "allocated_mb": allocated,
        "reserved_mb": reserved,
        "peak_allocated_mb": allocated,
        "peak_reserved_mb": reserved,
        "peak_host_anon_mb": values.get(f"{moment}_peak_host_anon_mb") or 0.0,
    }
