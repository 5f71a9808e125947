"""The rows of one scenario: each metric that is compared, against its limit, and the verdict they make.

sglang's own performance test checks one request, in this order: end to end is there and within its limit; the
steps are there, their average and median within theirs; each sampled step that has a baseline; the stages are
there, and each stage that has a baseline was measured and is within its limit; for a video with a baseline of
its time per frame, that time. The first assertion that fails ends the test, so all of them gate. The test has
no audit and no noise, and ignores clocks and machines; a run of other work fails by what is missing or slow.

Source: `PerformanceValidator` of sgl-project/sglang, `multimodal_gen/test/server/test_server_utils.py`, 2026.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from statistics import median_low
from typing import Final

from ratchet_bot.data.baselines import (
    AGGREGATES,
    AVERAGE_STEP,
    BaselineFile,
    ScenarioBaseline,
    is_measurement,
)
from ratchet_bot.data.defaults import Policy
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.limits import has_improved, limit
from ratchet_bot.judging.metrics import FRAME_TIME, gates
from ratchet_bot.judging.noise import may_fail, noise_limit_ms, score
from ratchet_bot.judging.snapshot import Snapshot
from ratchet_bot.judging.verdicts import Row, Verdict

BEYOND_NOISE: Final = 1.0
"""The score above which a metric is slower than its noise makes it."""


def rows(
    baseline: ScenarioBaseline,
    snapshots: Sequence[Snapshot],
    file: BaselineFile,
    terms: Terms,
    history: Mapping[str, Sequence[float]],
) -> tuple[Row, ...]:
    """Return the metrics that both sides have: end to end, average, median, stages, sampled steps.

    Args:
        baseline: The expected values.
        snapshots: The requests that are judged, at least one, of one workload.
        file: Where the baseline is from: its tolerances and sampled steps.
        terms: The profile and the policy.
        history: Milliseconds of the nights before, oldest first, by place in a baseline file.
    """
    tolerances, policy = file.profile(terms.profile), terms.policy
    video = snapshots[0].frames is not None
    steps = sampled_indices(file.sampling.step_fractions, len(snapshots[0].steps_ms))
    measured = [_measured(values, policy) for values in snapshots]
    compared = []
    for field, expected in _expected(baseline, steps, policy, video=video):
        values = [fields[field] for fields in measured if field in fields]
        if values:
            allowed = limit(field, expected, tolerances, video=video, policy=policy)
            is_gate = policy == "sglang" or gates(field)
            row = Row(field, expected, median_low(values), allowed.ms, allowed.binds, gates=is_gate)
            compared.append(_with_noise(row, values, policy, history.get(field, ())))
    return tuple(compared)


def verdict(rows: Sequence[Row], min_improvement: float) -> Verdict:
    """Return the verdict of these rows together; end to end is the first of them, when it is there."""
    if any(row.crossed and row.gates for row in rows):
        return Verdict.REGRESSED
    if any(row.suspicious for row in rows):
        return Verdict.SUSPECT
    improved = has_improved(rows[0].change_ratio, min_improvement)
    return Verdict.IMPROVED if improved else Verdict.UNCHANGED


def sampled_indices(fractions: Iterable[float], step_count: int) -> list[int]:
    """Return the step indices at these fractions of the last one, ascending, each once.

    Rounding is Python's, half to even, as in sglang's test.
    """
    last = step_count - 1
    return sorted({round(fraction * last) for fraction in fractions}) if step_count else []


def omissions(baseline: ScenarioBaseline, snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """Yield what sglang's test requires and these requests do not have, each a clause.

    Args:
        baseline: The expected values.
        snapshots: The requests, at least one.
    """
    if not any(values.e2e_ms for values in snapshots):
        yield "end to end was not measured"
    if baseline.aggregate(AVERAGE_STEP) and not any(values.mean_step_ms for values in snapshots):
        yield "denoising steps were not measured"
    measured = {name for values in snapshots for name in values.stages_ms}
    if not measured and not baseline.is_end_to_end_only:
        yield "no stage was measured"
    for name in baseline.stages:
        if name not in measured:
            yield f"stage {name} was not measured"


def _expected(
    baseline: ScenarioBaseline, steps: Iterable[int], policy: Policy, *, video: bool
) -> Iterator[tuple[str, float]]:
    """Yield (field, expected milliseconds) of everything that is compared."""
    for field in AGGREGATES:
        value = baseline.aggregate(field)
        if value:
            yield field, value
    for name, value in baseline.stages.items():
        yield f"stages_ms.{name}", value
    for index in steps:
        if index in baseline.steps:
            yield f"denoise_step_ms.{index}", baseline.steps[index]
    frame_ms = baseline.stages_ms.get(FRAME_TIME)
    if policy == "sglang" and video and frame_ms and is_measurement(frame_ms):
        yield f"stages_ms.{FRAME_TIME}", float(frame_ms)


def _measured(values: Snapshot, policy: Policy) -> Mapping[str, float]:
    """Return every measured value by its place in a baseline file; for sglang's test a video's frame time."""
    if policy != "sglang" or not values.frames:
        return values.by_field()
    return {**values.by_field(), f"stages_ms.{FRAME_TIME}": values.e2e_ms / values.frames}


def _with_noise(row: Row, values: Sequence[float], policy: Policy, history: Sequence[float]) -> Row:
    """Return the row with the limit of its noise, where it is within its own limit and beyond its noise.

    A small crossing that only one request shows may be noise as well.
    """
    slowdown = inf if row.change_ratio is None else row.change_ratio
    if row.crossed and row.gates and policy == "ratchet" and not may_fail(slowdown, len(values)):
        return replace(row, binds="noise")
    if not history or not row.gates or row.crossed or score(history, values) <= BEYOND_NOISE:
        return row
    noise_ms = noise_limit_ms(history, len(values))
    return row if noise_ms is None else replace(row, limit_ms=noise_ms, binds="noise")
