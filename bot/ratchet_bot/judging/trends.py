"""How scenarios have done over the nights: levels, where they changed, how far the baseline is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ratchet_bot.data.baselines import END_TO_END, BaselineFile, Tolerances
from ratchet_bot.data.defaults import DEFAULT_PROFILE
from ratchet_bot.data.history import History, HistoryLine, Series, latest_keys, series_of
from ratchet_bot.judging.changepoints import ChangePoint, change_points
from ratchet_bot.judging.limits import limit
from ratchet_bot.judging.nights import STALE_RATIO
from ratchet_bot.judging.noise import Floor, floor


@dataclass(frozen=True)
class TrendLevel:
    """Nights that belong together, end to end in milliseconds."""

    ms: float
    start: int
    """Place of its first night in the series."""
    end: int
    """Place after its last night."""


@dataclass(frozen=True)
class LevelChange:
    """A change of level, and the commits between which it is."""

    line: HistoryLine
    """The first night of the new level."""
    good_sha: str
    """The last commit that was measured at the old level."""
    change_ratio: float
    """Relative change, positive is slower."""


@dataclass(frozen=True)
class Guard:
    """What the baseline file has of a scenario, end to end in milliseconds."""

    baseline_ms: float
    limit_ms: float


@dataclass(frozen=True)
class Trend:
    """One scenario on one hardware, in the series that its last night is of."""

    hardware: str
    scenario: str
    comparability: str
    series: Series
    """The nights that count and have end to end, oldest first; at least one."""
    aside: tuple[HistoryLine, ...]
    """The nights that do not count, oldest first: invalid, excluded, or of another series."""
    levels: tuple[TrendLevel, ...]
    changes: tuple[LevelChange, ...]
    floor: Floor
    guard: Guard | None
    """None where there is no baseline."""

    @property
    def values_ms(self) -> Sequence[float]:
        """End to end of each night."""
        return [line.values[END_TO_END] for line in self.series]

    @property
    def level_ms(self) -> float:
        """The level of the last nights."""
        return self.levels[-1].ms

    @property
    def last(self) -> HistoryLine:
        """The last night that counts."""
        return self.series[-1]

    @property
    def slack_ratio(self) -> float | None:
        """How far the baseline is above the level, as a fraction; None without a baseline."""
        return self.guard.baseline_ms / self.level_ms - 1 if self.guard and self.level_ms else None

    @property
    def is_loose(self) -> bool:
        """Whether the baseline hides regressions: see `STALE_RATIO`."""
        return self.slack_ratio is not None and self.slack_ratio > STALE_RATIO


def trends(
    history: History, hardware: str, file: BaselineFile | None = None, profile: str = DEFAULT_PROFILE
) -> list[Trend]:
    """Return the trend of each scenario of a hardware, by name.

    Args:
        history: Lines of any hardware.
        hardware: Only this one is looked at.
        file: Its baselines, where they are known.
        profile: Which of their tolerances make the limit.

    Raises:
        BaselinesRejected: the file has no such profile.
    """
    tolerances = file.profile(profile) if file else None
    counted = series_of(history.lines, hardware, latest_keys(history.lines, hardware))
    lines = {name: [line for line in series if END_TO_END in line.values] for name, series in counted.items()}
    aside = _aside(history.lines, hardware, lines)
    return [
        _trend(series, aside.get(name, ()), _guard(file, name, tolerances))
        for name, series in sorted(lines.items())
        if series
    ]


def _trend(series: Series, aside: Sequence[HistoryLine], guard: Guard | None) -> Trend:
    values = [line.values[END_TO_END] for line in series]
    points = change_points(values)
    return Trend(
        hardware=series[-1].hardware,
        scenario=series[-1].scenario,
        comparability=series[-1].comparability,
        series=series,
        aside=tuple(aside),
        levels=_levels(values, points),
        changes=tuple(
            LevelChange(series[point.index], series[point.index - 1].head_sha, point.relative_change)
            for point in points
        ),
        floor=floor(values),
        guard=guard,
    )


def _levels(values: Sequence[float], points: Sequence[ChangePoint]) -> tuple[TrendLevel, ...]:
    if not points:
        return (TrendLevel(floor(values).level or values[-1], 0, len(values)),)
    bounds = [0, *(point.index for point in points), len(values)]
    middles = [points[0].before, *(point.after for point in points)]
    return tuple(TrendLevel(ms, bounds[at], bounds[at + 1]) for at, ms in enumerate(middles))


def _aside(
    lines: Iterable[HistoryLine], hardware: str, counted: Mapping[str, Series]
) -> dict[str, list[HistoryLine]]:
    own = {name: {line.identity for line in series} for name, series in counted.items()}
    aside: dict[str, list[HistoryLine]] = {}
    for line in sorted(lines, key=lambda line: (line.captured_at, line.run_id)):
        if line.hardware == hardware and line.identity not in own.get(line.scenario, ()):
            aside.setdefault(line.scenario, []).append(line)
    return aside


def _guard(file: BaselineFile | None, name: str, tolerances: Tolerances | None) -> Guard | None:
    baseline = file.scenarios.get(name) if file else None
    baseline_ms = baseline.aggregate(END_TO_END) if baseline else None
    if not baseline_ms or tolerances is None:
        return None
    return Guard(baseline_ms, limit(END_TO_END, baseline_ms, tolerances, video=False).ms)
