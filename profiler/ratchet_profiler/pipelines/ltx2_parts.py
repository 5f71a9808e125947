"""The networks of LTX-2, tiny and with random weights: video and sound are denoised by one transformer."""

from typing import Final

from diffusers import (
    AutoencoderKLLTX2Audio,
    AutoencoderKLLTX2Video,
    FlowMatchEulerDiscreteScheduler,
    LTX2Pipeline,
    LTX2VideoTransformer3DModel,
)
from diffusers.pipelines.ltx2.connectors import LTX2TextConnectors
from diffusers.pipelines.ltx2.latent_upsampler import LTX2LatentUpsamplerModel
from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder

from ratchet_profiler.pipelines.tiny_parts import GEMMA_HIDDEN, GEMMA_LAYERS, gemma3, tokenizer

PROMPT_TOKENS: Final = 48
"""Tokens of the prompt."""
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


def pipeline(layers: int) -> LTX2Pipeline:
    """Return the pipeline, with so many layers in its denoiser."""
    return LTX2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=video_vae(),
        audio_vae=audio_vae(),
        text_encoder=gemma3(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        connectors=connectors(),
        transformer=transformer(layers),
        vocoder=vocoder(),
    )


def transformer(layers: int) -> LTX2VideoTransformer3DModel:
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


def connectors() -> LTX2TextConnectors:
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


def video_vae() -> AutoencoderKLLTX2Video:
    """Return the autoencoder of the video: 4 times smaller on each side and in time."""
    vae = AutoencoderKLLTX2Video(
        in_channels=3,
        out_channels=3,
        latent_channels=LATENT_CHANNELS,
        block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        layers_per_block=(1, 1, 1),
        decoder_layers_per_block=(1, 1, 1),
        spatio_temporal_scaling=(True, True),
        decoder_spatio_temporal_scaling=(True, True),
        decoder_inject_noise=(False, False, False),
        downsample_type=("spatiotemporal", "spatiotemporal"),
        upsample_residual=(False, False),
        upsample_factor=(1, 1),
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


def audio_vae() -> AutoencoderKLLTX2Audio:
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


def vocoder() -> LTX2Vocoder:
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


def latent_upsampler() -> LTX2LatentUpsamplerModel:
    """Return what doubles the width and height of the latents between the stages."""
    return LTX2LatentUpsamplerModel(
        in_channels=LATENT_CHANNELS, mid_channels=32, num_blocks_per_stage=1, use_rational_resampler=False
    )
