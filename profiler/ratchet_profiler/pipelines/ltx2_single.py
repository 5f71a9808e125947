"""LTX-2: text to video with sound in one stage, with the guidance that the pipeline has by default."""

from typing import Final

import torch

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.ltx2_parts import FRAME_RATE, PROMPT_TOKENS, pipeline
from ratchet_profiler.pipelines.prompted import prompted
from ratchet_profiler.pipelines.tiny_parts import WEIGHTS_SEED
from ratchet_profiler.scenarios import BuiltinScenario

NEGATIVE_PROMPT: Final = "blurry"
LAYERS: Final = 1
"""Chosen for about 40 ms a step on one CPU core, which is three forward passes: with both prompts, with
attention perturbed, and without the other modality."""
PERTURBED_LAYERS: Final = (0,)
"""In which of the layers attention is perturbed."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return an LTX-2 with random weights on `device`."""
    torch.manual_seed(WEIGHTS_SEED)
    return prompted(
        pipeline(LAYERS),
        scenario,
        device,
        negative_prompt=NEGATIVE_PROMPT,
        num_frames=scenario.frames,
        frame_rate=FRAME_RATE,
        spatio_temporal_guidance_blocks=list(PERTURBED_LAYERS),
        max_sequence_length=PROMPT_TOKENS,
    )
