"""The words about a rule say the thresholds that the rule applies."""

import runpy
from types import ModuleType

import pytest
from ratchet_bot.data import defaults
from ratchet_bot.judging import metrics
from ratchet_bot.judging.rules import changes, forms, sums, table, whole_files


@pytest.mark.parametrize(
    ("module", "constant", "value", "rule", "words"),
    [
        (metrics, "HONEST_GAP_MS", 0.25, "mean-mismatch", "(to 0.25 ms)"),
        (metrics, "HONEST_GAP_MS", 0.25, "median-mismatch", "(to 0.25 ms)"),
        (sums, "GROSS_RATIO", 0.02, "mean-mismatch", "past 2 % of the stored value"),
        (sums, "GROSS_RATIO", 0.02, "median-mismatch", "past 2 % of the stored value"),
        (metrics, "STEP_ROUNDING_MS", 0.5, "steps-exceed-stage", "(by 0.5 ms a step)"),
        (sums, "E2E_SLACK_RATIO", 0.007, "stages-exceed-e2e", "past 0.7 %"),
        (sums, "UNATTRIBUTED_RATIO", 0.2, "unattributed-e2e", "over 20 % of end to end"),
        (sums, "UNATTRIBUTED_MS", 300.0, "unattributed-e2e", "over 300 ms are in no stage"),
        (sums, "UNATTRIBUTED_MOVE_MS", 150.0, "unattributed-e2e", "moved by over 150 ms and"),
        (sums, "UNATTRIBUTED_MOVE_RATIO", 0.04, "unattributed-e2e", "and 4 % of end to end"),
        (sums, "BETWEEN_STEPS_RATIO", 0.06, "stage-exceeds-steps", "over 6 % of the denoising stages"),
        (sums, "BETWEEN_STEPS_MS", 70.0, "stage-exceeds-steps", "over 70 ms are in no step"),
        (sums, "BETWEEN_STEPS_MOVE_RATIO", 0.011, "stage-exceeds-steps", "over 1.1 percentage points"),
        (forms, "LEAST_TYPED", 4, "hand-typed", "four values of"),
        (forms, "TYPED_MS", 40.0, "hand-typed", "of 40 ms or more"),
        (forms, "TYPED_STEP_MS", 5.0, "hand-typed", "multiples of 5,"),
        (whole_files, "LEAST_COPIED", 12, "copied-scenario", "at 12 step indices"),
        (forms, "FAST_RATIO", 0.55, "early-steps-fast", "under 55 % of the later steps'"),
        (whole_files, "IMPLAUSIBLE_RATIO", 0.1, "implausible-stage", "under 10 % of what"),
        (whole_files, "LEAST_OTHERS", 6, "implausible-stage", "at least six other"),
        (changes, "E2E_MOVE_RATIO", 0.03, "partial-edit", "moved by over 3 % and"),
        (changes, "LOOSENED_RATIO", 0.08, "loosened", "rose by over 8 %, or"),
        (metrics, "DECODING_TOLERANCE", 0.7, "loosened", "by over 70 % and"),
        (metrics, "DECODING_PAD_MS", 333.0, "loosened", "and 333 ms"),
        (defaults, "MIN_IMPROVEMENT", 0.07, "no-improvement", "fall by 7 %"),
    ],
)
def test_a_changed_threshold_changes_the_words(
    module: ModuleType, constant: str, value: float, rule: str, words: str, monkeypatch: pytest.MonkeyPatch
):
    """The table takes each threshold from the constant that the rule compares with, and says its unit."""
    monkeypatch.setattr(module, constant, value)
    rules = {one.name: one for one in runpy.run_path(table.__file__)["RULES"]}

    assert words in f"{rules[rule].fires}; {rules[rule].severity}"


def percent(ratio: float) -> str:
    return f"{ratio * 100:g} %"


@pytest.mark.parametrize(
    ("rule", "threshold"),
    [
        ("mean-mismatch", f"within {metrics.HONEST_GAP_MS:g} ms"),
        ("mean-mismatch", f"past {percent(sums.GROSS_RATIO)} of the stored value"),
        ("steps-exceed-stage", f"{metrics.STEP_ROUNDING_MS:g} ms a step"),
        ("stages-exceed-e2e", f"up to {percent(sums.E2E_SLACK_RATIO)} is a note"),
        ("unattributed-e2e", f"more than {sums.UNATTRIBUTED_MOVE_MS:g} ms"),
        ("unattributed-e2e", f"{percent(sums.UNATTRIBUTED_MOVE_RATIO)} of end to end"),
        ("stage-exceeds-steps", f"more than {sums.BETWEEN_STEPS_MOVE_RATIO * 100:g} says"),
        ("hand-typed", f"multiples of {forms.TYPED_STEP_MS:g} ms"),
        ("hand-typed", f"each of {forms.TYPED_MS:g} ms or more"),
        ("partial-edit", f"more than {percent(changes.E2E_MOVE_RATIO)} while"),
        ("no-improvement", f"{percent(changes.REPLACED_RATIO)} of the steps"),
    ],
)
def test_a_reason_says_the_threshold_in_force(rule: str, threshold: str):
    """Docstrings, of which the reasons are made, cannot take a constant: they are held against it here."""
    [reason] = [one.reason for one in table.RULES if one.name == rule]

    assert threshold in reason
