"""Wan: text to video with one denoising stage and classifier-free guidance, two forward passes a step."""

from typing import Final

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, WanPipeline

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.prompted import prompted
from ratchet_profiler.pipelines.tiny_parts import WEIGHTS_SEED, tokenizer, umt5_encoder
from ratchet_profiler.pipelines.wan_parts import NEGATIVE_PROMPT, PROMPT_TOKENS, SHIFT, transformer, vae
from ratchet_profiler.scenarios import BuiltinScenario

GUIDANCE_SCALE: Final = 5.0
"""The pipeline's own default; above 1 each step passes the prompt and the negative prompt."""
HEADS: Final = 12
HEAD_DIM: Final = 32
FEED_FORWARD_DIM: Final = 1536
LAYERS: Final = 6
"""With the heads: 16 million parameters, chosen for about 80 ms a step of 48 tokens on one CPU core."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return a Wan with random weights on `device`."""
    return prompted(
        _pipeline(),
        scenario,
        device,
        negative_prompt=NEGATIVE_PROMPT,
        num_frames=scenario.frames,
        guidance_scale=GUIDANCE_SCALE,
        max_sequence_length=PROMPT_TOKENS,
    )


def _pipeline() -> WanPipeline:
    torch.manual_seed(WEIGHTS_SEED)
    return WanPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=SHIFT),
        vae=vae(),
        text_encoder=umt5_encoder(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=transformer(
            heads=HEADS, head_dim=HEAD_DIM, feed_forward_dim=FEED_FORWARD_DIM, layers=LAYERS
        ),
    )
