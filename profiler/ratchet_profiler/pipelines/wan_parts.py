"""The networks of Wan, with random weights."""

from typing import Final

from diffusers import AutoencoderKLWan, WanTransformer3DModel

from ratchet_profiler.pipelines.tiny_parts import TEXT_DIM

PROMPT_TOKENS: Final = 48
"""Tokens of the prompt. Chosen: as many as a 64x64 video of 9 frames has."""
NEGATIVE_PROMPT: Final = "blurry"
SHIFT: Final = 7.0
"""How far the schedule is shifted to high noise. Source: Wan 2.1's and 2.2's own examples use 5 to 12."""
LATENT_CHANNELS: Final = 16


def transformer(*, heads: int, head_dim: int, feed_forward_dim: int, layers: int) -> WanTransformer3DModel:
    """Return a denoiser of `heads` x `head_dim` channels."""
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=heads,
        attention_head_dim=head_dim,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        text_dim=TEXT_DIM,
        freq_dim=256,
        ffn_dim=feed_forward_dim,
        num_layers=layers,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
    )


def mini_transformer() -> WanTransformer3DModel:
    """Return a denoiser of 0.2 million parameters, chosen for a few milliseconds a pass of 48 tokens."""
    return transformer(heads=4, head_dim=16, feed_forward_dim=256, layers=2)


def vae() -> AutoencoderKLWan:
    """Return the autoencoder: 8 times smaller on each side, 4 times in time."""
    return AutoencoderKLWan(
        base_dim=3,
        z_dim=LATENT_CHANNELS,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )
