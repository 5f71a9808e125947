"""What a reader is shown of a night on one hardware, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ratchet_bot.data.baselines import END_TO_END
from ratchet_bot.data.names import RefusedArtifact
from ratchet_bot.hosts.states import Run
from ratchet_bot.judging.night_tightening import Tightening
from ratchet_bot.judging.nights import NightSeries, RunnerChange, StaleBaseline
from ratchet_bot.judging.noise import floor
from ratchet_bot.judging.open_regressions import Episode, is_most
from ratchet_bot.judging.rules.rule import Finding
from ratchet_bot.judging.verdicts import Comparison, ScenarioComparison, Shift, Verdict
from ratchet_bot.telling.sparkline import sparkline


@dataclass(frozen=True)
class NightRow:
    """One scenario on one night, end to end in milliseconds."""

    scenario: str
    verdict: Verdict
    """Against the baseline."""
    reason: str
    """Why nothing was compared; "" when it was."""
    baseline_ms: float | None
    measured_ms: float | None
    """None when nothing valid was measured."""
    level_ms: float | None
    """The level of the nights before; None when there are none."""
    bars: str
    """The nights, this one last."""
    is_alarm: bool
    """Whether it is slower than its noise explains."""

    @property
    def change_ratio(self) -> float | None:
        """Relative change from the level, positive is slower."""
        if self.measured_ms is None or not self.level_ms:
            return None
        return (self.measured_ms - self.level_ms) / self.level_ms


@dataclass(frozen=True)
class NightReport:
    """What one night has shown on one hardware."""

    hardware: str
    baselines: str
    """Path of the baseline file."""
    run: Run
    rows: tuple[NightRow, ...]
    """The alarms first, then as the baseline file has them."""
    valid: int
    """How many scenarios were measured well."""
    measured: int
    """How many were measured at all."""
    overlap_ratio: float | None
    """Part of the alarms that this night and the one before share; None when neither has any."""
    tightening: Tightening | None
    """None when nothing was measured, so that nothing was decided."""
    episodes: tuple[Episode, ...]
    """Regressions that hold."""
    stale: tuple[StaleBaseline, ...]
    findings: tuple[Finding, ...] = ()
    """What the audit says about the baselines with the proposals in them."""
    refused: tuple[RefusedArtifact, ...] = ()
    broken: int = 0
    """Lines of the history that could not be read."""
    shift: Shift | None = None
    """Many scenarios moved together with the machine."""
    runner_change: RunnerChange | None = None
    """All that is slow this night was measured on another machine than the nights before."""
    issues: tuple[int, ...] = ()
    """Numbers of the issues about the regressions that hold; none where they were not reported."""
    pull: int | None = None
    """Number of the pull request with the proposals; None where there is none."""

    @cached_property
    def alarms(self) -> Sequence[NightRow]:
        """The scenarios that are slower than their noise explains."""
        return [row for row in self.rows if row.is_alarm]

    @cached_property
    def held(self) -> Sequence[str]:
        """The scenarios of which a regression holds, each once."""
        return list(
            dict.fromkeys(
                regression.scenario for episode in self.episodes for regression in episode.regressions
            )
        )

    @cached_property
    def fresh(self) -> Sequence[NightRow]:
        """The alarms of which no regression holds yet."""
        return [row for row in self.alarms if row.scenario not in self.held]

    @property
    def is_everywhere(self) -> bool:
        """Whether most scenarios became slow at once: then it is the machine, until it has held."""
        return is_most(len(self.fresh), self.valid)

    @property
    def unguarded(self) -> int:
        """How many scenarios have nothing to be judged by."""
        return self._count(Verdict.UNGUARDED)

    @property
    def missing(self) -> int:
        """How many scenarios have a baseline, and no measurement."""
        return self._count(Verdict.MISSING)

    @property
    def regressions(self) -> int:
        """How many regressions hold."""
        return sum(len(episode.regressions) for episode in self.episodes)

    @property
    def longest_list(self) -> int:
        """How long the longest list is that a reader is shown."""
        proposals = self.tightening.proposals if self.tightening else ()
        lists = [self.rows, proposals, self.stale, self.findings, self.refused]
        return max(map(len, [*lists, *(episode.regressions for episode in self.episodes)]))

    def _count(self, verdict: Verdict) -> int:
        return sum(row.verdict is verdict for row in self.rows)


def rows_of(comparison: Comparison, nights: NightSeries) -> tuple[NightRow, ...]:
    """Return a row for each scenario, the alarms first."""
    values = {line.scenario: line.values.get(END_TO_END) for line in nights.lines if line.counts}
    rows = [_row(scenario, values.get(scenario.scenario), nights) for scenario in comparison.scenarios]
    return tuple(sorted(rows, key=lambda row: not row.is_alarm))


def _row(comparison: ScenarioComparison, measured_ms: float | None, nights: NightSeries) -> NightRow:
    past_ms = nights.past.get(comparison.scenario, {}).get(END_TO_END, ())
    level_ms = floor(past_ms).level or None
    return NightRow(
        scenario=comparison.scenario,
        verdict=comparison.verdict,
        reason=comparison.reason,
        baseline_ms=comparison.e2e.baseline_ms if comparison.e2e else None,
        measured_ms=measured_ms,
        level_ms=level_ms,
        bars=sparkline([*past_ms, *([] if measured_ms is None else [measured_ms])]),
        is_alarm=comparison.scenario in nights.alarms,
    )
