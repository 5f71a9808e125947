"""Suspects: within the limits, beyond the noise; confirmed or cleared, never retried until they pass."""

from typing import Any

import pytest
from builders import STAGES, STEPS, make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.history import Past
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.comparability import PastNights
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.noise import noise_limit_ms
from ratchet_bot.judging.verdicts import Earlier, Outcome, Row, ScenarioComparison, Verdict
from ratchet_profiler.record import RequestRecord
from reports import QUIET, nights_of, requests_of

FILE = make_baselines()
PAST = {"flux": nights_of()}
"""Thirty nights at 560 ms, each within 0.3 % of it."""


def compared(*requests: RequestRecord, past: Past = PAST, **terms: Any) -> ScenarioComparison:
    record = make_record(make_scenario("flux", *requests))
    [one] = compare(FILE, [record], Terms(**terms), nights=PastNights(past)).scenarios
    return one


def test_slower_than_noise_within_the_limit_is_suspect():
    """7 % above quiet nights, and far below the 25 % of the tolerance: the noise binds."""
    one = compared(make_request(e2e_ms=600.0))
    limit_ms = noise_limit_ms(PAST["flux"]["expected_e2e_ms"], 1)
    assert limit_ms
    assert 560.0 < limit_ms < 600.0
    assert one.verdict is Verdict.SUSPECT
    assert one.e2e == Row("expected_e2e_ms", 560.0, 600.0, limit_ms, "noise", gates=True)
    assert (one.e2e.suspicious, one.e2e.crossed) == (True, False)


@pytest.mark.parametrize(("ratio", "verdict"), [(0.999, Verdict.UNCHANGED), (1.001, Verdict.SUSPECT)])
def test_the_noise_limit_is_where_suspicion_begins(ratio: float, verdict: Verdict):
    """Three requests a thousandth below it are unchanged, a thousandth above it suspect."""
    limit_ms = noise_limit_ms(PAST["flux"]["expected_e2e_ms"], 3)
    assert limit_ms
    assert compared(*requests_of([limit_ms * ratio] * 3)).verdict is verdict


@pytest.mark.parametrize("e2e_ms", [550.0, 560.0, 562.0])
def test_noise_is_no_suspect(e2e_ms: float):
    """What the nights before were like is unchanged, and its limit is that of the file."""
    one = compared(make_request(e2e_ms=e2e_ms))
    assert one.verdict is Verdict.UNCHANGED
    assert one.e2e
    assert (one.e2e.limit_ms, one.e2e.binds) == (700.0, "tolerance")


def test_above_the_limit_is_regressed_whatever_the_noise():
    """Noise makes suspects, and excuses nothing."""
    noisy = {"flux": {"expected_e2e_ms": [560.0 * ratio for ratio in (0.6, 1.0, 1.6, 0.8, 1.4)] * 6}}
    for past in (PAST, noisy, {}):
        one = compared(make_request(e2e_ms=701.0), past=past)
        assert one.verdict is Verdict.REGRESSED
        assert one.e2e
        assert one.e2e.binds == "tolerance"


@pytest.mark.parametrize("nights", [[], [560.0], [560.0, 561.0, 559.0]])
def test_with_too_little_history_only_the_limits_judge(nights: list[float]):
    """A handful of nights is no noise floor."""
    assert compared(make_request(e2e_ms=690.0), past={"flux": {"expected_e2e_ms": nights}}).verdict is (
        Verdict.UNCHANGED
    )


def test_an_improvement_on_a_stale_baseline_may_be_suspect():
    """Faster than the file says, and slower than last night: that is told first."""
    one = compared(
        make_request(e2e_ms=553.0, stages={**STAGES, "DecodingStage": 50.0}), past={"flux": nights_of(500.0)}
    )
    assert (one.verdict, one.e2e and one.e2e.binds) == (Verdict.SUSPECT, "noise")


def test_only_what_decides_makes_a_suspect():
    """A stage or a step beyond its noise, that does not decide, is nothing to look at."""
    past = {"flux": {f"stages_ms.{name}": [ms * ratio / 2 for ratio in QUIET] for name, ms in STAGES.items()}}
    one = compared(make_request(), past=past)
    assert [row.field for row in one.rows if row.suspicious] == [
        "stages_ms.DenoisingStage",
        "stages_ms.DecodingStage",
    ]
    only_told = {"flux": {"stages_ms.TextEncodingStage": [10.0] * 30, "denoise_step_ms.1": [10.0] * 30}}
    assert compared(make_request(), past=only_told).verdict is Verdict.UNCHANGED


