"""What holds for every comparison, whatever it is given."""

import json
from typing import Any

from builders import STAGES, STEPS, make_baselines, make_record, make_request, make_scenario, make_values
from cmarkgfm import github_flavored_markdown_to_html
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ratchet_bot.data.baselines import ScenarioBaseline
from ratchet_bot.data.defaults import Policy
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.attribution import attribution
from ratchet_bot.judging.comparability import PastNights, Setting, versions
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.snapshot import snapshot
from ratchet_bot.judging.verdicts import ScenarioComparison, Verdict
from ratchet_bot.telling import render, words
from ratchet_bot.telling.report import Report
from ratchet_profiler.record import comparability_key
from reports import QUIET, make_section

NAMES = ("a", "b", "c", "d", "e")
POLICIES: tuple[Policy, ...] = ("ratchet", "sglang")
MS = st.one_of(st.floats(0, 1e4), st.sampled_from([0.0, 5e-324, 1e-9, 1e8]))
STAGE_NAMES = st.sampled_from(
    [*STAGES, "LTX2RefinementStage", "per_frame_generation", "Stage.with.dots", "é|`"]
)
TIMES = st.dictionaries(STAGE_NAMES, MS, max_size=5)
VALUES = st.one_of(MS, st.none(), st.just("560"), st.booleans(), st.just(-1.0))
SCENARIO = st.fixed_dictionaries(
    {
        "stages_ms": st.dictionaries(STAGE_NAMES, VALUES, max_size=5),
        "denoise_step_ms": st.dictionaries(st.integers(0, 12).map(str), VALUES, max_size=8),
        "expected_e2e_ms": VALUES,
        "expected_avg_denoise_ms": VALUES,
        "expected_median_denoise_ms": VALUES,
    }
)
REQUEST = st.builds(
    make_request,
    e2e_ms=MS,
    stages=TIMES,
    steps=st.lists(MS, max_size=12),
    frames=st.one_of(st.none(), st.integers(0, 81)),
    warmup=st.booleans(),
)
PAST = st.dictionaries(
    st.sampled_from(["expected_e2e_ms", "expected_avg_denoise_ms", "stages_ms.DenoisingStage"]),
    st.lists(MS, max_size=30),
)


