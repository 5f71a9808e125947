"""Latent consistency model: text to image in a few steps of one forward pass, with a UNet."""

from typing import Final

import torch
from diffusers import AutoencoderKL, LatentConsistencyModelPipeline, LCMScheduler, UNet2DConditionModel

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.prompted import prompted
from ratchet_profiler.pipelines.tiny_parts import (
    CLIP_POSITIONS,
    TEXT_DIM,
    WEIGHTS_SEED,
    clip_encoder,
    tokenizer,
)
from ratchet_profiler.scenarios import BuiltinScenario

CHANNELS: Final = (16, 32)
"""Of the UNet's two levels: 0.25 million parameters, chosen for about 30 ms a step on one CPU core."""
GUIDANCE_DIM: Final = 32
"""Width of the guidance embedding: guidance is distilled into the network."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return a latent consistency model with random weights on `device`."""
    return prompted(_pipeline(), scenario, device)


def _pipeline() -> LatentConsistencyModelPipeline:
    torch.manual_seed(WEIGHTS_SEED)
    return LatentConsistencyModelPipeline(
        vae=_vae(),
        text_encoder=clip_encoder(),
        tokenizer=tokenizer(CLIP_POSITIONS),
        unet=_unet(),
        scheduler=LCMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        block_out_channels=CHANNELS,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=32,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_DIM,
        time_cond_proj_dim=GUIDANCE_DIM,
    )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=(4, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
    )
