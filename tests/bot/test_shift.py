"""What was measured on other terms, and what moved together with a machine."""

import pytest
from builders import make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.comparability import PastNights, Setting, versions
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.verdicts import Comparison, Outcome, Verdict
from ratchet_profiler.record import Environment, RunRecord, comparability_key

NAMES = ("a", "b", "c", "d", "e", "f")
NOW = make_record().environment
OLDER = {"driver": "565.57.01"}
PATCHED = {"driver": "570.86.10"}
"""The same major version: its times compare."""
PROVENANCE = {"request_id": "r0", "captured_at": "2026-11-01T00:00:00Z", "requests": 3}


def ran_on(**changes: str) -> Setting:
    """Return the builders' machine with these changes."""
    environment = NOW.model_copy(update=changes)
    return Setting(comparability_key(environment, "host"), versions(environment))


def run(slow: int, scale: float = 1.5) -> RunRecord:
    """Return a run of six scenarios of which the first ones are slower."""
    return make_record(
        *(make_scenario(name, scale=scale if i < slow else 1.0) for i, name in enumerate(NAMES))
    )


def file(**extra: object) -> BaselineFile:
    return make_baselines({name: make_values(**extra) for name in NAMES})


def captured_on(**changes: str) -> BaselineFile:
    return file(provenance={**PROVENANCE, "comparability": ran_on(**changes).comparability})


def verdicts(comparison: Comparison) -> list[Verdict]:
    return [one.verdict for one in comparison.scenarios]


@pytest.mark.parametrize("changes", [OLDER, PATCHED, {"image": "another"}, {"torch": "2.12.0"}])
def test_half_of_the_scenarios_slower_on_another_machine_are_one_finding(changes: dict[str, str]):
    """Three of six, together with any change of the machine since last night: none is blamed."""
    comparison = compare(
        file(), [run(3)], nights=PastNights(last_settings=dict.fromkeys(NAMES, ran_on(**changes)))
    )
    assert comparison.shift
    assert (comparison.shift.direction, comparison.shift.scenarios) == ("slower", ("a", "b", "c"))
    assert (comparison.shift.compared, comparison.shift.change_ratio) == (6, 0.5)
    assert len(comparison.shift.changes) == 1
    assert verdicts(comparison) == [Verdict.INCOMPARABLE] * 3 + [Verdict.UNCHANGED] * 3
    assert comparison.scenarios[0].reason == "it moved together with the machine"
    assert comparison.scenarios[0].e2e
    assert comparison.outcome is Outcome.INCOMPLETE


@pytest.mark.parametrize(
    ("slow", "changes"), [(2, OLDER), (6, {}), (3, {})], ids=["too few", "the same machine", "the same again"]
)
def test_what_is_no_shift_is_blamed(slow: int, changes: dict[str, str]):
    """Fewer than half, or on the same machine as last night: those are regressions."""
    comparison = compare(
        file(), [run(slow)], nights=PastNights(last_settings=dict.fromkeys(NAMES, ran_on(**changes)))
    )
    assert comparison.shift is None
    assert verdicts(comparison) == [Verdict.REGRESSED] * slow + [Verdict.UNCHANGED] * (6 - slow)


def test_what_was_not_compared_is_no_part_of_a_shift():
    """Three of six are half: three more whose number of steps has changed have no numbers to move."""
    steps = {name: make_values(steps=(100.0,) * 7) for name in ("g", "h", "i")}
    baselines = make_baselines({**{name: make_values() for name in NAMES}, **steps})
    scenarios = [make_scenario(name) for name in steps]
    record = run(3)
    record = record.model_copy(update={"scenarios": (*record.scenarios, *scenarios)})
    comparison = compare(
        baselines, [record], nights=PastNights(last_settings=dict.fromkeys((*NAMES, *steps), ran_on(**OLDER)))
    )
    assert comparison.shift
    assert (len(comparison.shift.scenarios), comparison.shift.compared) == (3, 6)


def test_two_scenarios_are_no_shift():
    """All of two are fewer than three."""
    last = dict.fromkeys(NAMES, ran_on(**OLDER))
    comparison = compare(file(), [run(2)], Terms(scenarios="[ab]"), nights=PastNights(last_settings=last))
    assert (comparison.shift, comparison.outcome) == (None, Outcome.REGRESSED)


