"""FLUX: text to image with one denoising stage."""

from typing import Final

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.prompted import prompted
from ratchet_profiler.pipelines.tiny_parts import (
    CLIP_POSITIONS,
    TEXT_DIM,
    WEIGHTS_SEED,
    clip_encoder,
    t5_encoder,
    tokenizer,
)
from ratchet_profiler.scenarios import BuiltinScenario

PROMPT_TOKENS: Final = 48
"""Tokens of the T5 prompt. Chosen: few beside the 256 of a 64x64 image."""
HEADS: Final = 4
HEAD_DIM: Final = 64
DOUBLE_BLOCKS: Final = 2
SINGLE_BLOCKS: Final = 4
"""With the heads: 9 million parameters, chosen for about 80 ms a step of 256 tokens on one CPU core."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return a FLUX with random weights on `device`."""
    return prompted(
        _pipeline(),
        scenario,
        device,
        max_sequence_length=PROMPT_TOKENS,
    )


def _pipeline() -> FluxPipeline:
    torch.manual_seed(WEIGHTS_SEED)
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=_vae(),
        text_encoder=clip_encoder(),
        tokenizer=tokenizer(CLIP_POSITIONS),
        text_encoder_2=t5_encoder(),
        tokenizer_2=tokenizer(PROMPT_TOKENS),
        transformer=_transformer(),
    )


def _transformer() -> FluxTransformer2DModel:
    return FluxTransformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=DOUBLE_BLOCKS,
        num_single_layers=SINGLE_BLOCKS,
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_DIM,
        joint_attention_dim=TEXT_DIM,
        pooled_projection_dim=TEXT_DIM,
        axes_dims_rope=[HEAD_DIM // 4, HEAD_DIM // 4, HEAD_DIM // 2],
    )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=(4, 4),
        layers_per_block=1,
        latent_channels=1,
        norm_num_groups=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
        shift_factor=0.0609,
        scaling_factor=1.5035,
    )
