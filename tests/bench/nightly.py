"""Nights judged one after the other: false alarms, outliers, delay of steps, and drifts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from statistics import median
from typing import Final

from ratchet_bot.judging.changepoints import change_points

from bench.nights import Stretch, draws
from bench.rules import OURS, THEIRS, Limit

HISTORY_NIGHTS: Final = 30
WATCHED_NIGHTS: Final = 100
"""Nights without an event in which alarms are counted."""
STEPS: Final = (0.01, 0.02, 0.03, 0.05, 0.10)
STEP_NIGHTS: Final = 7
"""Nights within which a step has to be found."""
DRIFTS: Final = (0.05, 0.10)
DRIFT_NIGHTS: Final = 30
OUTLIER: Final = 0.30
DRAWS: Final = 60
"""Series for each kind of noise: 6000 nights for false alarms."""

Alarms = Callable[[Sequence[float], int], list[int]]
"""A series and the first night that is judged -> the nights on which it is called slower, first ones only."""


@dataclass(frozen=True)
class Board:
    """How one rule did."""

    name: str
    false_per_100_nights: float
    outliers: float
    """Share of single outliers of +30 % that made an alarm."""
    steps: tuple[tuple[float, float], ...]
    """For each of `STEPS`: the share found, and the median of nights it took, infinite if most are missed."""
    drifts: tuple[float, ...]
    """For each of `DRIFTS`, the share found."""


def by_limit(limit: Limit) -> Alarms:
    """Return the alarms of a rule that looks at the last night only; nights of alarm in a row are one."""

    def alarms(series: Sequence[float], first: int) -> list[int]:
        slow = [
            night
            for night in range(first, len(series))
            if series[night] > limit(series[max(0, night - HISTORY_NIGHTS) : night])
        ]
        return [night for night in slow if night - 1 not in slow]

    return alarms


def by_change_points(series: Sequence[float], first: int) -> list[int]:
    """Return the nights on which a slower level is seen that was not there the night before."""
    known = {change.index for change in change_points(series[:first])}
    nights = []
    for night in range(first, len(series)):
        slower = {change.index for change in change_points(series[: night + 1]) if change.relative_change > 0}
        if slower - known:
            nights.append(night)
        known |= slower
    return nights


def board(name: str, alarms: Alarms, stretches: Sequence[Stretch], count: int = DRAWS) -> Board:
    """Return how alarms do on series of these stretches."""

    def until_found(costs: Sequence[float]) -> list[float]:
        rung = _rung(alarms, stretches, costs, count)
        return [nights[0] - HISTORY_NIGHTS + 1 if nights else inf for nights in rung]

    ramp = [(night + 1) / DRIFT_NIGHTS for night in range(DRIFT_NIGHTS)]
    steps = [until_found([step] * STEP_NIGHTS) for step in STEPS]
    drifts = [until_found([drift * part for part in ramp]) for drift in DRIFTS]
    quiet = _rung(alarms, stretches, [0.0] * WATCHED_NIGHTS, count)
    return Board(
        name,
        false_per_100_nights=100 * sum(map(len, quiet)) / (WATCHED_NIGHTS * count),
        outliers=_share_found(until_found([OUTLIER, 0.0, 0.0])),
        steps=tuple((_share_found(nights), median(nights)) for nights in steps),
        drifts=tuple(_share_found(nights) for nights in drifts),
    )


def lines(stretches: Sequence[Stretch], count: int = DRAWS) -> Iterator[str]:
    """Yield the tables: alarms per 100 nights, shares in percent, median delays in nights in brackets."""
    head = " ".join(f"{f'+{step:.0%}':>9}" for step in STEPS)
    head += "".join(f"{f'drift {drift:.0%}':>11}" for drift in DRIFTS)
    judges = {OURS: by_change_points} | {rule.name: by_limit(rule.limit) for rule in THEIRS}
    for kind in dict.fromkeys(stretch.kind for stretch in stretches):
        of_kind = [stretch for stretch in stretches if stretch.kind == kind]
        yield f"{f'{kind} noise, nightly':<34}{'false/100':>10}{'outlier':>8} {head}"
        for name, alarms in judges.items():
            yield _line(board(name, alarms, of_kind, count))
        yield ""


def _rung(
    alarms: Alarms, stretches: Sequence[Stretch], costs: Sequence[float], count: int
) -> list[list[int]]:
    """Return the nights of alarm in series whose nights after the history cost that much more."""
    factors = [1.0] * HISTORY_NIGHTS + [1.0 + cost for cost in costs]
    drawn = draws(stretches, len(factors), count)
    return [alarms([a * b for a, b in zip(series, factors, strict=True)], HISTORY_NIGHTS) for series in drawn]


def _share_found(nights: Sequence[float]) -> float:
    return sum(map(isfinite, nights)) / len(nights)


def _line(board: Board) -> str:
    steps = " ".join(
        f"{100 * share:4.0f} ({f'{nights:.0f}' if isfinite(nights) else '-':>2})"
        for share, nights in board.steps
    )
    drifts = "".join(f"{100 * share:11.0f}" for share in board.drifts)
    return f"  {board.name:<32}{board.false_per_100_nights:10.2f}{100 * board.outliers:8.1f} {steps}{drifts}"