@settings(derandomize=True, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(SCENARIO, st.lists(REQUEST, max_size=4), PAST)
def test_nothing_is_too_odd_to_be_judged(scenario: Any, requests: Any, past: Any):
    """Each scenario of either side gets a verdict, and the report on it can be rendered in every form."""
    numbered = [one.model_copy(update={"request_id": f"r{index}"}) for index, one in enumerate(requests)]
    file = make_baselines({"flux": scenario})
    record = make_record(make_scenario("flux", *numbered), make_scenario("other"))
    for policy in POLICIES:
        section = make_section(file, record, PastNights({"flux": past}), policy=policy)
        assert [one.scenario for one in section.comparison.scenarios] == ["flux", "other"]
        assert github_flavored_markdown_to_html(render.comment(Report((section,))))
        text = words.text("compare", report=Report((section,)), headline="")
        assert "flux" in text
        shown = json.loads(words.to_json(comparison=section.comparison))
        assert len(shown["comparison"]["scenarios"]) == 2


def judged(order: list[str], policy: Policy) -> tuple[dict[str, ScenarioComparison], set[str], set[str]]:
    """Return what is said of five scenarios, three of them slower on a newer driver, in some order."""
    scales = dict(zip(NAMES, (1.5, 1.6, 1.7, 1.0, 1.06), strict=True))
    file = make_baselines({name: make_values() for name in order})
    record = make_record(*(make_scenario(name, scale=scales[name]) for name in reversed(order)))
    environment = record.environment.model_copy(update={"driver": "565.1"})
    last = Setting(comparability_key(environment, "host"), versions(environment))
    past = {"e": {"expected_e2e_ms": [560.0 * ratio for ratio in QUIET]}}
    found = compare(
        file,
        [record],
        Terms(policy=policy),
        nights=PastNights(past=past, last_settings=dict.fromkeys(order, last)),
    )
    moved = set(found.shift.scenarios) if found.shift else set()
    return {one.scenario: one for one in found.scenarios}, moved, set(found.to_confirm)


@settings(derandomize=True, max_examples=15)
@given(st.permutations(NAMES), st.sampled_from(POLICIES))
def test_the_order_of_scenarios_changes_nothing(order: list[str], policy: Policy):
    """Neither a verdict, nor who moved with the machine, nor who is to be measured again."""
    assert judged(order, policy) == judged(list(NAMES), policy)


@settings(derandomize=True, max_examples=40)
@given(
    st.floats(0.5, 2.0),
    st.lists(st.floats(0.5, 2.0), min_size=5, max_size=5),
    st.integers(0, 8),
    st.sampled_from(POLICIES),
)
def test_a_machine_slower_by_a_power_of_two_says_the_same(
    whole: float, steps: list[float], power: int, policy: Policy
):
    """Baselines, measurements and nights in other units: each row, verdict and part is the same, bit by bit.

    The times are so long that tolerances bind and no pad does.
    """

    def at(scale: float) -> ScenarioComparison:
        values = {
            "e2e_ms": 1e6 * scale,
            "stages": {name: ms * 1000 * scale for name, ms in STAGES.items()},
            "steps": [step * 1000 * scale for step in STEPS],
        }
        new_steps = [step * 1000 * scale * ratio for step, ratio in zip(STEPS, steps, strict=True)]
        stages = {**values["stages"], "DenoisingStage": sum(new_steps) + 1000 * scale}
        e2e_ms = max(1e6 * whole * scale, sum(stages.values()))
        request = make_request(e2e_ms=e2e_ms, stages=stages, steps=new_steps)
        past = {"flux": {"expected_e2e_ms": [1e6 * scale * ratio for ratio in QUIET]}}
        file = make_baselines({"flux": exact_values(values)})
        [one] = compare(
            file,
            [make_record(make_scenario("flux", request))],
            Terms(policy=policy),
            nights=PastNights(past=past),
        ).scenarios
        return one

    small, large = at(1.0), at(2.0**power)
    assert (small.verdict, small.reason, small.notes) == (large.verdict, large.reason, large.notes)
    assert [(row.field, row.binds, row.crossed) for row in small.rows] == [
        (row.field, row.binds, row.crossed) for row in large.rows
    ]
    assert [row.limit_ms * 2**power for row in small.rows] == [row.limit_ms for row in large.rows]
    assert {row.binds for row in small.rows} <= {"tolerance", "noise"}
    if policy == "ratchet" and small.attribution and large.attribution:
        assert [one.ms * 2**power for one in small.attribution.stages] == [
            one.ms for one in large.attribution.stages
        ]
        [before], [after] = small.attribution.steps, large.attribution.steps
        assert (before.spikes_ms * 2**power, before.main) == (after.spikes_ms, after.main)


def exact_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return a scenario whose average and median are not rounded."""
    taken = snapshot(make_request(**values), "host")
    assert taken
    return taken.values()


@settings(derandomize=True, max_examples=100)
@given(st.lists(st.floats(0, 2000), min_size=5, max_size=5), st.integers(-3, 12))
def test_an_attribution_scales_with_its_times(steps: list[float], power: int):
    """Twice as slow a machine has twice as large parts, exactly."""

    def at(scale: float) -> list[float]:
        request = make_request(steps=steps, stages={"DenoisingStage": sum(steps)}, scale=scale)
        baseline = {
            "stages": {name: ms * scale for name, ms in STAGES.items()},
            "steps": [one * scale for one in STEPS],
        }
        taken = snapshot(request, "host")
        assert taken
        found = attribution(
            ScenarioBaseline.model_validate(make_values(e2e_ms=560.0 * scale, **baseline)), taken
        )
        assert found
        [inside] = found.steps
        return [found.total_ms, found.unattributed_ms, inside.level_ms, inside.drift_ms, inside.spikes_ms]

    assert [part * 2.0**power for part in at(1.0)] == at(2.0**power)


def test_every_policy_has_every_verdict_of_its_own():
    """The rule of sglang knows pass and fail; what it passes is improved or unchanged."""
    fast, slow = make_request(scale=0.5), make_request(scale=3.0)
    for request, verdict in (
        (fast, Verdict.IMPROVED),
        (make_request(), Verdict.UNCHANGED),
        (slow, Verdict.REGRESSED),
    ):
        for policy in POLICIES:
            [one] = compare(
                make_baselines(), [make_record(make_scenario("flux", request))], Terms(policy=policy)
            ).scenarios
            assert one.verdict is verdict
