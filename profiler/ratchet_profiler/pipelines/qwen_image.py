"""Qwen-Image: text to image with true classifier-free guidance, two forward passes a step."""

from typing import Final

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
)

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.prompted import prompted
from ratchet_profiler.pipelines.tiny_parts import QWEN_HIDDEN, WEIGHTS_SEED, qwen2_5_vl, tokenizer
from ratchet_profiler.scenarios import BuiltinScenario

PROMPT_TOKENS: Final = 48
"""Tokens of the prompt."""
NEGATIVE_PROMPT: Final = "blurry"
TRUE_CFG_SCALE: Final = 4.0
"""The pipeline's own default; above 1 each step passes the prompt and the negative prompt."""
LATENT_CHANNELS: Final = 4
HEADS: Final = 4
HEAD_DIM: Final = 32
LAYERS: Final = 2
"""With the heads: 1.3 million parameters, chosen for about 20 ms a step of a 64x64 image on one CPU core."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return a Qwen-Image with random weights on `device`."""
    return prompted(
        _pipeline(),
        scenario,
        device,
        negative_prompt=NEGATIVE_PROMPT,
        true_cfg_scale=TRUE_CFG_SCALE,
        max_sequence_length=PROMPT_TOKENS,
    )


def _pipeline() -> QwenImagePipeline:
    torch.manual_seed(WEIGHTS_SEED)
    pipe = QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=_vae(),
        text_encoder=qwen2_5_vl(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=_transformer(),
    )
    # The prompt as it is: the pipeline's own template has 34 tokens of Qwen's tokenizer to cut away.
    pipe.prompt_template_encode = "{}"
    pipe.prompt_template_encode_start_idx = 0
    return pipe


def _transformer() -> QwenImageTransformer2DModel:
    return QwenImageTransformer2DModel(
        patch_size=2,
        in_channels=4 * LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        num_layers=LAYERS,
        attention_head_dim=HEAD_DIM,
        num_attention_heads=HEADS,
        joint_attention_dim=QWEN_HIDDEN,
        axes_dims_rope=(HEAD_DIM // 4, HEAD_DIM // 4, HEAD_DIM // 2),
    )


def _vae() -> AutoencoderKLQwenImage:
    return AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=LATENT_CHANNELS,
        dim_mult=[1, 2, 4],
        num_res_blocks=1,
        temperal_downsample=[False, True],
        latents_mean=[0.0] * LATENT_CHANNELS,
        latents_std=[1.0] * LATENT_CHANNELS,
    )
