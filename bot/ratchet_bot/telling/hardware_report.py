"""What one run has shown on one kind of hardware, as plain data: what a reader sees, not its words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from ratchet_profiler.record import Environment, RunRecord, Source

from ratchet_bot.data.baselines import END_TO_END, BaselineFile, Tolerances
from ratchet_bot.judging.audit import ABOUT_THE_FILE
from ratchet_bot.judging.proposals import Proposal, Proposals
from ratchet_bot.judging.rules.rule import Finding
from ratchet_bot.judging.verdicts import JUDGED, Comparison, Row, ScenarioComparison, Verdict

T = TypeVar("T")
WIDE_RATIO: Final = 1.0
"""A tolerance above this lets a metric take more than twice its baseline, which a reader should know."""


@dataclass(frozen=True)
class ScenarioRow:
    """One metric of one scenario."""

    scenario: str
    row: Row
    others: int = 0
    """How many more rows of the scenario the list has that this row is the lead of."""


@dataclass(frozen=True)
class Unjudged:
    """Scenarios that could not be judged for the same reason."""

    verdict: Verdict
    reason: str
    scenarios: tuple[str, ...]


@dataclass(frozen=True)
class HardwareReport:
    """What one run on one kind of hardware has shown."""

    hardware: str
    baselines: str
    """Path of the baseline file, as a reader knows it."""
    baselines_date: str
    """What the file says about its age; empty when it says nothing."""
    comparison: Comparison
    findings: tuple[Finding, ...]
    """What the audit says about the baselines of the scenarios that were compared; no notes."""
    proposals: Proposals
    wide_tolerances: Mapping[str, float]
    """Those of the profile that allow more than twice a baseline: fractions by the kind of metric."""
    environments: tuple[Environment, ...]
    """Of the records, in their order, each once; at least one."""
    sources: tuple[Source, ...]
    """The same, of what was measured by which job."""

    @property
    def source(self) -> Source:
        """What the first record measured: the records of one run differ in their job only."""
        return self.sources[0]

    @cached_property
    def regressed(self) -> Sequence[ScenarioComparison]:
        """The regressed scenarios, the worst first."""
        return sorted(self._with(Verdict.REGRESSED), key=worst_excess, reverse=True)

    @cached_property
    def suspects(self) -> Sequence[ScenarioComparison]:
        """The scenarios within their limits and beyond their noise, the worst first."""
        return sorted(self._with(Verdict.SUSPECT), key=worst_excess, reverse=True)

    @cached_property
    def cleared(self) -> Sequence[ScenarioComparison]:
        """The scenarios that looked slower until they were measured again."""
        return [scenario for scenario in self.comparison.scenarios if scenario.cleared]

    @cached_property
    def crossed(self) -> Sequence[ScenarioRow]:
        """The rows above their limit that gate, those of the worst scenario first."""
        return rows_where(self.regressed, lambda row: row.crossed and row.gates)

    @cached_property
    def leads(self) -> Sequence[ScenarioRow]:
        """One crossed row of each regressed scenario, the worst scenario first; none where no row crossed.

        It is end to end where that crossed, else the row that is furthest above its limit.
        """
        by_scenario: dict[str, list[Row]] = {}
        for crossed in self.crossed:
            by_scenario.setdefault(crossed.scenario, []).append(crossed.row)
        return [
            ScenarioRow(
                name, max(rows, key=lambda row: (row.field == END_TO_END, excess(row))), len(rows) - 1
            )
            for name, rows in by_scenario.items()
        ]

    @cached_property
    def others(self) -> Sequence[ScenarioRow]:
        """The rows above their limit that gate and are not a lead."""
        leads = {(lead.scenario, lead.row.field) for lead in self.leads}
        return [crossed for crossed in self.crossed if (crossed.scenario, crossed.row.field) not in leads]

    @cached_property
    def suspicious(self) -> Sequence[ScenarioRow]:
        """The rows of suspects that are beyond their noise, those of the worst scenario first."""
        return rows_where(self.suspects, lambda row: row.suspicious)

    @cached_property
    def ungated(self) -> Sequence[ScenarioRow]:
        """The rows above their limit that do not gate, the largest excess first."""
        rows = rows_where(self.judged, lambda row: row.crossed and not row.gates)
        return sorted(rows, key=lambda crossed: excess(crossed.row), reverse=True)

    @cached_property
    def improved(self) -> Sequence[ScenarioComparison]:
        """The improved scenarios, the largest improvement first."""
        return sorted(self._with(Verdict.IMPROVED), key=_e2e_change)

    @cached_property
    def judged(self) -> Sequence[ScenarioComparison]:
        """The scenarios whose verdict rests on a comparison of numbers."""
        return [scenario for scenario in self.comparison.scenarios if scenario.verdict in JUDGED]

    @cached_property
    def unjudged(self) -> Sequence[ScenarioComparison]:
        """The scenarios that should have been judged and were not."""
        return [
            scenario
            for scenario in self.comparison.scenarios
            if scenario.verdict not in JUDGED | {Verdict.UNGUARDED}
        ]

    @cached_property
    def explained(self) -> Sequence[ScenarioComparison]:
        """The scenarios whose change is attributed, slower ones first."""
        return [
            scenario for scenario in (*self.regressed, *self.suspects, *self.improved) if scenario.attribution
        ]

    @cached_property
    def moved(self) -> Sequence[ScenarioRow]:
        """The end-to-end rows of what became slower together with the machine, the largest change first."""
        rows = [
            ScenarioRow(scenario.scenario, scenario.e2e)
            for scenario in self._with(Verdict.INCOMPARABLE)
            if scenario.e2e
        ]
        return sorted(rows, key=lambda moved: abs(moved.row.change_ratio or 0.0), reverse=True)

    @cached_property
    def reasons(self) -> Sequence[Unjudged]:
        """Why scenarios were not judged, each reason once; those in a shift are left out."""
        moved = {row.scenario for row in self.moved}
        groups: dict[tuple[Verdict, str], list[str]] = {}
        for comparison in self.unjudged:
            if comparison.scenario not in moved:
                key = comparison.verdict, comparison.reason
                groups.setdefault(key, []).append(comparison.scenario)
        return [Unjudged(verdict, reason, tuple(names)) for (verdict, reason), names in groups.items()]

    @cached_property
    def unguarded(self) -> Sequence[ScenarioComparison]:
        """The scenarios that have nothing to be judged by."""
        return self._with(Verdict.UNGUARDED)

    @cached_property
    def errors(self) -> Sequence[Finding]:
        """The findings that are errors."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @cached_property
    def introduced(self) -> Sequence[Finding]:
        """The findings that a change of the file brought."""
        return [finding for finding in self.findings if finding.introduced]

    @cached_property
    def older(self) -> Sequence[Finding]:
        """The findings that were there before."""
        return [finding for finding in self.findings if not finding.introduced]

    def _with(self, verdict: Verdict) -> list[ScenarioComparison]:
        return [scenario for scenario in self.comparison.scenarios if scenario.verdict is verdict]

    @property
    def proposed(self) -> Sequence[Proposal]:
        """The new baselines that this run would allow."""
        return self.proposals.proposals


