"""What is outside of every stage, and of every step: as a level, and as a move from the older version."""

from typing import Any

import pytest
from audit_cases import measured, subject, told
from ratchet_bot.judging.rules.sums import stage_exceeds_steps, unattributed_e2e


@pytest.mark.parametrize(
    ("e2e_ms", "rules"),
    [
        (798.30, []),
        (798.31, [("unattributed-e2e", "info")]),
        (612.34, []),
    ],
)
def test_much_in_no_stage_is_a_note(e2e_ms: float, rules: list[Any]):
    """Stages of 598.30 ms: up to 200 ms may be outside without a word."""
    assert told(list(unattributed_e2e(subject(measured(e2e_ms=e2e_ms))))) == rules


@pytest.mark.parametrize(("e2e_ms", "rules"), [(6000.0, []), (6000.01, [("unattributed-e2e", "info")])])
def test_a_tenth_in_no_stage_is_a_note(e2e_ms: float, rules: list[Any]):
    """Of a long request up to 10 % may be outside: 600 of 6,000 ms."""
    stages = {"DenoisingStage": 5400.0}

    assert told(list(unattributed_e2e(subject(measured(e2e_ms=e2e_ms, stages=stages))))) == rules


@pytest.mark.parametrize(("e2e_ms", "rules"), [(712.34, []), (712.35, [("unattributed-e2e", "warning")])])
def test_time_that_leaves_its_stage_is_a_warning(e2e_ms: float, rules: list[Any]):
    """14.04 ms were outside of the stages; 100 ms more are allowed, as 3 % of end to end are less."""
    moved = unattributed_e2e(subject(measured(e2e_ms=e2e_ms), old=measured()))

    assert told(list(moved)) == rules


@pytest.mark.parametrize(("e2e_ms", "rules"), [(10309.2, []), (10309.4, [("unattributed-e2e", "warning")])])
def test_three_percent_of_a_long_request_may_leave_its_stage(e2e_ms: float, rules: list[Any]):
    """None of 10,000 ms was outside; up to 3 % of end to end, 309.28 of 10,309.28 ms, is no move."""
    stages = {"DenoisingStage": 10000.0}
    old, new = measured(e2e_ms=10000.0, stages=stages), measured(e2e_ms=e2e_ms, stages=stages)

    assert told(list(unattributed_e2e(subject(new, old=old)))) == rules


def test_what_exceeds_its_whole_is_told_by_other_rules():
    """Stages longer than the request, or steps longer than their stage, are nothing outside of them."""
    new = measured(e2e_ms=300.0, stages={**measured()["stages_ms"], "DenoisingStage": 400.0})

    assert list(unattributed_e2e(subject(new, old=measured()))) == []
    assert list(stage_exceeds_steps(subject(new, old=measured()))) == []


def test_more_outside_is_a_move_whatever_was():
    """Against a version that contradicted itself more is a move, and less than nothing counts as nothing."""
    contradicting = measured(expected_avg_denoise_ms=120.0)
    impossible = measured(e2e_ms=400.0)

    assert len(list(unattributed_e2e(subject(measured(e2e_ms=712.4), old=contradicting)))) == 1
    assert list(unattributed_e2e(subject(measured(e2e_ms=690.0), old=impossible))) == []


def test_a_move_is_said_with_what_was():
    """The finding names the time now and before, and expects the older one."""
    [finding] = unattributed_e2e(subject(measured(e2e_ms=1612.34), old=measured()))

    assert (finding.actual, finding.expected, finding.introduced) == (1014.04, 14.04, True)
    assert finding.message == (
        "1,014.04 ms of end to end are in no stage, 14.04 ms before, under the same stage names: replace the "
        "whole scenario with the values of one request (perf-ratchet tighten --replace)"
    )


def test_other_stage_names_say_nothing_about_what_is_outside():
    """A stage that got a name of its own may take its time out of what was outside."""
    old = measured(e2e_ms=1612.34)
    new = measured(
        e2e_ms=1612.34, stages={"TextEncodingStage": 31.41, "New": 1000.0, "DenoisingStage": 505.62}
    )

    assert list(unattributed_e2e(subject(new, old=old))) == []


def test_a_repair_is_no_move():
    """Less outside than in a version that contradicted itself: end to end and stages fit together now."""
    old = measured(e2e_ms=1612.34, expected_avg_denoise_ms=120.0)

    assert list(unattributed_e2e(subject(measured(), old=old))) == []
    assert told(list(unattributed_e2e(subject(measured(), old=measured(e2e_ms=1612.34))))) == [
        ("unattributed-e2e", "warning")
    ]


@pytest.mark.parametrize(("stage_ms", "rules"), [(553.2, []), (553.22, [("stage-exceeds-steps", "info")])])
def test_much_in_no_step_is_a_note(stage_ms: float, rules: list[Any]):
    """503.21 ms of steps: up to 50 ms of their stage may be outside without a word."""
    values = measured(stages={"DenoisingStage": stage_ms})

    assert told(list(stage_exceeds_steps(subject(values)))) == rules


@pytest.mark.parametrize(("stage_ms", "rules"), [(1999.9, []), (2000.1, [("stage-exceeds-steps", "info")])])
def test_a_twentieth_in_no_step_is_a_note(stage_ms: float, rules: list[Any]):
    """Of a long stage up to 5 % may be outside: 100 of 2,000 ms."""
    values = measured(stages={"DenoisingStage": stage_ms}, steps=[950.0, 950.0])

    assert told(list(stage_exceeds_steps(subject(values)))) == rules


@pytest.mark.parametrize(
    ("stage_ms", "rules"), [(508.17, []), (508.19, [("stage-exceeds-steps", "warning")])]
)
def test_a_share_that_moves_is_a_warning(stage_ms: float, rules: list[Any]):
    """0.4766 % were outside of the steps; up to 0.9766 % are no move: 503.21 / 0.990234 = 508.173."""
    new = measured(stages={**measured()["stages_ms"], "DenoisingStage": stage_ms})

    assert told(list(stage_exceeds_steps(subject(new, old=measured())))) == rules


def test_what_is_sampled_has_no_share():
    """Of sampled steps nobody knows how much of the stage they should be."""
    values = {**measured(stages={"DenoisingStage": 9000.0}), "denoise_step_ms": {"0": 1.0, "9": 1.0}}

    assert list(stage_exceeds_steps(subject(values))) == []
