"""Text to video by LTX-Video and, with sound, by LTX-2: in one stage, or in two with an upsampler between."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from diffusers import (
    AutoencoderKLLTX2Audio,
    AutoencoderKLLTX2Video,
    AutoencoderKLLTXVideo,
    FlowMatchEulerDiscreteScheduler,
    LTX2LatentUpsamplePipeline,
    LTX2Pipeline,
    LTX2VideoTransformer3DModel,
    LTXConditionPipeline,
    LTXLatentUpsamplePipeline,
    LTXVideoTransformer3DModel,
)
from diffusers.pipelines.ltx.modeling_latent_upsampler import LTXLatentUpsamplerModel
from diffusers.pipelines.ltx2.connectors import LTX2TextConnectors
from diffusers.pipelines.ltx2.latent_upsampler import LTX2LatentUpsamplerModel
from diffusers.pipelines.ltx2.utils import DISTILLED_SIGMA_VALUES, STAGE_2_DISTILLED_SIGMA_VALUES
from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder

from ratchet_profiler.scenarios import BuiltinScenario
from ratchet_profiler.sources.builtin.text_encoders import (
    GEMMA_HIDDEN,
    GEMMA_LAYERS,
    NEGATIVE_PROMPT,
    PROMPT_TOKENS,
    TEXT_DIM,
    gemma3,
    t5_encoder,
    tokenizer,
)

LTX_LATENT_CHANNELS: Final = 8
LTX_HEADS: Final = 4
LTX_HEAD_DIM: Final = 16
LTX_LAYERS: Final = 1
"""With the heads: 0.1 million parameters, chosen for about 10 ms a step on one CPU core."""
DENOISE_STRENGTH: Final = 0.5
"""Share of the schedule that the refinement goes through: from twice as many steps, the second half."""

FRAME_RATE: Final = 25.0
"""Frames a second: how long the sound is."""
LATENT_CHANNELS: Final = 4
SAMPLE_RATE: Final = 16_000
"""Samples a second of the sound."""
MEL_BINS: Final = 8
HEADS: Final = 4
HEAD_DIM: Final = 32
AUDIO_HEADS: Final = 2
AUDIO_HEAD_DIM: Final = 8
ONE_STAGE_LAYERS: Final = 1
"""Chosen for about 40 ms a step on one CPU core, which is three forward passes: with both prompts, with
attention perturbed, and without the other modality."""
TWO_STAGE_LAYERS: Final = 4
"""Chosen for about 40 ms a step of the first stage, 110 ms of the second, on one CPU core."""
LTX2_ARGUMENTS: Final = {
    "negative_prompt": NEGATIVE_PROMPT,
    "frame_rate": FRAME_RATE,
    # In which of the layers attention is perturbed.
    "spatio_temporal_guidance_blocks": [0],
    "max_sequence_length": PROMPT_TOKENS,
}
LTX2_TWO_STAGE_ARGUMENTS: Final = {
    "frame_rate": FRAME_RATE,
    "max_sequence_length": PROMPT_TOKENS,
    # Distilled models need no guidance; the pipeline's defaults make three forward passes a step.
    "guidance_scale": 1.0,
    "stg_scale": 0.0,
    "modality_scale": 1.0,
    "audio_guidance_scale": 1.0,
    "audio_stg_scale": 0.0,
    "audio_modality_scale": 1.0,
}


@dataclass(frozen=True)
class TwoStages:
    """A pipeline that is called twice, and the one that upsamples latents in between."""

    pipe: Any
    upsample: Any
    arguments: Mapping[str, Any]
    """What both calls are given."""
    first: Mapping[str, Any]
    """What the first call is given besides."""
    refinement: Callable[[Any], Mapping[str, Any]]
    """What the second call is given besides, from the output of the first."""


def ltx_two_stage(scenario: BuiltinScenario) -> TwoStages:
    """Return an LTX-Video: steps at half the size, then steps that refine the larger video."""
    pipe = LTXConditionPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=_video_vae(AutoencoderKLLTXVideo, LTX_LATENT_CHANNELS, (True, True, False, False)),
        text_encoder=t5_encoder(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=LTXVideoTransformer3DModel(
            in_channels=LTX_LATENT_CHANNELS,
            out_channels=LTX_LATENT_CHANNELS,
            patch_size=1,
            patch_size_t=1,
            num_attention_heads=LTX_HEADS,
            attention_head_dim=LTX_HEAD_DIM,
            cross_attention_dim=LTX_HEADS * LTX_HEAD_DIM,
            num_layers=LTX_LAYERS,
            caption_channels=TEXT_DIM,
        ),
    )
    upsampler = LTXLatentUpsamplerModel(
        in_channels=LTX_LATENT_CHANNELS,
        mid_channels=32,
        num_blocks_per_stage=1,
        dims=3,
        spatial_upsample=True,
        temporal_upsample=False,
    )
    refinement = {
        "denoise_strength": DENOISE_STRENGTH,
        "num_inference_steps": round((scenario.refinement_steps or 0) / DENOISE_STRENGTH),
    }
    return TwoStages(
        pipe=pipe,
        upsample=LTXLatentUpsamplePipeline(vae=pipe.vae, latent_upsampler=upsampler),
        arguments={"negative_prompt": NEGATIVE_PROMPT, "max_sequence_length": PROMPT_TOKENS},
        first={"num_inference_steps": scenario.steps},
        refinement=lambda _first: refinement,
    )


def ltx2() -> LTX2Pipeline:
    """Return an LTX-2 for one stage, with the guidance that the pipeline has by default."""
    return _ltx2(ONE_STAGE_LAYERS)


def ltx2_two_stage(scenario: BuiltinScenario) -> TwoStages:
    """Return an LTX-2: distilled steps, then refinement steps of the larger video; the sound goes on.

    Raises:
        ValueError: the scenario has more steps than the distilled schedules.
    """
    first_sigmas = _sigmas("steps", scenario.steps, DISTILLED_SIGMA_VALUES)
    refinement_sigmas = _sigmas(
        "refinement_steps", scenario.refinement_steps or 0, STAGE_2_DISTILLED_SIGMA_VALUES
    )
    pipe = _ltx2(TWO_STAGE_LAYERS)
    upsampler = LTX2LatentUpsamplerModel(
        in_channels=LATENT_CHANNELS, mid_channels=32, num_blocks_per_stage=1, use_rational_resampler=False
    )
    return TwoStages(
        pipe=pipe,
        upsample=LTX2LatentUpsamplePipeline(vae=pipe.vae, latent_upsampler=upsampler),
        arguments=LTX2_TWO_STAGE_ARGUMENTS,
        first={"num_inference_steps": len(first_sigmas), "sigmas": first_sigmas},
        refinement=lambda first: {
            "audio_latents": first.audio,
            "noise_scale": refinement_sigmas[0],
            "num_inference_steps": len(refinement_sigmas),
            "sigmas": refinement_sigmas,
        },
    )


def _sigmas(key: str, steps: int, schedule: Sequence[float]) -> list[float]:
    if steps > len(schedule):
        raise ValueError(f"{key} = {steps}: the distilled schedule of LTX-2 has {len(schedule)} steps")
    return list(schedule[:steps])


def _ltx2(layers: int) -> LTX2Pipeline:
    """Return the pipeline, with so many layers in its denoiser."""
    return LTX2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=_video_vae(
            AutoencoderKLLTX2Video, LATENT_CHANNELS, (True, True), downsample_type=("spatiotemporal",) * 2
        ),
        audio_vae=_audio_vae(),
        text_encoder=gemma3(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        connectors=_connectors(),
        transformer=_ltx2_transformer(layers),
        vocoder=_vocoder(),
    )


def _ltx2_transformer(layers: int) -> LTX2VideoTransformer3DModel:
    """Return the denoiser of video and sound."""
    return LTX2VideoTransformer3DModel(
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        patch_size=1,
        patch_size_t=1,
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_DIM,
        cross_attention_dim=HEADS * HEAD_DIM,
        audio_in_channels=4,
        audio_out_channels=4,
        audio_num_attention_heads=AUDIO_HEADS,
        audio_attention_head_dim=AUDIO_HEAD_DIM,
        audio_cross_attention_dim=AUDIO_HEADS * AUDIO_HEAD_DIM,
        num_layers=layers,
        caption_channels=GEMMA_HIDDEN,
        rope_double_precision=False,
        rope_type="split",
    )


def _connectors() -> LTX2TextConnectors:
    """Return what turns the text encoder's layers into conditions for video and sound."""
    return LTX2TextConnectors(
        caption_channels=GEMMA_HIDDEN,
        text_proj_in_factor=GEMMA_LAYERS + 1,
        video_connector_num_attention_heads=4,
        video_connector_attention_head_dim=4,
        video_connector_num_layers=1,
        video_connector_num_learnable_registers=None,
        audio_connector_num_attention_heads=4,
        audio_connector_attention_head_dim=4,
        audio_connector_num_layers=1,
        audio_connector_num_learnable_registers=None,
        connector_rope_base_seq_len=32,
        rope_double_precision=False,
        rope_type="split",
    )


