"""How much slower a metric may be: limit = max(baseline x (1 + tolerance), baseline + pad).

A metric is named by its place in a baseline file, such as "stages_ms.DenoisingStage". The tolerances are the
file's, the pads are those of sglang's performance test.
"""

from dataclasses import dataclass
from typing import Final, Literal

from ratchet_bot.data.baselines import END_TO_END, PSEUDO_STAGES, Tolerances
from ratchet_bot.data.terms import MIN_IMPROVEMENT, Policy
from ratchet_bot.judging.metrics import is_decoding_stage, is_denoising_stage, stage_of, step_of

EXACT_DECIMALS: Final = 9
"""Decimals kept of a computed ratio or difference: from 10.20 to 9.69 ms is 5 %, which binary misses."""
TOP_LEVEL_PAD_MS: Final = 20.0
"""Smallest slowdown that counts, in milliseconds: end to end, average, median, and a sampled step."""
FIRST_STEP_PAD_MS: Final = 80.0
FIRST_STEP_TOLERANCE: Final = 4.0
"""Step 0 pays for warm-up and meets an empty launch queue: five times its baseline is allowed."""
VIDEO_STEP_PAD_MS: Final = 160.0
STAGE_PAD_MS: Final = 120.0
DECODING_PAD_MS: Final = 450.0
DECODING_TOLERANCE: Final = 0.9
"""Least tolerance of a decoding stage: it also waits for what the denoising loop left in the queue."""
SGLANG_DENOISING_STAGE: Final = "DenoisingStage"
"""The one stage to which sglang's test applies the tolerance of denoising stages."""


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


def is_slower_decoding(field: str, old_ms: float, new_ms: float) -> bool:
    """Return whether a decoding stage takes more than any file's limit for it allows: 90 % and 450 ms more.

    As a measurement that is a regression, so it is no new baseline either.
    """
    stage = stage_of(field)
    most_ms = max(old_ms * (1 + DECODING_TOLERANCE), old_ms + DECODING_PAD_MS)
    return stage is not None and is_decoding_stage(stage) and new_ms > most_ms


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
