"""Which rows a reader sees first: one of each scenario, the one that says most. Data and its order, pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ratchet_bot.data.baselines import END_TO_END
from ratchet_bot.judging.comparison import Row, ScenarioComparison


@dataclass(frozen=True)
class ScenarioRow:
    """One metric of one scenario."""

    scenario: str
    row: Row


@dataclass(frozen=True)
class Lead:
    """The one row that speaks for a scenario."""

    scenario: str
    row: Row
    """End to end where that is among its rows, else what is furthest above its limit."""
    others: int
    """How many more rows it has."""


def rows_where(scenarios: Iterable[ScenarioComparison], wanted: Callable[[Row], bool]) -> list[ScenarioRow]:
    """Return the rows of these scenarios that are wanted, in their order."""
    return [ScenarioRow(one.scenario, row) for one in scenarios for row in one.rows if wanted(row)]


def leads(rows: Iterable[ScenarioRow]) -> list[Lead]:
    """Return one row of each scenario, in the order in which the scenarios come."""
    by_scenario: dict[str, list[Row]] = {}
    for one in rows:
        by_scenario.setdefault(one.scenario, []).append(one.row)
    return [Lead(name, _speaker(found), len(found) - 1) for name, found in by_scenario.items()]


def excess(row: Row) -> float:
    """Return by which factor a row is above its limit."""
    return row.measured_ms / row.limit_ms if row.limit_ms else float("inf")


def worst_excess(scenario: ScenarioComparison) -> float:
    """Return by which factor the worst row that gates is above its limit; 0 without any."""
    return max((excess(row) for row in scenario.rows if row.gates), default=0.0)


def _speaker(rows: Sequence[Row]) -> Row:
    return next((row for row in rows if row.field == END_TO_END), max(rows, key=excess))
