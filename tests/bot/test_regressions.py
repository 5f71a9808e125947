"""When a regression is over, and when everything moved at once."""

from datetime import timedelta
from typing import Any

import pytest
from builders import make_baselines, make_values
from history_lines import BEGIN, make_regression, make_series
from pydantic import ValidationError
from ratchet_bot.judging.open_regressions import (
    Remembered,
    episodes,
    remembered_and_current,
    remembered_from_json,
    why_over,
)

FILE = make_baselines({"flux": make_values(e2e_ms=100.0)})
SLOW = [*[100.0] * 10, *[120.0] * 5]


def provenance(night: int) -> dict[str, Any]:
    """Return the provenance of values that were captured on a night."""
    at = (BEGIN + timedelta(days=night - 1)).isoformat()
    return {"request_id": "r", "captured_at": at, "requests": 3}


def test_a_regression_holds_until_the_level_is_back():
    """Half of the way back, for more than one night, ends it."""
    one = make_regression()

    assert why_over(one, make_series(SLOW), FILE) == ""
    assert why_over(one, make_series([*SLOW, 100.0]), FILE) == ""
    assert why_over(one, make_series([*SLOW, *[115.0] * 6]), FILE) == ""
    assert why_over(one, make_series([*SLOW, *[105.0] * 6]), FILE) == "it is as fast as before"


def test_not_measured_is_not_recovered():
    """A scenario of which no night is known still holds."""
    assert why_over(make_regression(), (), FILE) == ""


def test_another_machine_ends_it():
    """Where the series began anew, the old level cannot be compared any more."""
    lines = make_series([100.0], changed={1: {"comparability": "other"}})

    assert why_over(make_regression(), lines, FILE) == (
        "the machine has changed since, so its times are not comparable"
    )


def test_a_baseline_at_the_new_level_ends_it():
    """Somebody has accepted it: the baseline was captured after it began, and is at the new level."""
    accepted = make_baselines({"flux": make_values(e2e_ms=120.0, provenance=provenance(14))})
    older = make_baselines({"flux": make_values(e2e_ms=120.0, provenance=provenance(9))})
    tight = make_baselines({"flux": make_values(e2e_ms=100.0, provenance=provenance(14))})
    lines = make_series(SLOW)

    assert why_over(make_regression(), lines, accepted) == (
        "its baseline has since been captured again, at the new level"
    )
    assert [why_over(make_regression(), lines, file) for file in (older, tight)] == ["", ""]


def test_a_scenario_that_is_gone_ends_it():
    """A scenario that nobody guards any more has no regression."""
    assert why_over(make_regression("wan"), (), FILE) == "the scenario has no baseline any more"


def test_what_is_older_than_the_history_is_remembered():
    """A known regression that began before the first night that was read is kept beside what is found."""
    series = {"flux": make_series(SLOW)}
    ancient = make_regression(since=BEGIN - timedelta(days=100), bad_run_id=0)
    moved = make_regression(bad_run_id=12)

    assert remembered_and_current([ancient, moved], [make_regression()], series) == [
        ancient,
        make_regression(),
    ]
    assert remembered_and_current([moved], [], series) == [moved]


def test_what_began_on_one_night_is_one_episode():
    """Regressions are told by night, the oldest first, and within a night the largest first."""
    found = [
        make_regression("a", since=BEGIN + timedelta(days=12), bad_run_id=13),
        make_regression("b"),
        make_regression("c", after_ms=150.0),
    ]
    told = episodes(found, {name: make_series(SLOW, name) for name in "abcdefghi"})

    assert [[one.scenario for one in episode.regressions] for episode in told] == [["c", "b"], ["a"]]
    assert [episode.is_everywhere for episode in told] == [False, False]


@pytest.mark.parametrize(("environment", "is_shift"), [((), False), (("driver: 570.1 → 570.2",), True)])
def test_everything_at_once_is_one_finding(environment: tuple[str, ...], is_shift: bool):  # noqa: FBT001 - a case
    """Half of all scenarios in one night are one episode, and with a changed machine the machine's."""
    found = [make_regression(name, environment=environment) for name in "abc"]
    [episode] = episodes(found, {name: make_series(SLOW, name) for name in "abcdef"})

    assert (episode.is_everywhere, episode.is_shift) == (True, is_shift)
    assert episode.environment == environment


def test_memory_survives_the_issue_and_bad_hands():
    """What an issue remembers is read back equal; an edited memory is none, and breaks nothing."""
    found = (make_regression(), make_regression("wan"))
    memory = Remembered(regressions=found, accepted=("wan",))
    text = memory.model_dump_json()

    assert remembered_from_json(text) == memory
    assert remembered_from_json(text[:-5]) == Remembered()
    assert remembered_from_json(text.replace("120.0", "1e999")) == Remembered()
    with pytest.raises(ValidationError):
        make_regression(surprise=1)
