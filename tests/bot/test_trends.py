"""How scenarios have done, and where a chart puts it."""

from datetime import timedelta

import pytest
from builders import make_baselines, make_values
from history_lines import make_line, make_series, sha_of
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.data.baselines import BaselinesRejected
from ratchet_bot.data.history import History
from ratchet_bot.judging.trends import Trend, trends
from ratchet_bot.telling.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, chart

STEADY = [100.0, 100.4, 99.8, 100.1, 99.9, 100.2, 99.7, 100.3, 100.0, 99.9]
FILE = make_baselines({"flux": make_values(e2e_ms=110.0)})


def trend_of(values: list[float]) -> Trend:
    """Return the trend of a scenario with a baseline of 110 ms."""
    [trend] = trends(History(tuple(make_series(values))), "h100", FILE)
    return trend


def test_a_trend_has_levels_and_the_commits_between_them():
    """Two levels, the change between them with its commits, and the limit of the baseline."""
    trend = trend_of([*STEADY, *[80.0] * 8])

    assert [(level.ms, level.start, level.end) for level in trend.levels] == [(100.0, 0, 10), (80.0, 10, 18)]
    assert [(one.good_sha, one.line.head_sha) for one in trend.changes] == [(sha_of(10), sha_of(11))]
    assert (trend.level_ms, trend.last.run_id, trend.slack_ratio) == (80.0, 18, 0.375)
    assert trend.guard is not None
    assert (trend.guard.baseline_ms, trend.guard.limit_ms) == (110.0, 137.5)


def test_what_does_not_count_is_aside():
    """Excluded, invalid and earlier machines' nights are kept apart, in their order."""
    lines = [
        make_line(1, comparability="old"),
        make_line(2),
        make_line(3, excluded="shared"),
        make_line(4, valid=False, reason="throttled", values={}),
        make_line(5),
    ]
    [trend] = trends(History(tuple(lines)), "h100")

    assert [line.run_id for line in trend.series] == [2, 5]
    assert [line.run_id for line in trend.aside] == [1, 3, 4]
    assert (trend.guard, trend.slack_ratio) == (None, None)


def test_another_hardware_is_another_trend():
    """Lines of other hardware are not looked at, and a scenario without a night that counts has no trend."""
    lines = [make_line(1, hardware="ascend"), make_line(1, scenario="wan", valid=False)]

    assert trends(History(tuple(lines)), "h100") == []


def test_a_profile_has_to_be_there():
    """A profile that the baselines do not have is refused."""
    with pytest.raises(BaselinesRejected, match="there is no profile 'nightly'"):
        trends(History((make_line(),)), "h100", FILE, "nightly")


def test_a_chart_shows_the_baseline_and_the_limit():
    """Both are lines across; a limit that is far above everything is left out."""
    shown, far = chart(trend_of(STEADY)), chart(trend_of([50.0] * 10))

    assert shown.baseline is not None
    assert shown.limit is not None
    assert TOP < shown.limit.y < shown.baseline.y < shown.marks[0].y < BOTTOM
    assert (far.baseline, far.limit) == (None, None)


def test_a_spike_does_not_flatten_a_chart():
    """A value far above the level is drawn at the upper edge and said to be beyond it."""
    drawn = chart(trend_of([*STEADY, 900.0, *STEADY]))

    assert [mark.is_beyond for mark in drawn.marks].index(True) == 10
    assert drawn.marks[10].y == TOP
    assert sum(mark.is_beyond for mark in drawn.marks) == 1


def test_ticks_are_round():
    """The lines across are at round values, as many as fit."""
    assert [tick.text for tick in chart(trend_of(STEADY)).ticks] == ["100", "120", "140"]


def test_a_date_stands_once():
    """A history of two nights has two dates, not four."""
    assert [day.text for day in chart(trend_of([100.0, 101.0])).days] == ["Nov 01", "Nov 02"]
    assert len(chart(trend_of([100.0])).days) == 3


def test_excluded_nights_are_drawn_where_they_were():
    """A night that does not count is a mark of its own, between the others."""
    nights = make_series([100.0, 300.0, 100.0], changed={2: {"excluded": "shared"}})
    [trend] = trends(History(tuple(nights)), "h100")
    drawn = chart(trend)

    assert [mark.x for mark in drawn.aside] == [(LEFT + RIGHT) / 2]
    assert [mark.is_beyond for mark in drawn.aside] == [True]


def inside(drawn: Chart) -> bool:
    """Return whether everything of a chart lies within its plot."""
    ys = [it.y for it in (*drawn.marks, *drawn.aside, *drawn.levels, *drawn.ticks)]
    xs = [it.x for it in (*drawn.marks, *drawn.aside, *drawn.turns, *drawn.days)]
    return all(TOP <= y <= BOTTOM for y in ys) and all(LEFT <= x <= RIGHT for x in xs)


@settings(max_examples=60)
@given(st.lists(st.floats(0.0, 1e8), min_size=1, max_size=40), st.integers(0, 3))
def test_any_history_has_a_chart(values: list[float], gap: int):
    """Whatever was measured, and whatever nights are missing: everything lies within the plot."""
    lines = [
        line.model_copy(update={"captured_at": line.captured_at + timedelta(days=gap * number)})
        for number, line in enumerate(make_series(values))
    ]
    [trend] = trends(History(tuple(lines)), "h100", FILE)
    drawn = chart(trend)

    assert inside(drawn)
    assert len(drawn.marks) == len(values)
    assert 0 < len(drawn.ticks) <= 5