def rows_where(scenarios: Iterable[ScenarioComparison], wanted: Callable[[Row], bool]) -> list[ScenarioRow]:
    """Return the rows of these scenarios that are wanted, in their order."""
    return [
        ScenarioRow(scenario.scenario, row) for scenario in scenarios for row in scenario.rows if wanted(row)
    ]


def excess(row: Row) -> float:
    """Return by which factor a row is above its limit."""
    return row.measured_ms / row.limit_ms if row.limit_ms else float("inf")


def worst_excess(scenario: ScenarioComparison) -> float:
    """Return by which factor the worst row that gates is above its limit; 0 without any."""
    return max((excess(row) for row in scenario.rows if row.gates), default=0.0)


def hardware_report(
    path: str,
    file: BaselineFile,
    records: Sequence[RunRecord],
    comparison: Comparison,
    *,
    proposals: Proposals,
    findings: Iterable[Finding],
) -> HardwareReport:
    """Return the report on one run, from what was found out about it.

    Args:
        path: The baseline file, as a reader knows it.
        file: Its content.
        records: The run, in one record or in several; at least one.
        comparison: Its verdicts.
        proposals: What it allows to tighten.
        findings: What the audit says about the file; those on scenarios that were not compared are left out.
    """
    tolerances = file.profile(comparison.profile).model_dump(include=set(Tolerances.model_fields))
    verdicts = {scenario.scenario: scenario.verdict for scenario in comparison.scenarios}
    return HardwareReport(
        hardware=records[0].environment.hardware,
        baselines=path,
        baselines_date=file.metadata.last_updated or "",
        comparison=comparison,
        findings=tuple(finding for finding in findings if _is_news(finding, verdicts)),
        proposals=proposals,
        wide_tolerances={kind: ratio for kind, ratio in tolerances.items() if ratio > WIDE_RATIO},
        environments=_distinct([record.environment for record in records]),
        sources=_distinct([record.source for record in records]),
    )


def _is_news(finding: Finding, verdicts: Mapping[str, Verdict]) -> bool:
    """Return whether a finding is news: what nothing guards is listed among the scenarios already."""
    if finding.severity == "info" or finding.waived:
        return False
    if finding.rule == "unguarded" and verdicts.get(finding.scenario) is Verdict.UNGUARDED:
        return False
    return finding.scenario in verdicts or finding.rule in ABOUT_THE_FILE


def _distinct(values: Sequence[T]) -> tuple[T, ...]:
    """Return these values in their order, each once; they need not be hashable."""
    return tuple(value for number, value in enumerate(values) if value not in values[:number])


def _e2e_change(scenario: ScenarioComparison) -> float:
    return (scenario.e2e.change_ratio if scenario.e2e else None) or 0.0
