"""HunyuanVideo: text to video, one denoising stage; its guidance is distilled, one forward pass a step."""

from typing import Final

import torch
from diffusers import (
    AutoencoderKLHunyuanVideo,
    FlowMatchEulerDiscreteScheduler,
    HunyuanVideoPipeline,
    HunyuanVideoTransformer3DModel,
)

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.prompted import prompted
from ratchet_profiler.pipelines.tiny_parts import (
    CLIP_POSITIONS,
    LLAMA_HIDDEN,
    TEXT_DIM,
    WEIGHTS_SEED,
    clip_encoder,
    llama,
    tokenizer,
)
from ratchet_profiler.scenarios import BuiltinScenario

PROMPT_TOKENS: Final = 48
"""Tokens of the prompt."""
PLAIN_TEMPLATE: Final = {"template": "{}", "crop_start": 0}
"""The prompt as it is: the pipeline's own template has 95 tokens of Llama's tokenizer to cut away."""
SHIFT: Final = 7.0
"""How far the schedule is shifted to high noise. Source: HunyuanVideo's scheduler_config.json."""
LATENT_CHANNELS: Final = 4
HEADS: Final = 4
HEAD_DIM: Final = 20
LAYERS: Final = 1
"""With the heads: 0.5 million parameters, chosen for about 10 ms a step of a 32x32 video on one CPU core."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return a HunyuanVideo with random weights on `device`."""
    return prompted(
        _pipeline(),
        scenario,
        device,
        num_frames=scenario.frames,
        prompt_template=PLAIN_TEMPLATE,
        max_sequence_length=PROMPT_TOKENS,
    )


def _pipeline() -> HunyuanVideoPipeline:
    torch.manual_seed(WEIGHTS_SEED)
    return HunyuanVideoPipeline(
        text_encoder=llama(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=_transformer(),
        vae=_vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=SHIFT),
        text_encoder_2=clip_encoder(),
        tokenizer_2=tokenizer(CLIP_POSITIONS),
    )


def _transformer() -> HunyuanVideoTransformer3DModel:
    return HunyuanVideoTransformer3DModel(
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_DIM,
        num_layers=LAYERS,
        num_single_layers=LAYERS,
        num_refiner_layers=1,
        patch_size=1,
        patch_size_t=1,
        guidance_embeds=True,
        text_embed_dim=LLAMA_HIDDEN,
        pooled_projection_dim=TEXT_DIM,
        rope_axes_dim=(HEAD_DIM // 5, 2 * HEAD_DIM // 5, 2 * HEAD_DIM // 5),
    )


def _vae() -> AutoencoderKLHunyuanVideo:
    return AutoencoderKLHunyuanVideo(
        in_channels=3,
        out_channels=3,
        latent_channels=LATENT_CHANNELS,
        block_out_channels=(4, 4, 4, 4),
        layers_per_block=1,
        norm_num_groups=4,
        spatial_compression_ratio=8,
        temporal_compression_ratio=4,
        mid_block_add_attention=True,
    )
