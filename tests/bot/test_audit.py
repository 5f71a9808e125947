"""The audit of a whole file: order, counts, waivers, and what holds for every file."""

import json
from datetime import date
from random import Random
from typing import Any

from audit_cases import changed, measured, told
from builders import make_baselines
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.data.baselines import BaselinesRejected, baselines_from_text
from ratchet_bot.data.settings import Waiver
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.rules.rule import SEVERITIES, first_error, tally
from ratchet_bot.judging.rules.table import RULES
from ratchet_bot.telling.audit_report import AuditReport

NUMBERS = st.one_of(
    st.sampled_from([0, -1, -0.0, 1e308, 1e-300, 2**60, 100.0, 50, 99.99, float("nan"), float("inf"), True]),
    st.floats(0, 1000).map(lambda value: round(value, 2)),
)
ANYTHING = st.recursive(
    st.one_of(NUMBERS, st.none(), st.text(max_size=5), st.booleans()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
STAGES = st.sampled_from(
    ["DenoisingStage", "DecodingStage", "RefinementStage", "per_frame_generation", "", "a.b"]
)
SCENARIOS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "metadata", ""]),
    st.fixed_dictionaries(
        {},
        optional={
            "stages_ms": st.dictionaries(STAGES, NUMBERS | ANYTHING, max_size=4),
            "denoise_step_ms": st.dictionaries(st.sampled_from("012345678"), NUMBERS | ANYTHING, max_size=8),
            "expected_e2e_ms": NUMBERS | ANYTHING,
            "expected_avg_denoise_ms": NUMBERS | ANYTHING,
            "expected_median_denoise_ms": NUMBERS | ANYTHING,
        },
    ),
    max_size=4,
)

any_file = settings(derandomize=True, max_examples=100)


def text_of(scenarios: dict[str, Any]) -> str:
    """Return a baseline file of these scenarios."""
    return json.dumps({"metadata": {"description": "(2026-05-17)"}, "scenarios": scenarios})


def test_the_tally_counts_by_rule_and_severity():
    """The graver findings come first; only an error is a first error."""
    file = make_baselines(
        {
            "a": measured(expected_avg_denoise_ms=100.7, steps=[98.76, 100.71, 103.45, 99.12, 100.51]),
            "b": measured(expected_avg_denoise_ms=95.4, steps=[98.16, 101.32, 103.41, 99.11, 100.52]),
            "c": measured(expected_avg_denoise_ms=100.7),
        }
    )
    found = audit(file)

    assert tally(found) == {"mean-mismatch": {"error": 1, "warning": 2}}
    assert list(tally(found)["mean-mismatch"]) == ["error", "warning"]
    assert first_error(found)
    assert not first_error(finding for finding in found if finding.scenario != "b")


def test_the_report_of_a_change_folds_what_was_there():
    """Only what the change brought is open and fails; the rest is counted, waived findings apart."""
    old = make_baselines({"a": measured(expected_avg_denoise_ms=100.7), "b": {}})
    new = make_baselines(
        {
            "a": measured(expected_avg_denoise_ms=100.7),
            "b": {},
            "c": measured(steps=[2.01, 3.02], expected_avg_denoise_ms=95.4),
        }
    )
    waivers = [Waiver(rule="unguarded", scenario="b", reason="no machine yet", expires=date(2026, 12, 1))]
    report = AuditReport("new.json", 3, tuple(audit(new, against=old, waivers=waivers)), against="old.json")

    assert [(one.rule, one.scenario) for one in report.open] == [
        ("mean-mismatch", "c"),
        ("stage-exceeds-steps", "c"),
    ]
    assert [(one.rule, one.scenario) for one in report.older] == [("mean-mismatch", "a")]
    assert [(one.rule, one.waived) for one in report.waived] == [
        ("unguarded", "no machine yet (until 2026-12-01)")
    ]
    assert (report.fails, len(report.notes), len(report.problems)) == (True, 1, 1)


def test_without_an_older_file_everything_is_open():
    """A file by itself: errors and warnings fail, notes do not."""
    error, note = measured(expected_avg_denoise_ms=95.4), {**measured(), "denoise_step_ms": {"3": 1.5}}

    assert AuditReport("a", 1, tuple(audit(make_baselines({"s": error})))).fails
    assert told(audit(make_baselines({"s": note}))) == [("sampled-steps", "info")]
    assert not AuditReport("a", 1, tuple(audit(make_baselines({"s": note})))).fails


def test_every_rule_has_a_name_of_its_own_and_a_reason():
    """The table is complete: names are unique, and every rule that is a function says what it proves."""
    names = [rule.name for rule in RULES]

    assert len(set(names)) == len(names)
    assert [rule.name for rule in RULES if len(rule.reason) < 60] == ["waiver"]


@any_file
@given(SCENARIOS, SCENARIOS, st.randoms(use_true_random=False))
def test_the_order_of_scenarios_changes_no_finding(new: Any, old: Any, random: Random):
    """Whatever a file holds, its scenarios may stand in any order."""
    names = list(new)
    random.shuffle(names)
    before = baselines_from_text(text_of(old))
    one = audit(baselines_from_text(text_of(new)), against=before)
    other = audit(baselines_from_text(text_of({name: new[name] for name in names})), against=before)

    assert sorted(map(repr, one)) == sorted(map(repr, other))


@any_file
@given(SCENARIOS, SCENARIOS)
def test_whatever_is_read_has_an_answer(new: Any, old: Any):
    """No file makes the audit fail; findings are of known rules, and carry no number that JSON cannot."""
    file = baselines_from_text(text_of(new))
    for finding in [*audit(file), *audit(file, against=baselines_from_text(text_of(old)))]:
        assert finding.rule in {rule.name for rule in RULES}
        assert finding.severity in SEVERITIES
        assert "\n" not in finding.rule + finding.field.replace("\n", "")
        assert not any(word in finding.problem.split() for word in ("nan", "inf", "-inf"))
        json.dumps([finding.actual, finding.expected], allow_nan=False)


@any_file
@given(SCENARIOS)
def test_a_file_against_itself_introduces_nothing(scenarios: Any):
    """Read twice, a file differs from itself in nothing, not even in what is no number."""
    text = text_of(scenarios)

    found = audit(baselines_from_text(text), against=baselines_from_text(text))
    assert [finding for finding in found if finding.introduced] == []


@any_file
@given(ANYTHING)
def test_any_json_is_read_or_refused(document: Any):
    """Whatever the JSON is, it is refused, or every finding of it has something to say."""
    for value in (document, {"scenarios": document}, {"scenarios": {"s": document}}):
        try:
            file = baselines_from_text(json.dumps(value))
        except BaselinesRejected:
            continue
        assert all(finding.message for finding in audit(file))


@any_file
@given(st.floats(0.1, 1000.0))
def test_scaled_values_of_one_request_stay_clean(factor: float):
    """The unit does not matter: all values times a factor, rounded, have no error."""
    values = measured()
    steps = [round(ms * factor, 2) for ms in values["denoise_step_ms"].values()]
    stages = {name: round(ms * factor, 2) for name, ms in values["stages_ms"].items()}
    scaled = measured(e2e_ms=round(values["expected_e2e_ms"] * factor, 2), stages=stages, steps=steps)

    assert not first_error(audit(make_baselines({"s": scaled})))


def test_a_new_file_brings_what_it_has():
    """Against a file without the scenario, a sound one brings nothing."""
    assert changed({}, measured()) == []
