"""Denoisers at their real size with random weights: what a step costs depends on shapes, not on values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import torch
from diffusers import FluxTransformer2DModel, QwenImageTransformer2DModel, WanTransformer3DModel
from torch.utils.flop_counter import FlopCounterMode

SEED: Final = 0
"""Seed of weights and inputs."""

Inputs = Callable[[torch.device, torch.dtype], Mapping[str, Any]]


@dataclass(frozen=True)
class Model:
    """A denoiser and what one forward pass of it is given."""

    name: str
    make: Callable[[], torch.nn.Module]
    inputs: Inputs
    forwards: int
    """Forward passes a step: two with classifier-free guidance."""


@dataclass(frozen=True)
class Cost:
    """What a model costs by its shapes alone."""

    parameters: int
    forward_flop: int
    """Floating-point operations of one forward pass; a multiplication and an addition are two."""


def real_models() -> tuple[Model, ...]:
    """Return FLUX.1-dev and Qwen-Image for 1024x1024 pixels, and Wan 2.1 1.3B for 832x480 and 81 frames."""
    return (
        Model(
            "FLUX.1-dev 1024x1024",
            partial(FluxTransformer2DModel, guidance_embeds=True),
            partial(_flux_inputs, tokens=64 * 64, text_tokens=512, text_width=4096, pooled_width=768),
            forwards=1,
        ),
        Model(
            "Wan2.1-T2V-1.3B 832x480x81",
            partial(
                WanTransformer3DModel,
                num_attention_heads=12,
                attention_head_dim=128,
                ffn_dim=8960,
                num_layers=30,
            ),
            partial(_wan_inputs, latents=(21, 60, 104), text_tokens=512, text_width=4096),
            forwards=2,
        ),
        Model(
            "Qwen-Image 1024x1024",
            QwenImageTransformer2DModel,
            partial(_qwen_inputs, side=64, text_tokens=64, text_width=3584),
            forwards=2,
        ),
    )


def tiny_models() -> tuple[Model, ...]:
    """Return the same three, so small that a CPU runs a step in milliseconds."""
    return (
        Model(
            "FLUX tiny",
            partial(
                FluxTransformer2DModel,
                num_layers=1,
                num_single_layers=1,
                num_attention_heads=2,
                attention_head_dim=16,
                joint_attention_dim=32,
                pooled_projection_dim=32,
                axes_dims_rope=(4, 4, 8),
                guidance_embeds=True,
            ),
            partial(_flux_inputs, tokens=16, text_tokens=8, text_width=32, pooled_width=32),
            forwards=1,
        ),
        Model(
            "Wan tiny",
            partial(
                WanTransformer3DModel,
                num_attention_heads=2,
                attention_head_dim=12,
                text_dim=32,
                freq_dim=32,
                ffn_dim=32,
                num_layers=1,
            ),
            partial(_wan_inputs, latents=(2, 4, 4), text_tokens=8, text_width=32),
            forwards=2,
        ),
        Model(
            "Qwen-Image tiny",
            partial(
                QwenImageTransformer2DModel,
                num_layers=1,
                num_attention_heads=2,
                attention_head_dim=16,
                joint_attention_dim=32,
                axes_dims_rope=(8, 4, 4),
            ),
            partial(_qwen_inputs, side=4, text_tokens=8, text_width=32),
            forwards=2,
        ),
    )


def built(model: Model, device: str, dtype: torch.dtype) -> torch.nn.Module:
    """Return the model on a device, with random weights that were never anywhere else.

    Built there in its final type, as diffusers does it: twice the memory of FLUX would fit on no device, and
    tables that are made with the model are real.
    """
    default = torch.get_default_dtype()
    torch.manual_seed(SEED)
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return model.make().eval()
    finally:
        torch.set_default_dtype(default)


def cost(model: Model) -> Cost:
    """Return what the model costs, counted on the meta device: no weights, no memory, any machine."""
    module = built(model, "meta", torch.bfloat16)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(**model.inputs(torch.device("meta"), torch.bfloat16))
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return Cost(parameters, counter.get_total_flops())


def _flux_inputs(
    device: torch.device,
    dtype: torch.dtype,
    *,
    tokens: int,
    text_tokens: int,
    text_width: int,
    pooled_width: int,
) -> Mapping[str, Any]:
    noise = partial(torch.randn, device=device, dtype=dtype)
    return {
        "hidden_states": noise(1, tokens, 64),
        "encoder_hidden_states": noise(1, text_tokens, text_width),
        "pooled_projections": noise(1, pooled_width),
        "timestep": torch.full((1,), 0.5, device=device, dtype=dtype),
        "guidance": torch.full((1,), 3.5, device=device),
        "img_ids": torch.zeros(tokens, 3, device=device, dtype=dtype),
        "txt_ids": torch.zeros(text_tokens, 3, device=device, dtype=dtype),
        "return_dict": False,
    }


def _wan_inputs(
    device: torch.device,
    dtype: torch.dtype,
    *,
    latents: tuple[int, int, int],
    text_tokens: int,
    text_width: int,
) -> Mapping[str, Any]:
    noise = partial(torch.randn, device=device, dtype=dtype)
    return {
        "hidden_states": noise(1, 16, *latents),
        "timestep": torch.full((1,), 500, device=device),
        "encoder_hidden_states": noise(1, text_tokens, text_width),
        "return_dict": False,
    }


def _qwen_inputs(
    device: torch.device, dtype: torch.dtype, *, side: int, text_tokens: int, text_width: int
) -> Mapping[str, Any]:
    noise = partial(torch.randn, device=device, dtype=dtype)
    return {
        "hidden_states": noise(1, side * side, 64),
        "encoder_hidden_states": noise(1, text_tokens, text_width),
        "encoder_hidden_states_mask": None,
        "timestep": torch.full((1,), 0.5, device=device, dtype=dtype),
        "img_shapes": [(1, side, side)],
        "return_dict": False,
    }
