"""The geometry of a trend chart: where everything is, in the units of an SVG. Nothing is drawn here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log10
from typing import Final

from ratchet_bot.data.baselines import END_TO_END
from ratchet_bot.data.history import HistoryLine
from ratchet_bot.judging.trends import LevelChange, Trend

WIDTH: Final = 640.0
HEIGHT: Final = 200.0
LEFT: Final = 64.0
"""Where the plot begins: left of it stand the labels of the axis."""
RIGHT: Final = 628.0
TOP: Final = 12.0
BOTTOM: Final = 172.0
"""Where the plot ends: below it stand the dates."""
PADDING_RATIO: Final = 0.08
"""Room above and below the values, as a fraction of their span."""
LEAST_SPAN_RATIO: Final = 0.06
"""Smallest span of the axis, as a fraction of the level: noise is to look flat."""
HIGHEST_RATIO: Final = 1.6
"""What is further above the present level is drawn at the upper edge: a spike is not to flatten the rest."""
TICKS: Final = 4
"""Lines across, at most. Chosen: as many as there are labels without crowding."""
DATES: Final = 4
"""Dates below, at most."""
TICK_DECIMALS: Final = 6
"""Digits kept of a tick, against binary fractions."""
STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Round distances between ticks, times a power of ten."""


@dataclass(frozen=True)
class Mark:
    """A night."""

    x: float
    y: float
    line: HistoryLine
    ms: float
    is_beyond: bool
    """Whether it is above the upper edge, and drawn there."""


@dataclass(frozen=True)
class RuledLine:
    """A line across the plot."""

    y: float
    ms: float


@dataclass(frozen=True)
class Tick:
    """A line across the plot with a label."""

    y: float
    text: str


@dataclass(frozen=True)
class Segment:
    """A level."""

    x1: float
    x2: float
    y: float
    ms: float


@dataclass(frozen=True)
class Turn:
    """A change of level."""

    x: float
    change: LevelChange


@dataclass(frozen=True)
class Day:
    """A date below the plot."""

    x: float
    text: str


@dataclass(frozen=True)
class Chart:
    """A trend, laid out."""

    trend: Trend
    marks: tuple[Mark, ...]
    points: str
    """The line through the nights, as the `points` of an SVG polyline."""
    aside: tuple[Mark, ...]
    """Nights that have values and do not count."""
    levels: tuple[Segment, ...]
    turns: tuple[Turn, ...]
    ticks: tuple[Tick, ...]
    days: tuple[Day, ...]
    baseline: RuledLine | None
    limit: RuledLine | None
    """None where there is none, or where it is above the upper edge."""


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    begin: datetime
    end: datetime

    def y(self, ms: float) -> float:
        share = (min(max(ms, self.low), self.high) - self.low) / (self.high - self.low)
        return round(BOTTOM - share * (BOTTOM - TOP), 2)

    def x(self, moment: datetime) -> float:
        share = (moment - self.begin) / (self.end - self.begin)
        return round(LEFT + share * (RIGHT - LEFT), 2)

    def rule(self, ms: float) -> RuledLine | None:
        return RuledLine(self.y(ms), ms) if self.low <= ms <= self.high else None


def chart(trend: Trend) -> Chart:
    """Return where everything of a trend is."""
    scale = _scale(trend)
    marks = tuple(_mark(scale, line, ms) for line, ms in zip(trend.series, trend.values_ms, strict=True))
    return Chart(
        trend=trend,
        marks=marks,
        points=" ".join(f"{mark.x},{mark.y}" for mark in marks),
        aside=tuple(
            _mark(scale, line, line.values[END_TO_END])
            for line in trend.aside
            if END_TO_END in line.values and scale.begin <= line.captured_at <= scale.end
        ),
        levels=tuple(
            Segment(marks[level.start].x, marks[level.end - 1].x, scale.y(level.ms), level.ms)
            for level in trend.levels
        ),
        turns=tuple(Turn(scale.x(change.line.captured_at), change) for change in trend.changes),
        ticks=tuple(Tick(scale.y(ms), f"{ms:,.10g}") for ms in _ticks(scale.low, scale.high)),
        days=_days(scale),
        baseline=scale.rule(trend.guard.baseline_ms) if trend.guard else None,
        limit=scale.rule(trend.guard.limit_ms) if trend.guard else None,
    )


def _mark(scale: _Scale, line: HistoryLine, ms: float) -> Mark:
    return Mark(scale.x(line.captured_at), scale.y(ms), line, ms, ms > scale.high)


def _scale(trend: Trend) -> _Scale:
    """Return an axis on which the nights, the levels, and the baseline if it is near, have room."""
    most = HIGHEST_RATIO * max(trend.level_ms, *(level.ms for level in trend.levels))
    guard = [trend.guard.baseline_ms, trend.guard.limit_ms] if trend.guard else []
    shown = [ms for ms in [*trend.values_ms, *guard] if ms <= most] or [trend.level_ms]
    low, high = min(shown), max(shown)
    spare = max(LEAST_SPAN_RATIO * trend.level_ms - (high - low), 0.0) / 2
    padding = PADDING_RATIO * (high - low + 2 * spare) or 1.0
    begin, end = trend.series[0].captured_at, trend.series[-1].captured_at
    if end <= begin:
        begin, end = begin - timedelta(days=1), end + timedelta(days=1)
    return _Scale(max(low - spare - padding, 0.0), high + spare + padding, begin, end)


def _ticks(low: float, high: float) -> list[float]:
    """Return round values within the axis, at most `TICKS`."""
    rough = (high - low) / TICKS
    power = 10.0 ** floor(log10(rough))
    step = next((step * power for step in STEPS if step * power >= rough), rough)
    first = ceil(low / step)
    ticks = [round(step * number, TICK_DECIMALS) for number in range(first, first + TICKS + 1)]
    return [value for value in ticks if value <= high]


def _days(scale: _Scale) -> tuple[Day, ...]:
    """Return dates at even distances, each once."""
    apart = (scale.end - scale.begin) / (DATES - 1)
    moments = [scale.begin + apart * number for number in range(DATES)]
    by_text = {moment.strftime("%b %d"): scale.x(moment) for moment in reversed(moments)}
    return tuple(Day(x, text) for text, x in reversed(by_text.items()))
