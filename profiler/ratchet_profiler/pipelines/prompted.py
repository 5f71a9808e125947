"""A workload of one diffusers pipeline that is given a prompt: what each family calls alike."""

from typing import Any

import torch
from diffusers import DiffusionPipeline

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.observation import observe
from ratchet_profiler.scenarios import BuiltinScenario
from ratchet_profiler.stages import RequestProfiler


def prompted(
    pipe: DiffusionPipeline,
    scenario: BuiltinScenario,
    device: str,
    **own: Any,  # noqa: ANN401 - each pipeline's own arguments
) -> Workload:
    """Return the workload of a pipeline on `device`: prompt, size, steps and seed are the scenario's.

    Args:
        pipe: Where it was built.
        scenario: What it is asked for.
        device: Where it is to run.
        own: What this family's pipeline is given besides.
    """
    pipe = pipe.to(device)
    pipe.set_progress_bar_config(disable=True)

    def request(profiler: RequestProfiler) -> object:
        with observe(pipe, profiler):
            return pipe(
                prompt=scenario.prompt,
                width=scenario.width,
                height=scenario.height,
                num_inference_steps=scenario.steps,
                generator=torch.Generator("cpu").manual_seed(scenario.seed),
                output_type="np",
                **own,
            )

    return Workload(pipelines=(pipe,), request=request)