def test_sglangs_rule_knows_no_noise():
    """Its test has limits only."""
    assert compared(make_request(e2e_ms=600.0), policy="sglang").verdict is Verdict.UNCHANGED


@pytest.mark.parametrize(
    ("first_ms", "more_ms", "verdict", "earlier"),
    [
        ([600.0, 601.0, 602.0], [], Verdict.SUSPECT, None),
        ([600.0, 601.0, 602.0], [603.0, 601.0], Verdict.SUSPECT, Earlier(Verdict.SUSPECT, 3)),
        ([600.0, 601.0, 602.0], [560.0] * 5, Verdict.UNCHANGED, Earlier(Verdict.SUSPECT, 3)),
        ([800.0, 801.0, 802.0], [560.0] * 5, Verdict.UNCHANGED, Earlier(Verdict.REGRESSED, 3)),
        ([560.0], [600.0] * 5, Verdict.SUSPECT, Earlier(Verdict.UNCHANGED, 1)),
    ],
)
def test_the_verdict_is_taken_over_all_requests(
    first_ms: list[float], more_ms: list[float], verdict: Verdict, earlier: Earlier | None
):
    """Appended requests begin with a warm-up of their own; what was said before them is kept."""
    one = compared(*requests_of(first_ms, *more_ms))
    assert (one.verdict, one.earlier) == (verdict, earlier)
    assert one.requests == len(first_ms) + len(more_ms)
    was_slower = earlier is not None and earlier.verdict in (Verdict.SUSPECT, Verdict.REGRESSED)
    assert one.cleared is (was_slower and verdict is Verdict.UNCHANGED)
    assert one.to_confirm is (verdict is Verdict.SUSPECT and earlier is None)


def test_suspects_are_named_to_be_confirmed_once():
    """A suspect that more requests have confirmed is not asked again; a regression and the rest never are."""
    names = ("new", "confirmed", "regressed", "same")
    file = make_baselines({name: make_values() for name in names})
    record = make_record(
        make_scenario("new", *requests_of([600.0])),
        make_scenario("confirmed", *requests_of([600.0], 600.0)),
        make_scenario("regressed", *requests_of([900.0])),
        make_scenario("same", *requests_of([560.0])),
    )
    comparison = compare(file, [record], nights=PastNights(past=dict.fromkeys(names, nights_of())))
    assert comparison.to_confirm == ("new",)
    assert comparison.outcome is Outcome.REGRESSED


def test_a_suspect_alone_is_within_the_limits():
    """It is worse than an improvement, and better than what was not judged."""
    file = make_baselines({"flux": make_values(), "fast": make_values(), "gone": make_values()})
    record = make_record(make_scenario("flux", make_request(e2e_ms=600.0)), make_scenario("fast", scale=0.9))
    assert (
        compare(file, [record], Terms(scenarios="f*"), nights=PastNights(past=PAST)).outcome
        is Outcome.SUSPECT
    )
    assert compare(file, [record], nights=PastNights(past=PAST)).outcome is Outcome.INCOMPLETE


def test_each_metric_has_its_own_noise():
    """The median step is 5 % above its nights, end to end is not: the median alone makes the suspect."""
    steps = [50.0, 105.0, 115.0, 105.0, 85.0]
    past = {"flux": {"expected_median_denoise_ms": [100.0 * ratio for ratio in QUIET], **nights_of()}}
    one = compared(make_request(steps=steps), past=past)
    assert sum(steps) == sum(STEPS) + 10.0
    assert [row.field for row in one.rows if row.suspicious] == ["expected_median_denoise_ms"]


@pytest.mark.parametrize(
    ("e2e_ms", "requests", "verdict"),
    [
        (6150.0, 1, Verdict.SUSPECT),
        (6150.0, 2, Verdict.REGRESSED),
        (6161.0, 1, Verdict.REGRESSED),
    ],
)
def test_one_request_is_no_regression_below_ten_percent(e2e_ms: float, requests: int, verdict: Verdict):
    """A tolerance of 5 % is crossed by 9.8 %: a suspicion of one request, a regression of two, as 10 % is."""
    tight = dict.fromkeys(("denoise_stage", "non_denoise_stage", "denoise_step", "denoise_agg"), 0.5)
    file = make_baselines(
        {"flux": make_values(e2e_ms=5600.0)}, tolerances={"pr_test": {"e2e": 0.05, **tight}}
    )
    taken = [make_request(f"r{number}", e2e_ms=e2e_ms) for number in range(requests)]
    [one] = compare(file, [make_record(make_scenario("flux", *taken))]).scenarios
    assert one.verdict is verdict
