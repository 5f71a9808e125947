"""Wan: text to video with one denoising stage and classifier-free guidance, two forward passes a step."""

from typing import Final

import torch
from diffusers import AutoencoderKLWan, FlowMatchEulerDiscreteScheduler, WanPipeline, WanTransformer3DModel

from profiler.pipelines import Workload
from profiler.pipelines.observation import observe
from profiler.pipelines.tiny_parts import TEXT_DIM, WEIGHTS_SEED, tokenizer, umt5_encoder
from profiler.scenarios import Scenario
from profiler.stages import RequestProfiler

PROMPT_TOKENS: Final = 48
"""Tokens of the prompt. Chosen: as many as a 64x64 video of 9 frames has."""
NEGATIVE_PROMPT: Final = "blurry"
GUIDANCE_SCALE: Final = 5.0
"""The pipeline's own default; above 1 each step passes the prompt and the negative prompt."""
LATENT_CHANNELS: Final = 16
HEADS: Final = 12
HEAD_DIM: Final = 32
FEED_FORWARD_DIM: Final = 1536
LAYERS: Final = 6
"""With the heads: 16 million parameters, chosen for about 80 ms a step of 48 tokens on one CPU core."""


def build(scenario: Scenario, device: str) -> Workload:
    """Return a Wan with random weights on `device`."""
    pipe = _pipeline().to(device)
    pipe.set_progress_bar_config(disable=True)

    def request(profiler: RequestProfiler) -> object:
        with observe(pipe, profiler):
            return pipe(
                prompt=scenario.prompt,
                negative_prompt=NEGATIVE_PROMPT,
                width=scenario.width,
                height=scenario.height,
                num_frames=scenario.frames,
                num_inference_steps=scenario.steps,
                guidance_scale=GUIDANCE_SCALE,
                max_sequence_length=PROMPT_TOKENS,
                generator=torch.Generator("cpu").manual_seed(scenario.seed),
                output_type="np",
            )

    return Workload(pipelines=(pipe,), request=request)


def _pipeline() -> WanPipeline:
    torch.manual_seed(WEIGHTS_SEED)
    return WanPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
        vae=_vae(),
        text_encoder=umt5_encoder(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=_transformer(),
    )


def _transformer() -> WanTransformer3DModel:
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_DIM,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        text_dim=TEXT_DIM,
        freq_dim=256,
        ffn_dim=FEED_FORWARD_DIM,
        num_layers=LAYERS,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
    )


def _vae() -> AutoencoderKLWan:
    return AutoencoderKLWan(
        base_dim=3,
        z_dim=LATENT_CHANNELS,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )
