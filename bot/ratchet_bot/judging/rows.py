"""The rows of one scenario: each metric that is compared, against its limit, and the verdict they make."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from statistics import median_low
from typing import Final

from ratchet_bot.data.baselines import AGGREGATES, Sampling, ScenarioBaseline, Tolerances
from ratchet_bot.data.terms import Policy
from ratchet_bot.judging.comparison import Row, Verdict
from ratchet_bot.judging.limits import gates, has_improved, limit
from ratchet_bot.judging.noise import may_fail, noise_limit_ms, score
from ratchet_bot.judging.sglang_rule import FRAME_TIME, frame_time, measured_frame_time
from ratchet_bot.judging.snapshot import Snapshot

BEYOND_NOISE: Final = 1.0
"""The score above which a metric is slower than its noise makes it."""


@dataclass(frozen=True)
class ScenarioTerms:
    """By what a scenario is judged."""

    tolerances: Tolerances
    sampling: Sampling
    policy: Policy
    min_improvement: float
    """Fraction by which end to end must fall to be an improvement."""
    past: Mapping[str, Sequence[float]]
    """Milliseconds of the nights before, oldest first, by place in a baseline file."""


def rows(baseline: ScenarioBaseline, taken: Sequence[Snapshot], terms: ScenarioTerms) -> tuple[Row, ...]:
    """Return the metrics that both sides have: end to end, average, median, stages, sampled steps.

    Args:
        baseline: What was expected.
        taken: The requests that are judged, at least one, of one workload.
        terms: By what.
    """
    video = taken[0].frames is not None
    measured = [_measured(one, terms.policy) for one in taken]
    found = []
    for field, expected in _expected(baseline, terms, len(taken[0].steps_ms), video=video):
        values = [fields[field] for fields in measured if field in fields]
        if values:
            allowed = limit(field, expected, terms.tolerances, video=video, policy=terms.policy)
            decides = terms.policy == "sglang" or gates(field)
            row = Row(field, expected, median_low(values), allowed.ms, allowed.binds, gates=decides)
            found.append(_with_noise(row, values, terms))
    return tuple(found)


def verdict(rows: Sequence[Row], min_improvement: float) -> Verdict:
    """Return what these rows say together; end to end comes first in them, when it is there."""
    if any(row.crossed and row.gates for row in rows):
        return Verdict.REGRESSED
    if any(row.suspicious for row in rows):
        return Verdict.SUSPECT
    improved = has_improved(rows[0].change_ratio, min_improvement)
    return Verdict.IMPROVED if improved else Verdict.UNCHANGED


def sampled_indices(fractions: Iterable[float], step_count: int) -> list[int]:
    """Return the step indices that stand at these fractions of the last one, ascending, each once.

    Rounding is Python's, half to even, as in sglang's test.
    """
    last = step_count - 1
    return sorted({round(fraction * last) for fraction in fractions}) if step_count else []


def _expected(
    baseline: ScenarioBaseline, terms: ScenarioTerms, step_count: int, *, video: bool
) -> Iterator[tuple[str, float]]:
    """Yield (field, expected milliseconds) of everything that is compared."""
    for field in AGGREGATES:
        value = baseline.aggregate(field)
        if value:
            yield field, value
    for name, value in baseline.stages.items():
        yield f"stages_ms.{name}", value
    for index in sampled_indices(terms.sampling.step_fractions, step_count):
        if index in baseline.steps:
            yield f"denoise_step_ms.{index}", baseline.steps[index]
    per_frame = frame_time(baseline)
    if per_frame and video and terms.policy == "sglang":
        yield f"stages_ms.{FRAME_TIME}", per_frame


def _measured(taken: Snapshot, policy: Policy) -> Mapping[str, float]:
    """Return every measured value by its place in a baseline file."""
    per_frame = measured_frame_time(taken) if policy == "sglang" else None
    fields = taken.by_field()
    return fields if per_frame is None else {**fields, f"stages_ms.{FRAME_TIME}": per_frame}


def _with_noise(row: Row, values: Sequence[float], terms: ScenarioTerms) -> Row:
    """Return the row with the limit of its noise, where it is within its own limit and beyond its noise.

    A small crossing that only one request shows may be noise as well.
    """
    if row.crossed and row.gates and terms.policy == "ratchet" and not may_fail(_slowdown(row), len(values)):
        return replace(row, binds="noise")
    history = terms.past.get(row.field, ())
    if not history or not row.gates or row.crossed or score(history, values) <= BEYOND_NOISE:
        return row
    noise_ms = noise_limit_ms(history, len(values))
    if noise_ms is None:
        return row
    return Row(row.field, row.baseline_ms, row.measured_ms, noise_ms, "noise", gates=True)


def _slowdown(row: Row) -> float:
    return inf if row.change_ratio is None else row.change_ratio
