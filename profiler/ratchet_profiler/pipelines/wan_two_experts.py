"""Wan 2.2: two experts, one for the steps of high noise and one for those of low noise."""

from typing import Final

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, WanPipeline

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.prompted import prompted
from ratchet_profiler.pipelines.tiny_parts import WEIGHTS_SEED, tokenizer, umt5_encoder
from ratchet_profiler.pipelines.wan_parts import NEGATIVE_PROMPT, PROMPT_TOKENS, SHIFT, mini_transformer, vae
from ratchet_profiler.scenarios import BuiltinScenario

BOUNDARY_RATIO: Final = 0.875
"""Share of the noise schedule below which the second expert runs.

Source: model_index.json of Wan2.2-T2V-A14B.
"""
GUIDANCE_SCALE: Final = 4.0
"""Of the high-noise expert. Source: Wan2.2's example in diffusers."""
LOW_NOISE_GUIDANCE_SCALE: Final = 3.0
"""Of the low-noise expert. Source: the same."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return a Wan 2.2 with random weights on `device`."""
    return prompted(
        _pipeline(),
        scenario,
        device,
        negative_prompt=NEGATIVE_PROMPT,
        num_frames=scenario.frames,
        guidance_scale=GUIDANCE_SCALE,
        guidance_scale_2=LOW_NOISE_GUIDANCE_SCALE,
        max_sequence_length=PROMPT_TOKENS,
    )


def _pipeline() -> WanPipeline:
    torch.manual_seed(WEIGHTS_SEED)
    return WanPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=SHIFT),
        vae=vae(),
        text_encoder=umt5_encoder(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=mini_transformer(),
        transformer_2=mini_transformer(),
        boundary_ratio=BOUNDARY_RATIO,
    )
