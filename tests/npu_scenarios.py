"""A program: runs every built-in scenario on the simulated "npu", which needs a process of its own.

It prints one JSON object: `skipped` says why torch cannot be given the device, `scenarios` has what each of
them did, `capture` the record of a run, and `broken` that of one whose device fails.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import simulated_npu
import torch
from diffusers import DiffusionPipeline
from ratchet_profiler.capture import capture
from ratchet_profiler.scenarios import Scenario, builtin_scenarios
from ratchet_profiler.sources import build
from ratchet_profiler.spans import memory_for
from ratchet_profiler.stages import RequestProfiler
from ratchet_profiler.timers import DeviceEventTimer
from simulated_device import SimulatedDevice

MOST_STEPS = 6
"""The two experts need six; scenarios with more steps are cut to two, since all their steps are alike."""
FEW_STEPS = 2


def main() -> None:
    """Run everything."""
    reason = simulated_npu.why_not()
    if reason is not None:
        print(json.dumps({"skipped": reason}))  # noqa: T201 - a program says what it found
        return
    device = simulated_npu.install()
    scenarios = [cut(scenario) for scenario in builtin_scenarios()]
    seen = {scenario.id: observations(scenario, device) for scenario in scenarios}
    answer = {"skipped": None, "scenarios": seen, **captured(scenarios[0], device)}
    print(json.dumps(answer))  # noqa: T201 - a program says what it found


def captured(scenario: Scenario, device: SimulatedDevice) -> dict[str, Any]:
    """Return what capturing a scenario gives, and what it gives when the device fails."""
    before, made = device.synchronizations, device.events_made
    run = capture([scenario], warmup=1, repeats=2, device="npu", hardware="ascend")
    synchronizations, events = device.synchronizations - before, device.events_made - made
    broken = scenario.model_copy(update={"prepare": "npu_scenarios:lose_device"})
    failed = capture([broken], warmup=0, repeats=1, device="npu", hardware="ascend")
    return {
        "capture": run.model_dump(mode="json"),
        "capture_synchronizations": synchronizations,
        "capture_events": events,
        "failed": failed.model_dump(mode="json"),
    }


def cut(scenario: Scenario) -> Scenario:
    """Return the scenario with few steps, but enough for all that it does."""
    return scenario.model_copy(update={"steps": FEW_STEPS}) if scenario.steps > MOST_STEPS else scenario


def observations(scenario: Scenario, device: SimulatedDevice) -> dict[str, Any]:
    """Return what a scenario did on the CPU and on the device."""
    with RequestProfiler() as request:
        on_cpu = list(arrays(build(scenario, "cpu").request(request)))
    workload = build(scenario, "npu")
    request = RequestProfiler(DeviceEventTimer("npu", clock_ns=device.clock), memory_for("npu"))
    # The weights are there: the request finds an idle device.
    device.synchronize()
    before = device.synchronizations
    with request:
        on_npu = list(arrays(workload.request(request)))
    synchronizations = device.synchronizations - before
    unobserved, seen_unobserved = run_unobserved(workload)
    return {
        "arrays": len(on_cpu),
        "largest_difference": max(float(np.abs(a - b).max()) for a, b in zip(on_cpu, on_npu, strict=True)),
        "same_unobserved": all(np.array_equal(a, b) for a, b in zip(on_npu, unobserved, strict=True)),
        "seen_unobserved": seen_unobserved,
        "is_observed": isinstance(workload.pipelines[0], DiffusionPipeline),
        "synchronizations": synchronizations,
        "record": request.record("r").model_dump(mode="json"),
    }


def run_unobserved(workload: Any) -> tuple[list[np.ndarray], list[str]]:
    """Return the output of a request that nobody observes, and the stages that were seen all the same."""
    observed = {
        module: module.observe
        for name, module in sys.modules.items()
        if name.startswith("ratchet_profiler.sources.") and hasattr(module, "observe")
    }
    for module in observed:
        module.observe = lambda *_args, **_kwargs: nullcontext()
    try:
        with RequestProfiler() as request:
            output = workload.request(request)
    finally:
        for module, observe in observed.items():
            module.observe = observe
    return list(arrays(output)), [stage.name for stage in request.record("r").stages]


def arrays(output: Any) -> Iterator[np.ndarray]:
    """Yield all arrays in an output, whatever it is made of."""
    if isinstance(output, torch.Tensor):
        yield output.cpu().float().numpy()
    elif isinstance(output, np.ndarray):
        yield output.astype(np.float64)
    elif isinstance(output, dict):
        yield from arrays(tuple(output.values()))
    elif is_dataclass(output):
        yield from arrays(tuple(getattr(output, field.name) for field in fields(output)))
    elif isinstance(output, tuple | list):
        for value in output:
            yield from arrays(value)


def lose_device(pipeline: Any) -> None:
    """Let the device fail once the pipeline denoises."""

    def lose(_module: object, _args: object) -> None:
        simulated_npu.simulated().failure = "device lost"

    pipeline.transformer.register_forward_pre_hook(lose)


if __name__ == "__main__":
    main()
