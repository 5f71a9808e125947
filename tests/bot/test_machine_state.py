import pytest
from builders import make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.tighten import propose
from ratchet_bot.judging.verdicts import Outcome, Verdict
from ratchet_profiler.record import MachineState, RunRecord, ScenarioRecord

THROTTLED = MachineState(throttle_reasons=("sw_power_cap", "hw_thermal_slowdown"))
SHARED = MachineState(other_processes=2)
SPOILT = [
    (THROTTLED, "the device was throttled: hw_thermal_slowdown"),
    (SHARED, "the device was shared with 2 other processes"),
]


def record_in(state: MachineState, *scenarios: ScenarioRecord) -> RunRecord:
    record = make_record(*scenarios)
    environment = record.environment.model_copy(update={"state": state})
    return record.model_copy(update={"environment": environment})


@pytest.mark.parametrize(("state", "reason"), SPOILT)
@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_a_spoilt_run_is_invalid_and_never_a_verdict(state: MachineState, reason: str, scale: float):
    """Neither regressed, nor unchanged, nor improved: the reason is told, and nothing was measured."""
    found = compare(make_baselines(), [record_in(state, make_scenario(scale=scale))])
    (scenario,) = found.scenarios
    assert (scenario.verdict, scenario.reason, scenario.rows) == (Verdict.INVALID, reason, ())
    assert found.outcome == Outcome.NOTHING_COMPARED


@pytest.mark.parametrize(
    "state",
    [
        MachineState(),
        MachineState(throttle_reasons=("sw_power_cap", "applications_clocks_setting"), other_processes=0),
    ],
)
def test_a_device_at_its_power_limit_regresses_as_any(state: MachineState):
    """That is how it runs a large model: an excuse it is not."""
    found = compare(make_baselines(), [record_in(state, make_scenario(scale=3.0))])
    assert found.outcome == Outcome.REGRESSED


def test_what_failed_or_was_not_measured_is_still_told_as_such():
    """The engine's error is more to the point than the heat."""
    file = make_baselines({"flux": make_values(), "gone": make_values()})
    record = record_in(THROTTLED, make_scenario("flux", make_request(), error="RuntimeError: no memory"))
    found = {scenario.scenario: scenario for scenario in compare(file, [record]).scenarios}
    assert (found["flux"].verdict, found["flux"].reason) == (Verdict.INVALID, "RuntimeError: no memory")
    assert found["gone"].verdict == Verdict.MISSING


@pytest.mark.parametrize(("state", "reason"), SPOILT)
def test_a_spoilt_run_proposes_nothing(state: MachineState, reason: str):
    """Half the time on a machine that cannot be trusted is no new baseline."""
    proposals = propose(make_baselines(), [record_in(state, make_scenario(scale=0.5))])
    assert proposals.proposals == ()
    assert [declined.reason for declined in proposals.declined] == [reason]
