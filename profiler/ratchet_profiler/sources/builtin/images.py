"""Text to image: FLUX, Qwen-Image, and a latent consistency model."""

from typing import Final

from diffusers import (
    AutoencoderKL,
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    UNet2DConditionModel,
)

from ratchet_profiler.sources.builtin.text_encoders import (
    CLIP_POSITIONS,
    NEGATIVE_PROMPT,
    PROMPT_TOKENS,
    QWEN_HIDDEN,
    TEXT_DIM,
    clip_encoder,
    qwen2_5_vl,
    t5_encoder,
    tokenizer,
)

FLUX_HEADS: Final = 4
FLUX_HEAD_DIM: Final = 64
FLUX_DOUBLE_BLOCKS: Final = 2
FLUX_SINGLE_BLOCKS: Final = 4
"""With the heads: 9 million parameters, chosen for about 80 ms a step of 256 tokens on one CPU core."""
FLUX_ARGUMENTS: Final = {"max_sequence_length": PROMPT_TOKENS}

QWEN_IMAGE_LATENT_CHANNELS: Final = 4
QWEN_IMAGE_HEADS: Final = 4
QWEN_IMAGE_HEAD_DIM: Final = 32
QWEN_IMAGE_LAYERS: Final = 2
"""With the heads: 1.3 million parameters, chosen for about 20 ms a step of a 64x64 image on one CPU core."""
QWEN_IMAGE_ARGUMENTS: Final = {
    "negative_prompt": NEGATIVE_PROMPT,
    # The pipeline's own default; above 1 each step passes the prompt and the negative prompt.
    "true_cfg_scale": 4.0,
    "max_sequence_length": PROMPT_TOKENS,
}

LCM_CHANNELS: Final = (16, 32)
"""Of the UNet's two levels: 0.25 million parameters, chosen for about 30 ms a step on one CPU core."""
LCM_GUIDANCE_DIM: Final = 32
"""Width of the guidance embedding: guidance is distilled into the network."""


def flux() -> FluxPipeline:
    """Return a FLUX: guidance is distilled, one forward pass a step."""
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=_kl_vae(
            (4, 4),
            latent_channels=1,
            norm_num_groups=1,
            use_quant_conv=False,
            use_post_quant_conv=False,
            shift_factor=0.0609,
            scaling_factor=1.5035,
        ),
        text_encoder=clip_encoder(),
        tokenizer=tokenizer(CLIP_POSITIONS),
        text_encoder_2=t5_encoder(),
        tokenizer_2=tokenizer(PROMPT_TOKENS),
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=4,
            num_layers=FLUX_DOUBLE_BLOCKS,
            num_single_layers=FLUX_SINGLE_BLOCKS,
            num_attention_heads=FLUX_HEADS,
            attention_head_dim=FLUX_HEAD_DIM,
            joint_attention_dim=TEXT_DIM,
            pooled_projection_dim=TEXT_DIM,
            axes_dims_rope=[FLUX_HEAD_DIM // 4, FLUX_HEAD_DIM // 4, FLUX_HEAD_DIM // 2],
        ),
    )


def qwen_image() -> QwenImagePipeline:
    """Return a Qwen-Image: true classifier-free guidance, two forward passes a step."""
    pipe = QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=QWEN_IMAGE_LATENT_CHANNELS,
            dim_mult=[1, 2, 4],
            num_res_blocks=1,
            temperal_downsample=[False, True],
            latents_mean=[0.0] * QWEN_IMAGE_LATENT_CHANNELS,
            latents_std=[1.0] * QWEN_IMAGE_LATENT_CHANNELS,
        ),
        text_encoder=qwen2_5_vl(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=4 * QWEN_IMAGE_LATENT_CHANNELS,
            out_channels=QWEN_IMAGE_LATENT_CHANNELS,
            num_layers=QWEN_IMAGE_LAYERS,
            attention_head_dim=QWEN_IMAGE_HEAD_DIM,
            num_attention_heads=QWEN_IMAGE_HEADS,
            joint_attention_dim=QWEN_HIDDEN,
            axes_dims_rope=(QWEN_IMAGE_HEAD_DIM // 4, QWEN_IMAGE_HEAD_DIM // 4, QWEN_IMAGE_HEAD_DIM // 2),
        ),
    )
    # The prompt as it is: the pipeline's own template has 34 tokens of Qwen's tokenizer to cut away.
    pipe.prompt_template_encode = "{}"
    pipe.prompt_template_encode_start_idx = 0
    return pipe


def lcm() -> LatentConsistencyModelPipeline:
    """Return a latent consistency model: a few steps of one forward pass, with a UNet."""
    return LatentConsistencyModelPipeline(
        vae=_kl_vae((4, 8), latent_channels=4, norm_num_groups=2),
        text_encoder=clip_encoder(),
        tokenizer=tokenizer(CLIP_POSITIONS),
        unet=UNet2DConditionModel(
            block_out_channels=LCM_CHANNELS,
            layers_per_block=1,
            norm_num_groups=8,
            sample_size=32,
            in_channels=4,
            out_channels=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=TEXT_DIM,
            time_cond_proj_dim=LCM_GUIDANCE_DIM,
        ),
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


def _kl_vae(channels: tuple[int, int], **latents: float) -> AutoencoderKL:
    """Return an autoencoder of two levels: 2 times smaller on each side."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=channels,
        layers_per_block=1,
        **latents,
    )
