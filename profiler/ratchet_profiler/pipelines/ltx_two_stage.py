"""LTX-Video in two stages: steps at half the size, latent upsampling, steps that refine the larger video."""

from typing import Final

import torch
from diffusers import (
    AutoencoderKLLTXVideo,
    FlowMatchEulerDiscreteScheduler,
    LTXConditionPipeline,
    LTXLatentUpsamplePipeline,
    LTXVideoTransformer3DModel,
)
from diffusers.pipelines.ltx.modeling_latent_upsampler import LTXLatentUpsamplerModel

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.observation import observe
from ratchet_profiler.pipelines.tiny_parts import TEXT_DIM, WEIGHTS_SEED, t5_encoder, tokenizer
from ratchet_profiler.scenarios import BuiltinScenario
from ratchet_profiler.stages import RequestProfiler

PROMPT_TOKENS: Final = 48
"""Tokens of the prompt."""
NEGATIVE_PROMPT: Final = "blurry"
UPSCALE: Final = 2
"""How much wider and higher the second stage is."""
DENOISE_STRENGTH: Final = 0.5
"""Share of the schedule that the refinement goes through: from twice as many steps, the second half."""
LATENT_CHANNELS: Final = 8
HEADS: Final = 4
HEAD_DIM: Final = 16
LAYERS: Final = 1
"""With the heads: 0.1 million parameters, chosen for about 10 ms a step on one CPU core."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return the pipelines of both stages, with shared random weights, on `device`."""
    torch.manual_seed(WEIGHTS_SEED)
    pipe = _pipeline().to(device)
    pipe.set_progress_bar_config(disable=True)
    upsample = LTXLatentUpsamplePipeline(vae=pipe.vae, latent_upsampler=_latent_upsampler()).to(device)

    def request(profiler: RequestProfiler) -> object:
        common = {
            "prompt": scenario.prompt,
            "negative_prompt": NEGATIVE_PROMPT,
            "num_frames": scenario.frames,
            "max_sequence_length": PROMPT_TOKENS,
            "generator": torch.Generator("cpu").manual_seed(scenario.seed),
        }
        with observe(pipe, profiler):
            first = pipe(
                **common, **_size(scenario, 1), num_inference_steps=scenario.steps, output_type="latent"
            )
        with profiler.stage("UpsampleStage"):
            upsampled = upsample(latents=first.frames, output_type="latent", **_size(scenario, 1))
        with observe(pipe, profiler, loop_stage="RefinementStage"):
            return pipe(
                **common,
                **_size(scenario, UPSCALE),
                latents=upsampled.frames,
                denoise_strength=DENOISE_STRENGTH,
                num_inference_steps=round((scenario.refinement_steps or 0) / DENOISE_STRENGTH),
                output_type="np",
            )

    return Workload(pipelines=(pipe, upsample), request=request)


def _size(scenario: BuiltinScenario, scale: int) -> dict[str, int]:
    return {"width": scenario.width * scale, "height": scenario.height * scale}


def _pipeline() -> LTXConditionPipeline:
    return LTXConditionPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=_vae(),
        text_encoder=t5_encoder(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=_transformer(),
    )


def _transformer() -> LTXVideoTransformer3DModel:
    return LTXVideoTransformer3DModel(
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        patch_size=1,
        patch_size_t=1,
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_DIM,
        cross_attention_dim=HEADS * HEAD_DIM,
        num_layers=LAYERS,
        caption_channels=TEXT_DIM,
    )


def _vae() -> AutoencoderKLLTXVideo:
    vae = AutoencoderKLLTXVideo(
        in_channels=3,
        out_channels=3,
        latent_channels=LATENT_CHANNELS,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, False, False),
        decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False, False, False, False, False),
        upsample_residual=(False, False, False, False),
        upsample_factor=(1, 1, 1, 1),
        timestep_conditioning=False,
        patch_size=1,
        patch_size_t=1,
        encoder_causal=True,
        decoder_causal=False,
    )
    # The frames fit at once: cut into pieces, the tiny decoder would repeat itself.
    vae.use_framewise_encoding = False
    vae.use_framewise_decoding = False
    return vae


def _latent_upsampler() -> LTXLatentUpsamplerModel:
    return LTXLatentUpsamplerModel(
        in_channels=LATENT_CHANNELS,
        mid_channels=32,
        num_blocks_per_stage=1,
        dims=3,
        spatial_upsample=True,
        temporal_upsample=False,
    )
