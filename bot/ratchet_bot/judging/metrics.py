"""The metrics of a scenario: their names in a baseline file, what they are made of, and which of them gate.

A metric is named by its place in a baseline file, such as "expected_e2e_ms", "stages_ms.DenoisingStage" or
"denoise_step_ms.3". End to end, average and median step are the aggregates.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median
from typing import Final, NamedTuple

from ratchet_bot.data.baselines import AGGREGATES, AVERAGE_STEP, MEDIAN_STEP

DECIMALS: Final = 2
"""Digits after the point in a baseline file: sglang writes hundredths of a millisecond."""
HONEST_GAP_MS: Final = 0.011
"""Largest honest gap in milliseconds between an aggregate and its steps: both are rounded to 0.01 ms.
Evidence: 208 of 372 scenario versions are within it, and only 8 between it and 0.1 ms."""
STEP_ROUNDING_MS: Final = 0.01
"""What rounding can add per value, in milliseconds, when values are summed."""
FRAME_TIME: Final = "per_frame_generation"
"""The time per frame is listed among the stages of a video without being one: end to end over the frames."""

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


class StepStatistic(NamedTuple):
    """How an aggregate follows from the denoising steps."""

    word: str
    of: Callable[[Sequence[float]], float]


STEP_STATISTICS: Final[Mapping[str, StepStatistic]] = {
    AVERAGE_STEP: StepStatistic("mean", fmean),
    MEDIAN_STEP: StepStatistic("median", median),
}


def stage_of(field: str) -> str | None:
    """Return the stage that a metric is of, or None where it is not of a stage."""
    kind, _, name = field.partition(".")
    return name if kind == "stages_ms" else None


def step_of(field: str) -> str | None:
    """Return the index of the denoising step that a metric is of, or None where it is not of a step."""
    kind, _, index = field.partition(".")
    return index if kind == "denoise_step_ms" else None


def is_denoising_stage(name: str) -> bool:
    """Return whether a stage of this name runs denoising steps.

    Source: sglang's names. Its refinement stage denoises; `...BeforeDenoisingStage` prepares.
    """
    prepares = name.endswith("BeforeDenoisingStage")
    return (name.endswith("DenoisingStage") and not prepares) or name.endswith("RefinementStage")


def is_decoding_stage(name: str) -> bool:
    """Return whether a stage of this name decodes latents into the output."""
    return name.endswith("DecodingStage")


def denoising_total_ms(stages_ms: Mapping[str, float]) -> float:
    """Return the sum of the denoising stages, in milliseconds."""
    return sum(value for name, value in stages_ms.items() if is_denoising_stage(name))


def is_top_level(field: str) -> bool:
    """Return whether a new baseline may hardly raise a metric: an aggregate, or a denoising stage."""
    stage = stage_of(field)
    return field in AGGREGATES or (stage is not None and is_denoising_stage(stage))


def gates(field: str) -> bool:
    """Return whether a metric gates: end to end, average, median, denoising stages and decoding do."""
    stage = stage_of(field)
    return is_top_level(field) or (stage is not None and is_decoding_stage(stage))


def is_slower_decoding(field: str, old_ms: float, new_ms: float) -> bool:
    """Return whether a decoding stage takes more than any file's limit for it allows: 90 % and 450 ms more.

    As a measurement that is a regression, so it is not a new baseline either.
    """
    stage = stage_of(field)
    most_ms = max(old_ms * (1 + DECODING_TOLERANCE), old_ms + DECODING_PAD_MS)
    return stage is not None and is_decoding_stage(stage) and new_ms > most_ms
