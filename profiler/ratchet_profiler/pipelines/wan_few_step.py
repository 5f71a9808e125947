"""Wan, distilled: few steps on a schedule for consistency models, no guidance, one forward pass each."""

from dataclasses import replace
from typing import Final

import torch
from diffusers import FlowMatchLCMScheduler, WanPipeline

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.prompted import prompted
from ratchet_profiler.pipelines.tiny_parts import WEIGHTS_SEED, tokenizer, umt5_encoder
from ratchet_profiler.pipelines.wan_parts import PROMPT_TOKENS, mini_transformer, vae
from ratchet_profiler.scenarios import BuiltinScenario
from ratchet_profiler.stages import RequestProfiler

SHIFT: Final = 8.0
"""How far the schedule is shifted to high noise. Source: FastWan's DMD schedule."""
NO_GUIDANCE: Final = 1.0


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return a distilled Wan with random weights on `device`."""
    workload = prompted(
        _pipeline(),
        scenario,
        device,
        num_frames=scenario.frames,
        guidance_scale=NO_GUIDANCE,
        max_sequence_length=PROMPT_TOKENS,
    )

    def request(profiler: RequestProfiler) -> object:
        # The schedule adds noise anew in every step, and the pipeline hands it no generator.
        torch.manual_seed(scenario.seed)
        return workload.request(profiler)

    return replace(workload, request=request)


def _pipeline() -> WanPipeline:
    torch.manual_seed(WEIGHTS_SEED)
    return WanPipeline(
        scheduler=FlowMatchLCMScheduler(shift=SHIFT),
        vae=vae(),
        text_encoder=umt5_encoder(),
        tokenizer=tokenizer(PROMPT_TOKENS),
        transformer=mini_transformer(),
    )
