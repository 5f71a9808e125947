"""What a comparison says: verdicts on scenarios, the rows that led to them, what they amount to. Data only.

Times are milliseconds; a relative change is a fraction, positive is slower.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from ratchet_profiler.record import Clock

from ratchet_bot.data.baselines import END_TO_END
from ratchet_bot.data.defaults import Policy
from ratchet_bot.judging.attribution import Attribution


class Verdict(StrEnum):
    """What a comparison says of one scenario."""

    REGRESSED = "regressed"
    """A gating metric is above its limit."""
    SUSPECT = "suspect"
    """Within its limits, and a gating metric is slower than its noise makes it: measure it again."""
    IMPROVED = "improved"
    """Nothing regressed, and end to end fell by at least `MIN_IMPROVEMENT`."""
    UNCHANGED = "unchanged"
    """Everything that gates is within its limit."""
    UNGUARDED = "unguarded"
    """There is no baseline to hold it to."""
    MISSING = "missing"
    """A baseline, and the scenario is not in the run."""
    INCOMPARABLE = "incomparable"
    """Measured on another clock, on another machine, in another configuration, or with another workload."""
    INVALID = "invalid"
    """It was run and failed, the measurement contradicts itself, or its machine was throttled or shared."""


JUDGED: Final = frozenset({Verdict.REGRESSED, Verdict.SUSPECT, Verdict.IMPROVED, Verdict.UNCHANGED})
"""Verdicts that rest on a comparison of numbers."""


SLOWER: Final = frozenset({Verdict.REGRESSED, Verdict.SUSPECT})
"""Verdicts on a scenario that is slower than it was."""


class Outcome(StrEnum):
    """What a comparison says of the whole run, the worst first. The last three break no limit."""

    REGRESSED = "regressed"
    NOTHING_COMPARED = "nothing-compared"
    """Nothing could be judged: nothing was run, or nothing of it compares, as where a stage is renamed."""
    INCOMPLETE = "incomplete"
    """Nothing regressed among what could be judged, but something could not be judged."""
    SUSPECT = "suspect"
    """Everything is within its limits, but something is slower than its noise makes it."""
    IMPROVED = "improved"
    UNCHANGED = "unchanged"


_WORST_FIRST: Final[Mapping[Verdict, Outcome]] = {
    Verdict.SUSPECT: Outcome.SUSPECT,
    Verdict.IMPROVED: Outcome.IMPROVED,
    Verdict.UNCHANGED: Outcome.UNCHANGED,
}


_UNJUDGED: Final = frozenset({Verdict.MISSING, Verdict.INCOMPARABLE, Verdict.INVALID})


@dataclass(frozen=True)
class Row:
    """One metric of one scenario against its limit, in milliseconds."""

    field: str
    """Where it stands in the baseline file, such as "stages_ms.DenoisingStage"."""
    baseline_ms: float
    measured_ms: float
    """The lower median over the valid requests: a value that one of them really had."""
    limit_ms: float
    """The most it may take; where noise binds, the most that its noise explains."""
    binds: Literal["tolerance", "pad", "noise"]
    """What made the limit. Noise binds where the metric is within its limit and beyond its noise, and where
    only one request is above the limit, and by less than 10 %."""
    gates: bool
    """Whether crossing the limit affects the verdict; otherwise it is only reported."""

    @property
    def crossed(self) -> bool:
        """True when measured is above the limit that the tolerance or the pad has made."""
        return self.measured_ms > self.limit_ms and self.binds != "noise"

    @property
    def suspicious(self) -> bool:
        """True when measured is beyond the noise and breaks no limit."""
        return self.binds == "noise"

    @property
    def change_ratio(self) -> float | None:
        """Relative change, positive is slower; None when the baseline is 0."""
        return (self.measured_ms - self.baseline_ms) / self.baseline_ms if self.baseline_ms else None


@dataclass(frozen=True)
class Earlier:
    """What would have been said before requests were appended to confirm or to clear it."""

    verdict: Verdict
    requests: int
    """How many valid requests there were then."""


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
    attribution: Attribution | None = None
    """Where the change of end to end is; None where nothing was compared."""
    earlier: Earlier | None = None
    """None when no requests were appended."""

    @property
    def e2e(self) -> Row | None:
        """The end-to-end row, where there is one."""
        return next((row for row in self.rows if row.field == END_TO_END), None)

    @property
    def cleared(self) -> bool:
        """True when it looked slower until more requests were measured."""
        return self.earlier is not None and self.earlier.verdict in SLOWER and self.verdict not in SLOWER

    @property
    def to_confirm(self) -> bool:
        """True for a suspect that was not measured again yet: nobody is asked twice until it passes."""
        return self.verdict is Verdict.SUSPECT and self.earlier is None


@dataclass(frozen=True)
class Shift:
    """Many scenarios moved the same way on another environment: one finding, whose cause is not the code."""

    direction: Literal["slower", "faster"]
    changes: tuple[str, ...]
    """What is another than it was, such as "driver 570 -> 580"."""
    scenarios: tuple[str, ...]
    """Those that moved, in the file's order."""
    compared: int
    """How many were compared on that environment."""
    change_ratio: float
    """Their change end to end, in the middle."""


@dataclass(frozen=True)
class Comparison:
    """The verdicts on a run, in the order of the baseline file, then of the records."""

    profile: str
    clock: Clock
    scenarios: tuple[ScenarioComparison, ...]
    policy: Policy = "ratchet"
    shift: Shift | None = None
    nights: int = 0
    """The most nights that the noise of a scenario could be taken from; 0 where only the limits judge."""

    @property
    def outcome(self) -> Outcome:
        """What the verdicts amount to. Unguarded scenarios are reported and do not count as unjudged."""
        verdicts = {scenario.verdict for scenario in self.scenarios}
        if Verdict.REGRESSED in verdicts:
            return Outcome.REGRESSED
        if not verdicts & JUDGED:
            return Outcome.NOTHING_COMPARED
        if verdicts & _UNJUDGED:
            return Outcome.INCOMPLETE
        return next(outcome for verdict, outcome in _WORST_FIRST.items() if verdict in verdicts)

    @property
    def to_confirm(self) -> tuple[str, ...]:
        """The suspects that more requests should confirm or clear."""
        return tuple(comparison.scenario for comparison in self.scenarios if comparison.to_confirm)
