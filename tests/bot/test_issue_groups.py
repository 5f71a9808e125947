"""Which issue tells of which regression, night after night."""

from datetime import timedelta

import pytest
from history_lines import BEGIN, make_regression
from ratchet_bot.judging.open_regressions import ReportedIssue, issue_shares
from ratchet_bot.judging.regressions import Regression
from ratchet_bot.telling.markers import beginning_of, marker_of


def since(night: int, scenario: str = "flux") -> Regression:
    """Return a regression that began on a night, whose run has the same number."""
    return make_regression(scenario, bad_run_id=night, since=BEGIN + timedelta(days=night - 1))


def told(beginning: int, *regressions: Regression, is_whole: bool = True) -> ReportedIssue:
    return ReportedIssue(beginning, regressions, is_whole)


def test_what_began_together_is_one_issue():
    """Without an issue each beginning is one of its own, the first one first."""
    sharing = issue_shares([since(13, "wan"), since(11), since(11, "qwen")], [])

    assert sharing.by_issue == []
    assert sharing.fresh == {11: [since(11), since(11, "qwen")], 13: [since(13, "wan")]}


def test_more_scenarios_of_a_beginning_join_its_issue():
    """Also when the beginning of those that were told is thought to be another since."""
    issue = told(11, since(11))

    assert issue_shares([since(11), since(11, "wan")], [issue]).by_issue == [[since(11), since(11, "wan")]]
    assert issue_shares([since(12), since(11, "wan")], [issue]).by_issue == [[since(11, "wan"), since(12)]]
    assert issue_shares([since(12), since(12, "wan")], [issue]).by_issue == [[since(12), since(12, "wan")]]


def test_a_beginning_that_moves_stays_in_its_issue():
    """Two issues whose beginnings are a night apart keep their scenarios when the estimates change places."""
    issues = [told(11, since(11)), told(12, since(12, "wan"))]
    sharing = issue_shares([since(12), since(11, "wan")], issues)

    assert sharing.by_issue == [[since(12)], [since(11, "wan")]]
    assert sharing.fresh == {}


def test_a_second_step_of_a_scenario_is_another_issue():
    """The nearer of two regressions is the one that was told; a third issue is not opened for either."""
    [first] = issues = [told(11, since(11))]
    sharing = issue_shares([since(12), since(30)], issues)
    assert (sharing.by_issue, sharing.fresh) == ([[since(12)]], {30: [since(30)]})

    again = issue_shares([since(12), since(31)], [first, told(30, since(30))])
    assert (again.by_issue, again.fresh) == ([[since(12)], [since(31)]], {})


def test_an_issue_of_which_nothing_is_left_is_empty():
    """It stays in its place, so that it can be closed."""
    sharing = issue_shares([since(13, "wan")], [told(11, since(11)), told(13, since(13, "wan"))])

    assert sharing.by_issue == [[], [since(13, "wan")]]


@pytest.mark.parametrize(("is_whole", "fresh"), [(True, {12: [since(12, "wan")]}), (False, {})])
def test_what_an_issue_could_not_remember_is_near_it(is_whole: bool, fresh: dict[int, list[Regression]]):  # noqa: FBT001 - a case
    """Of a group too large for its memory, a scenario whose beginning moves does not become a new issue."""
    sharing = issue_shares([since(11), since(12, "wan")], [told(11, since(11), is_whole=is_whole)])

    assert sharing.fresh == fresh


@pytest.mark.parametrize("hardware", ["h100", "h100-x", "a--", "since"])
def test_an_issue_is_found_by_its_hardware_and_beginning(hardware: str):
    """No name is taken for another, and an issue without a beginning is nobody's."""
    body = f"{marker_of(hardware, 1021)}\nwords"

    assert beginning_of(body, hardware) == 1021
    assert beginning_of(body, "h10") is beginning_of(f" {body}", hardware) is None
    assert beginning_of(f"<!-- perf-ratchet:regressions {hardware} -->", hardware) is None
