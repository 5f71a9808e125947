"""Compare a run with its baselines: one verdict per scenario, each with the rows that led to it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from statistics import median_low
from typing import Final, Literal

from bot.baselines import AGGREGATES, BaselineFile, Sampling, ScenarioBaseline, Tolerances
from bot.evidence import Evidence, Obstacle, Recorded, by_scenario, evidence, workload_change
from bot.limits import MIN_IMPROVEMENT, gates, has_improved, limit
from bot.snapshot import Snapshot
from profiler.record import Clock, RunRecord


class Verdict(StrEnum):
    """What a comparison says of one scenario."""

    REGRESSED = "regressed"
    """A gating metric is above its limit."""
    IMPROVED = "improved"
    """Nothing regressed, and end to end fell by at least `MIN_IMPROVEMENT`."""
    UNCHANGED = "unchanged"
    """Everything that gates is within its limit."""
    UNGUARDED = "unguarded"
    """There is no baseline to hold it to."""
    MISSING = "missing"
    """A baseline, and no measurement."""
    INCOMPARABLE = "incomparable"
    """Measured on another clock, or with another workload."""
    INVALID = "invalid"
    """The measurement contradicts itself, or its machine was throttled or shared."""


JUDGED: Final = frozenset({Verdict.REGRESSED, Verdict.IMPROVED, Verdict.UNCHANGED})
"""Verdicts that rest on a comparison of numbers."""


class Outcome(StrEnum):
    """What a comparison says of the whole run, the worst first. Only the last two are good news."""

    REGRESSED = "regressed"
    NOTHING_MEASURED = "nothing-measured"
    INCOMPLETE = "incomplete"
    """Nothing regressed among what could be judged, but something could not be judged."""
    IMPROVED = "improved"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Row:
    """One metric of one scenario against its limit, in milliseconds."""

    field: str
    """Where it stands in the baseline file, such as "stages_ms.DenoisingStage"."""
    baseline_ms: float
    measured_ms: float
    """The lower median over the valid requests: a value that one of them really had."""
    limit_ms: float
    binds: Literal["tolerance", "pad"]
    """Which of the two made the limit."""
    gates: bool
    """Whether crossing the limit makes the scenario regressed; otherwise it is told."""

    @property
    def crossed(self) -> bool:
        """True when measured is above the limit."""
        return self.measured_ms > self.limit_ms

    @property
    def change_ratio(self) -> float | None:
        """Relative change, positive is slower; None when the baseline is 0."""
        return (self.measured_ms - self.baseline_ms) / self.baseline_ms if self.baseline_ms else None


@dataclass(frozen=True)
class ScenarioComparison:
    """The verdict on one scenario."""

    scenario: str
    verdict: Verdict
    reason: str
    """Why, where it is not a comparison of numbers; else empty."""
    rows: tuple[Row, ...] = ()
    """In the order: end to end, average, median, stages, sampled steps. Empty where nothing was compared."""
    requests: int = 0
    """How many valid requests were judged."""
    notes: tuple[str, ...] = ()
    """Stages that only one side has, requests left out."""

    @property
    def e2e(self) -> Row | None:
        """The end-to-end row, where there is one."""
        return next((row for row in self.rows if row.field == "expected_e2e_ms"), None)


@dataclass(frozen=True)
class Comparison:
    """The verdicts on a run, in the order of the baseline file, then of the record."""

    profile: str
    clock: Clock
    scenarios: tuple[ScenarioComparison, ...]

    @property
    def outcome(self) -> Outcome:
        """What the verdicts amount to. Unguarded scenarios are told and do not count as unjudged."""
        verdicts = {scenario.verdict for scenario in self.scenarios}
        if Verdict.REGRESSED in verdicts:
            return Outcome.REGRESSED
        if not verdicts & JUDGED:
            return Outcome.NOTHING_MEASURED
        if verdicts & {Verdict.MISSING, Verdict.INCOMPARABLE, Verdict.INVALID}:
            return Outcome.INCOMPLETE
        return Outcome.IMPROVED if Verdict.IMPROVED in verdicts else Outcome.UNCHANGED


def compare(
    file: BaselineFile,
    records: Sequence[RunRecord],
    *,
    profile: str = "pr_test",
    scenarios: str = "*",
    min_improvement: float = MIN_IMPROVEMENT,
) -> Comparison:
    """Return a verdict for every scenario of the baseline file, and for every recorded one without baseline.

    Args:
        file: The baselines.
        records: The run, in one record or in several (shards, repeated runs): the requests of a scenario are
            pooled. They are taken to be of the file's hardware.
        profile: Which tolerances of the file to use.
        scenarios: Glob; only these scenarios are looked at, on both sides.
        min_improvement: Fraction by which end to end must fall to be an improvement.

    Raises:
        BaselinesRejected: the file has no such profile.
    """
    tolerances = file.profile(profile)
    recorded = by_scenario(records)
    names = [name for name in {**file.scenarios, **recorded} if fnmatchcase(name, scenarios)]
    return Comparison(
        profile,
        file.metadata.clock,
        tuple(_compared(name, file, recorded.get(name, ()), tolerances, min_improvement) for name in names),
    )


def _compared(
    name: str,
    file: BaselineFile,
    recorded: Sequence[Recorded],
    tolerances: Tolerances,
    min_improvement: float,
) -> ScenarioComparison:
    baseline = file.scenarios.get(name)
    found = evidence(recorded, file.metadata.clock)
    if isinstance(found, Obstacle) and (recorded or _guards(baseline)):
        return ScenarioComparison(name, Verdict(found.kind), found.reason)
    if isinstance(found, Obstacle) or baseline is None or not _guards(baseline):
        why = "it has no baseline" if baseline is None else "its baseline is a placeholder"
        return ScenarioComparison(name, Verdict.UNGUARDED, why)
    spoilt_field = next((field for field, _ in baseline.bad_values() if gates(field)), "")
    if spoilt_field:
        return ScenarioComparison(name, Verdict.INVALID, f"its baseline has no usable {spoilt_field}")
    change = next(filter(None, (workload_change(baseline, taken) for taken in found.snapshots)), "")
    if change:
        return ScenarioComparison(name, Verdict.INCOMPARABLE, change)
    rows = tuple(_rows(baseline, found.snapshots, tolerances, file.sampling))
    return ScenarioComparison(
        name, _verdict(rows, min_improvement), "", rows, len(found.snapshots), _notes(baseline, found)
    )


def _guards(baseline: ScenarioBaseline | None) -> bool:
    """Return whether a baseline holds a scenario to anything; one that is spoilt was meant to."""
    return baseline is not None and (
        baseline.guards or any(gates(field) for field, _ in baseline.bad_values())
    )


def _rows(
    baseline: ScenarioBaseline, taken: Sequence[Snapshot], tolerances: Tolerances, sampling: Sampling
) -> Iterator[Row]:
    video = taken[0].frames is not None
    measured = [one.as_baseline().by_field() for one in taken]
    for field, expected in _compared_fields(baseline, sampling, len(taken[0].steps_ms)):
        values = [fields[field] for fields in measured if field in fields]
        if values:
            allowed = limit(field, expected, tolerances, video=video)
            yield Row(field, expected, median_low(values), allowed.ms, allowed.binds, gates=gates(field))


def _compared_fields(
    baseline: ScenarioBaseline, sampling: Sampling, step_count: int
) -> Iterator[tuple[str, float]]:
    """Yield (field, expected milliseconds) of everything that is compared."""
    for field in AGGREGATES:
        value = baseline.aggregate(field)
        if value:
            yield field, value
    for name, value in baseline.stages.items():
        yield f"stages_ms.{name}", value
    for index in sampled_indices(sampling.step_fractions, step_count):
        if index in baseline.steps:
            yield f"denoise_step_ms.{index}", baseline.steps[index]


def sampled_indices(fractions: Iterable[float], step_count: int) -> list[int]:
    """Return the step indices that stand at these fractions of the last one, ascending, each once.

    Rounding is Python's, half to even, as in sglang's test.
    """
    last = step_count - 1
    return sorted({round(fraction * last) for fraction in fractions}) if step_count else []


def _verdict(rows: Sequence[Row], min_improvement: float) -> Verdict:
    if any(row.crossed and row.gates for row in rows):
        return Verdict.REGRESSED
    improved = has_improved(rows[0].change_ratio, min_improvement)
    return Verdict.IMPROVED if improved else Verdict.UNCHANGED


def _notes(baseline: ScenarioBaseline, found: Evidence) -> tuple[str, ...]:
    stages = found.snapshots[0].stages_ms
    gone = [name for name in baseline.stages if name not in stages]
    new = [name for name in stages if name not in baseline.stages]
    notes = [f"stage {name} has a baseline and was not measured" for name in gone]
    notes += [f"stage {name} was measured and has no baseline" for name in new]
    left_out = found.measured - len(found.snapshots)
    if left_out:
        notes.append(f"left out as invalid: {left_out} of {found.measured} requests")
    return tuple(notes)
