"""How much slower a metric may be: limit = max(baseline x (1 + tolerance), baseline + pad).

A metric is named by its place in a baseline file, such as "stages_ms.DenoisingStage". The tolerances are the
file's, the pads are those of sglang's performance test.
"""

from dataclasses import dataclass
from typing import Final, Literal

from ratchet_bot.data.baselines import END_TO_END, PSEUDO_STAGES, Tolerances
from ratchet_bot.data.defaults import MIN_IMPROVEMENT, Policy
from ratchet_bot.judging.metrics import (
    DECODING_PAD_MS,
    DECODING_TOLERANCE,
    FIRST_STEP_PAD_MS,
    FIRST_STEP_TOLERANCE,
    SGLANG_DENOISING_STAGE,
    STAGE_PAD_MS,
    TOP_LEVEL_PAD_MS,
    VIDEO_STEP_PAD_MS,
    is_decoding_stage,
    is_denoising_stage,
    stage_of,
    step_of,
)

EXACT_DECIMALS: Final = 9
"""Decimals kept of a computed ratio or difference: from 10.20 to 9.69 ms is 5 %, which binary misses."""


@dataclass(frozen=True)
class Limit:
    """The most that a metric may take."""

    ms: float
    binds: Literal["tolerance", "pad"]
    """Which of the two made it."""


def limit(
    field: str, baseline_ms: float, tolerances: Tolerances, *, video: bool, policy: Policy = "ratchet"
) -> Limit:
    """Return the limit of a metric.

    Args:
        field: Its place in a baseline file.
        baseline_ms: Its baseline in milliseconds.
        tolerances: Those of the profile in use.
        video: Whether the output has frames: a step of a video is allowed a larger pad.
        policy: By whose rule: sglang's tolerance of denoising stages is for the stage of just that name.
    """
    tolerance, pad_ms = _allowance(field, tolerances, video=video, policy=policy)
    by_tolerance, by_pad = baseline_ms * (1 + tolerance), baseline_ms + pad_ms
    return Limit(by_tolerance, "tolerance") if by_tolerance >= by_pad else Limit(by_pad, "pad")


def has_improved(change_ratio: float | None, least: float = MIN_IMPROVEMENT) -> bool:
    """Return whether a relative change is a fall by at least this fraction, whatever binary fractions say."""
    return change_ratio is not None and change_ratio < 0 and round(-change_ratio, EXACT_DECIMALS) >= least


def _allowance(field: str, tolerances: Tolerances, *, video: bool, policy: Policy) -> tuple[float, float]:
    """Return (fraction of the baseline, milliseconds)."""
    stage, step = stage_of(field), step_of(field)
    if stage is not None:
        return _stage_allowance(stage, tolerances, policy)
    if step == "0":
        return FIRST_STEP_TOLERANCE, FIRST_STEP_PAD_MS
    if step is not None:
        return tolerances.denoise_step, VIDEO_STEP_PAD_MS if video else TOP_LEVEL_PAD_MS
    return tolerances.e2e if field == END_TO_END else tolerances.denoise_agg, TOP_LEVEL_PAD_MS


def _stage_allowance(name: str, tolerances: Tolerances, policy: Policy) -> tuple[float, float]:
    if name in PSEUDO_STAGES:
        return tolerances.denoise_stage, TOP_LEVEL_PAD_MS
    if name == SGLANG_DENOISING_STAGE if policy == "sglang" else is_denoising_stage(name):
        return tolerances.denoise_stage, STAGE_PAD_MS
    if is_decoding_stage(name):
        return max(DECODING_TOLERANCE, tolerances.non_denoise_stage), DECODING_PAD_MS
    return tolerances.non_denoise_stage, STAGE_PAD_MS
