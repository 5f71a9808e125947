"""LTX-2: text to video with sound, in two stages: distilled steps, latent upsampling, refinement steps."""

from typing import Final

import torch
from diffusers import LTX2LatentUpsamplePipeline
from diffusers.pipelines.ltx2.utils import DISTILLED_SIGMA_VALUES, STAGE_2_DISTILLED_SIGMA_VALUES

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.ltx2_parts import FRAME_RATE, PROMPT_TOKENS, latent_upsampler, pipeline
from ratchet_profiler.pipelines.observation import observe
from ratchet_profiler.pipelines.tiny_parts import WEIGHTS_SEED
from ratchet_profiler.scenarios import BuiltinScenario
from ratchet_profiler.stages import RequestProfiler

LAYERS: Final = 4
"""Chosen for about 40 ms a step of the first stage, 110 ms of the second, on one CPU core."""
UPSCALE: Final = 2
"""How much wider and higher the second stage is."""
ONE_FORWARD_A_STEP: Final = {
    "guidance_scale": 1.0,
    "stg_scale": 0.0,
    "modality_scale": 1.0,
    "audio_guidance_scale": 1.0,
    "audio_stg_scale": 0.0,
    "audio_modality_scale": 1.0,
}
"""Distilled models need no guidance; the pipeline's defaults make three forward passes a step."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return the pipelines of both stages, with shared random weights, on `device`.

    Raises:
        ValueError: the scenario has more steps than the distilled schedules.
    """
    first_sigmas = _sigmas("steps", scenario.steps, DISTILLED_SIGMA_VALUES)
    refinement_sigmas = _sigmas(
        "refinement_steps", scenario.refinement_steps or 0, STAGE_2_DISTILLED_SIGMA_VALUES
    )
    torch.manual_seed(WEIGHTS_SEED)
    pipe = pipeline(LAYERS).to(device)
    pipe.set_progress_bar_config(disable=True)
    upsample = LTX2LatentUpsamplePipeline(vae=pipe.vae, latent_upsampler=latent_upsampler()).to(device)

    def request(profiler: RequestProfiler) -> object:
        generator = torch.Generator("cpu").manual_seed(scenario.seed)
        common = {
            "prompt": scenario.prompt,
            "num_frames": scenario.frames,
            "frame_rate": FRAME_RATE,
            "max_sequence_length": PROMPT_TOKENS,
            "generator": generator,
            **ONE_FORWARD_A_STEP,
        }
        with observe(pipe, profiler):
            first = pipe(
                **common,
                **_size(scenario, 1),
                num_inference_steps=len(first_sigmas),
                sigmas=first_sigmas,
                output_type="latent",
            )
        with profiler.stage("UpsampleStage"):
            upsampled = upsample(latents=first.frames, output_type="latent", **_size(scenario, 1))
        with observe(pipe, profiler, loop_stage="RefinementStage"):
            return pipe(
                **common,
                **_size(scenario, UPSCALE),
                latents=upsampled.frames,
                audio_latents=first.audio,
                noise_scale=refinement_sigmas[0],
                num_inference_steps=len(refinement_sigmas),
                sigmas=refinement_sigmas,
                output_type="np",
            )

    return Workload(pipelines=(pipe, upsample), request=request)


def _sigmas(key: str, steps: int, schedule: list[float]) -> list[float]:
    if steps > len(schedule):
        raise ValueError(f"{key} = {steps}: the distilled schedule of LTX-2 has {len(schedule)} steps")
    return schedule[:steps]


def _size(scenario: BuiltinScenario, scale: int) -> dict[str, int]:
    return {"width": scenario.width * scale, "height": scenario.height * scale}