def test_without_a_history_the_machine_is_not_known_to_be_another():
    """Nothing says what the baselines were captured on: six regressions."""
    assert compare(file(), [run(6)]).outcome is Outcome.REGRESSED


def test_faster_together_is_told_and_keeps_its_verdict():
    """An improvement blames nobody."""
    comparison = compare(
        file(), [run(5, 0.8)], nights=PastNights(last_settings=dict.fromkeys(NAMES, ran_on(**OLDER)))
    )
    assert comparison.shift
    assert (comparison.shift.direction, len(comparison.shift.scenarios)) == ("faster", 5)
    assert comparison.shift.change_ratio == pytest.approx(-0.2)
    assert verdicts(comparison) == [Verdict.IMPROVED] * 5 + [Verdict.UNCHANGED]


@pytest.mark.parametrize("slow", [0, 1, 6])
def test_a_baseline_of_another_machine_is_incomparable(slow: int):
    """The provenance's key differs: neither regressed nor unchanged, and the reason names what differs."""
    comparison = compare(captured_on(**OLDER), [run(slow)])
    reason = "its baseline was captured on other terms: driver 565 -> driver 570"
    assert [(one.verdict, one.reason, one.rows) for one in comparison.scenarios] == [
        (Verdict.INCOMPARABLE, reason, ())
    ] * 6
    assert comparison.outcome is Outcome.NOTHING_COMPARED
    assert (comparison.shift is not None) is (slow == 6)


@pytest.mark.parametrize("changes", [{}, PATCHED])
def test_a_baseline_of_the_same_kind_of_machine_is_compared(changes: dict[str, str]):
    """A minor version of the driver does not make another machine."""
    assert compare(captured_on(**changes), [run(6)]).outcome is Outcome.REGRESSED


def test_another_configuration_is_incomparable_and_no_shift():
    """It is other work on the same machine: no finding about the machine."""
    of_old_work = file(provenance={**PROVENANCE, "comparability": comparability_key(NOW, "host", "0123abcd")})
    record = run(6)
    hashed = [one.model_copy(update={"config_hash": "4567abcd"}) for one in record.scenarios]
    comparison = compare(of_old_work, [record.model_copy(update={"scenarios": tuple(hashed)})])
    assert {one.reason for one in comparison.scenarios} == {
        "its baseline was captured on other terms: configuration 0123abcd -> configuration 4567abcd"
    }
    assert comparison.shift is None


def test_sglangs_rule_knows_no_machine():
    """Its test compares whatever it is given."""
    last = dict.fromkeys(NAMES, ran_on(**OLDER))
    for its in (file(), captured_on(**OLDER)):
        comparison = compare(its, [run(6)], Terms(policy="sglang"), nights=PastNights(last_settings=last))
        assert (comparison.shift, comparison.outcome) == (None, Outcome.REGRESSED)


def test_requests_of_two_machines_are_not_pooled():
    """Two records of one scenario, one of them on another driver: there is no verdict on their mixture."""
    record = run(0)
    environment: Environment = NOW.model_copy(update=OLDER)
    other = record.model_copy(update={"environment": environment})
    comparison = compare(file(), [record, other])
    assert {(one.verdict, one.reason) for one in comparison.scenarios} == {
        (Verdict.INCOMPARABLE, "its requests do not compare: driver 570 -> driver 565")
    }
    assert compare(file(), [record, other], Terms(policy="sglang")).outcome is Outcome.UNCHANGED


def test_requests_of_several_records_are_pooled():
    """Two slow requests in one record and three as before in another: the middle one of five decides."""
    slow = make_record(
        make_scenario("flux", make_request("r0", scale=2.0), make_request("r1", scale=2.0)), run_id=1
    )
    same = make_record(make_scenario("flux", *(make_request(f"r{i}") for i in range(3))), run_id=2)
    [one] = compare(make_baselines(), [slow, same]).scenarios
    assert (one.verdict, one.requests, one.e2e and one.e2e.measured_ms) == (Verdict.UNCHANGED, 5, 560.0)
