"""Text to video: Wan in three ways of denoising, and HunyuanVideo."""

from collections.abc import Mapping
from typing import Final

from diffusers import (
    AutoencoderKLHunyuanVideo,
    AutoencoderKLWan,
    FlowMatchEulerDiscreteScheduler,
    FlowMatchLCMScheduler,
    HunyuanVideoPipeline,
    HunyuanVideoTransformer3DModel,
    WanPipeline,
    WanTransformer3DModel,
)

from ratchet_profiler.sources.builtin.text_encoders import (
    CLIP_POSITIONS,
    LLAMA_HIDDEN,
    NEGATIVE_PROMPT,
    PROMPT_TOKENS,
    TEXT_DIM,
    clip_encoder,
    llama,
    tokenizer,
    umt5_encoder,
)

SHIFT: Final = 7.0
"""How far the schedule is shifted to high noise. Source: Wan's own examples use 5 to 12, HunyuanVideo's
scheduler_config.json has 7."""
FEW_STEP_SHIFT: Final = 8.0
"""The same for few steps. Source: FastWan's DMD schedule."""

WAN_LATENT_CHANNELS: Final = 16
WAN_BOUNDARY_RATIO: Final = 0.875
"""Share of the noise schedule below which the second expert runs.

Source: model_index.json of Wan2.2-T2V-A14B.
"""
WAN_SHAPE: Final = {"num_attention_heads": 12, "attention_head_dim": 32, "ffn_dim": 1536, "num_layers": 6}
"""16 million parameters, chosen for about 80 ms a step of 48 tokens on one CPU core."""
WAN_MINI_SHAPE: Final = {"num_attention_heads": 4, "attention_head_dim": 16, "ffn_dim": 256, "num_layers": 2}
"""0.2 million parameters, chosen for a few milliseconds a pass of 48 tokens."""
WAN_ARGUMENTS: Final = {
    "negative_prompt": NEGATIVE_PROMPT,
    # The pipeline's own default; above 1 each step passes the prompt and the negative prompt.
    "guidance_scale": 5.0,
    "max_sequence_length": PROMPT_TOKENS,
}
WAN_FEW_STEP_ARGUMENTS: Final = {
    # No guidance.
    "guidance_scale": 1.0,
    "max_sequence_length": PROMPT_TOKENS,
}
WAN_TWO_EXPERTS_ARGUMENTS: Final = {
    "negative_prompt": NEGATIVE_PROMPT,
    # Of the expert of high noise, and of the expert of low noise. Source: Wan 2.2's example in diffusers.
    "guidance_scale": 4.0,
    "guidance_scale_2": 3.0,
    "max_sequence_length": PROMPT_TOKENS,
}

HUNYUAN_LATENT_CHANNELS: Final = 4
HUNYUAN_HEADS: Final = 4
HUNYUAN_HEAD_DIM: Final = 20
HUNYUAN_LAYERS: Final = 1
"""With the heads: 0.5 million parameters, chosen for about 10 ms a step of a 32x32 video on one CPU core."""
HUNYUAN_VIDEO_ARGUMENTS: Final = {
    # The prompt as it is: the pipeline's own template has 95 tokens of Llama's tokenizer to cut away.
    "prompt_template": {"template": "{}", "crop_start": 0},
    "max_sequence_length": PROMPT_TOKENS,
}


def wan() -> WanPipeline:
    """Return a Wan: one denoising stage with classifier-free guidance, two forward passes a step."""
    return _wan(FlowMatchEulerDiscreteScheduler(shift=SHIFT), WAN_SHAPE)


def wan_few_step() -> WanPipeline:
    """Return a distilled Wan: few steps on a schedule for consistency models, one forward pass each."""
    return _wan(FlowMatchLCMScheduler(shift=FEW_STEP_SHIFT), WAN_MINI_SHAPE)


def wan_two_experts() -> WanPipeline:
    """Return a Wan 2.2: one expert for the steps of high noise, one for those of low noise."""
    return _wan(FlowMatchEulerDiscreteScheduler(shift=SHIFT), WAN_MINI_SHAPE, boundary=WAN_BOUNDARY_RATIO)


def hunyuan_video() -> HunyuanVideoPipeline:
    """Return a HunyuanVideo: its guidance is distilled, one forward pass a step."""
    return HunyuanVideoPipeline(
        text_encoder=llama(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=HunyuanVideoTransformer3DModel(
            in_channels=HUNYUAN_LATENT_CHANNELS,
            out_channels=HUNYUAN_LATENT_CHANNELS,
            num_attention_heads=HUNYUAN_HEADS,
            attention_head_dim=HUNYUAN_HEAD_DIM,
            num_layers=HUNYUAN_LAYERS,
            num_single_layers=HUNYUAN_LAYERS,
            num_refiner_layers=1,
            patch_size=1,
            patch_size_t=1,
            guidance_embeds=True,
            text_embed_dim=LLAMA_HIDDEN,
            pooled_projection_dim=TEXT_DIM,
            rope_axes_dim=(HUNYUAN_HEAD_DIM // 5, 2 * HUNYUAN_HEAD_DIM // 5, 2 * HUNYUAN_HEAD_DIM // 5),
        ),
        vae=AutoencoderKLHunyuanVideo(
            in_channels=3,
            out_channels=3,
            latent_channels=HUNYUAN_LATENT_CHANNELS,
            block_out_channels=(4, 4, 4, 4),
            layers_per_block=1,
            norm_num_groups=4,
            spatial_compression_ratio=8,
            temporal_compression_ratio=4,
            mid_block_add_attention=True,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=SHIFT),
        text_encoder_2=clip_encoder(),
        tokenizer_2=tokenizer(CLIP_POSITIONS),
    )


def _wan(scheduler: object, shape: Mapping[str, int], boundary: float | None = None) -> WanPipeline:
    """Return a Wan with one denoiser of this shape, or with two where a `boundary` parts their steps."""
    return WanPipeline(
        scheduler=scheduler,
        vae=AutoencoderKLWan(  # 8 times smaller on each side, 4 times in time
            base_dim=3,
            z_dim=WAN_LATENT_CHANNELS,
            dim_mult=[1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
        text_encoder=umt5_encoder(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=_wan_transformer(shape),
        transformer_2=None if boundary is None else _wan_transformer(shape),
        boundary_ratio=boundary,
    )


def _wan_transformer(shape: Mapping[str, int]) -> WanTransformer3DModel:
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        in_channels=WAN_LATENT_CHANNELS,
        out_channels=WAN_LATENT_CHANNELS,
        text_dim=TEXT_DIM,
        freq_dim=256,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
        **shape,
    )