def _video_vae(kind: Any, latent_channels: int, scaling: tuple[bool, ...], **own: object) -> Any:  # noqa: ANN401 - diffusers has no types
    """Return an autoencoder of the video; each level with `scaling` halves the sides and the frames."""
    levels = len(scaling)
    vae = kind(
        in_channels=3,
        out_channels=3,
        latent_channels=latent_channels,
        block_out_channels=(8,) * levels,
        decoder_block_out_channels=(8,) * levels,
        layers_per_block=(1,) * (levels + 1),
        decoder_layers_per_block=(1,) * (levels + 1),
        spatio_temporal_scaling=scaling,
        decoder_spatio_temporal_scaling=scaling,
        decoder_inject_noise=(False,) * (levels + 1),
        upsample_residual=(False,) * levels,
        upsample_factor=(1,) * levels,
        timestep_conditioning=False,
        patch_size=1,
        patch_size_t=1,
        encoder_causal=True,
        decoder_causal=False,
        **own,
    )
    # The frames fit at once: cut into pieces, the tiny decoder would repeat itself.
    vae.use_framewise_encoding = False
    vae.use_framewise_decoding = False
    return vae


def _audio_vae() -> AutoencoderKLLTX2Audio:
    """Return the autoencoder of the sound's mel spectrogram."""
    return AutoencoderKLLTX2Audio(
        base_channels=4,
        output_channels=2,
        ch_mult=(1,),
        num_res_blocks=1,
        attn_resolutions=None,
        in_channels=2,
        resolution=32,
        latent_channels=2,
        norm_type="pixel",
        causality_axis="height",
        mid_block_add_attention=False,
        sample_rate=SAMPLE_RATE,
        mel_hop_length=160,
        mel_bins=MEL_BINS,
    )


def _vocoder() -> LTX2Vocoder:
    """Return what turns the mel spectrogram into two channels of sound."""
    return LTX2Vocoder(
        in_channels=2 * MEL_BINS,
        hidden_channels=32,
        out_channels=2,
        upsample_kernel_sizes=[4, 4],
        upsample_factors=[2, 2],
        resnet_kernel_sizes=[3],
        resnet_dilations=[[1, 3, 5]],
        output_sampling_rate=SAMPLE_RATE,
    )
