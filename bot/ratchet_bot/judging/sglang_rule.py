"""What sglang's own performance test asserts of a request, beside its limits.

The test checks one request, in this order: end to end is there and within its limit; the steps are there,
their average and median within theirs; each sampled step that has a baseline; the stages are there, and each
stage that has a baseline was measured and is within its limit; for a video with a baseline of its time per
frame, that time. The first assertion that fails ends the test: all of them decide. It knows neither audit nor
noise, neither clocks nor machines, and a run of other work fails by what is missing or slow.

Source: `PerformanceValidator` of sgl-project/sglang, `multimodal_gen/test/server/test_server_utils.py`, 2026.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ratchet_bot.data.baselines import AGGREGATES, ScenarioBaseline, is_measurement
from ratchet_bot.judging.snapshot import Snapshot

FRAME_TIME: Final = "per_frame_generation"
"""The time per frame stands among the stages of a video, and is none: end to end over the frames."""


def omissions(baseline: ScenarioBaseline, taken: Sequence[Snapshot]) -> Iterator[str]:
    """Yield what the test demands and does not find, each a clause.

    Args:
        baseline: What was expected.
        taken: The requests, at least one.
    """
    if not any(one.e2e_ms for one in taken):
        yield "end to end was not measured"
    if baseline.aggregate(AGGREGATES[1]) and not any(one.mean_step_ms for one in taken):
        yield "denoising steps were not measured"
    measured = {name for one in taken for name in one.stages_ms}
    if not measured:
        yield "no stage was measured"
    for name in baseline.stages:
        if name not in measured:
            yield f"stage {name} was not measured"


def frame_time(baseline: ScenarioBaseline) -> float | None:
    """Return the expected milliseconds per frame, or None where there are none to hold a video to."""
    value = baseline.stages_ms.get(FRAME_TIME)
    return float(value) if value and is_measurement(value) else None


def measured_frame_time(taken: Snapshot) -> float | None:
    """Return the milliseconds that a frame took, or None for an image."""
    return taken.e2e_ms / taken.frames if taken.frames else None
