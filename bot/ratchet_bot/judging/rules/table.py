"""Every rule of the audit, in the order of the findings: the one table.

`perf-ratchet audit --rules`, the README's table and docs/rules.md are generated from it.
"""

from typing import Final

from ratchet_bot.data.defaults import MIN_IMPROVEMENT
from ratchet_bot.judging.metrics import DECODING_PAD_MS, DECODING_TOLERANCE, HONEST_GAP_MS, STEP_ROUNDING_MS
from ratchet_bot.judging.rules.changes import (
    E2E_MOVE_RATIO,
    LOOSENED_RATIO,
    assembled,
    loosened,
    mixed_snapshot,
    no_improvement,
    partial_edit,
    workload_changed,
)
from ratchet_bot.judging.rules.forms import (
    FAST_RATIO,
    LEAST_TYPED,
    TYPED_MS,
    TYPED_STEP_MS,
    bad_value,
    early_steps_fast,
    hand_typed,
    sampled_steps,
    steps_missing,
    unguarded,
)
from ratchet_bot.judging.rules.rule import WAIVER_RULE as WAIVER
from ratchet_bot.judging.rules.rule import FileRule, Rule, ScenarioRule
from ratchet_bot.judging.rules.sums import (
    BETWEEN_STEPS_MOVE_RATIO,
    BETWEEN_STEPS_MS,
    BETWEEN_STEPS_RATIO,
    E2E_SLACK_RATIO,
    GROSS_RATIO,
    UNATTRIBUTED_MOVE_MS,
    UNATTRIBUTED_MOVE_RATIO,
    UNATTRIBUTED_MS,
    UNATTRIBUTED_RATIO,
    mean_mismatch,
    median_mismatch,
    stage_exceeds_steps,
    stages_exceed_e2e,
    steps_exceed_stage,
    unattributed_e2e,
)
from ratchet_bot.judging.rules.whole_files import (
    IMPLAUSIBLE_RATIO,
    LEAST_COPIED,
    LEAST_OTHERS,
    copied_scenario,
    guard_lost,
    implausible_stage,
    metadata_date,
    repeated_key,
)

_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _percent(ratio: float) -> str:
    """Return a threshold in percent as it was written, such as "0.3 %"."""
    return f"{ratio * 100:g} %"


def _ms(threshold_ms: float) -> str:
    return f"{threshold_ms:g} ms"


def _count(number: int) -> str:
    """Return a small number as a word."""
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


RULES: Final[tuple[Rule, ...]] = (
    ScenarioRule(
        "mean-mismatch",
        f"the average is not the mean of the steps (to {_ms(HONEST_GAP_MS)})",
        f"error past {_percent(GROSS_RATIO)} of the stored value, or when introduced; else warning",
        mean_mismatch,
        of_requests=True,
    ),
    ScenarioRule(
        "median-mismatch",
        f"the median is not the median of the steps (to {_ms(HONEST_GAP_MS)})",
        f"error past {_percent(GROSS_RATIO)} of the stored value, or when introduced; else warning",
        median_mismatch,
        of_requests=True,
    ),
    ScenarioRule(
        "steps-exceed-stage",
        "the steps take longer than the denoising stages that contain them "
        f"(by {_ms(STEP_ROUNDING_MS)} a step)",
        "error",
        steps_exceed_stage,
        of_requests=True,
    ),
    ScenarioRule(
        "stages-exceed-e2e",
        "the stages take longer than the whole request",
        f"error past {_percent(E2E_SLACK_RATIO)}; else info",
        stages_exceed_e2e,
        of_requests=True,
    ),
    ScenarioRule(
        "unattributed-e2e",
        f"over {_percent(UNATTRIBUTED_RATIO)} of end to end and over {_ms(UNATTRIBUTED_MS)} are in no stage",
        f"info; warning when that moved by over {_ms(UNATTRIBUTED_MOVE_MS)} and "
        f"{_percent(UNATTRIBUTED_MOVE_RATIO)} of end to end under the same stage names",
        unattributed_e2e,
        of_requests=True,
    ),
    ScenarioRule(
        "stage-exceeds-steps",
        f"over {_percent(BETWEEN_STEPS_RATIO)} of the denoising stages and over {_ms(BETWEEN_STEPS_MS)} "
        "are in no step",
        f"info; warning when that share moved by over {BETWEEN_STEPS_MOVE_RATIO * 100:g} percentage points",
        stage_exceeds_steps,
        of_requests=True,
    ),
    ScenarioRule(
        "sampled-steps",
        "only some steps are stored: legitimate, but less can be proved",
        "info",
        sampled_steps,
        of_requests=True,
    ),
    ScenarioRule(
        "steps-missing",
        "a denoising stage takes time and there are no steps",
        "warning",
        steps_missing,
        of_requests=True,
    ),
    ScenarioRule(
        "bad-value",
        "a metric is negative, not finite, not a number, or null",
        "error",
        bad_value,
        of_requests=True,
    ),
    ScenarioRule(
        "unguarded",
        "end to end is 0 or absent: any slowdown would pass",
        "warning",
        unguarded,
        of_requests=True,
    ),
    FileRule(
        "metadata-date",
        "the date in the description is not that of `last_updated`",
        "warning",
        metadata_date,
        of_file=True,
    ),
    ScenarioRule(
        "hand-typed",
        f"{_count(LEAST_TYPED)} values of {_ms(TYPED_MS)} or more are multiples of {TYPED_STEP_MS:g}, or "
        "end to end, average or median is a whole number",
        "warning",
        hand_typed,
    ),
    FileRule(
        "copied-scenario",
        f"a scenario has another one's values at {_count(LEAST_COPIED)} step indices or more",
        "warning",
        copied_scenario,
        of_file=False,
    ),
    ScenarioRule(
        "early-steps-fast",
        f"step 0 or 1 takes under {_percent(FAST_RATIO)} of the later steps' median: the host ran ahead",
        "info",
        early_steps_fast,
        of_requests=True,
    ),
    FileRule(
        "implausible-stage",
        f"a stage takes under {_percent(IMPLAUSIBLE_RATIO)} of what it takes in at least "
        f"{_count(LEAST_OTHERS)} other scenarios",
        "info",
        implausible_stage,
        of_file=False,
    ),
    ScenarioRule(
        "workload-changed",
        "the number of steps or the stage names changed: a new baseline, no comparison",
        "info",
        workload_changed,
        needs="--against",
    ),
    ScenarioRule(
        "partial-edit",
        f"end to end moved by over {_percent(E2E_MOVE_RATIO)} and no stage did, the steps changed and "
        "average or median stayed, or those changed and no step did",
        "error",
        partial_edit,
        needs="--against",
    ),
    ScenarioRule(
        "assembled",
        "values only fell, part of the steps changed, and the average is above their mean: a "
        "minimum field by field",
        "error",
        assembled,
        needs="--against",
    ),
    ScenarioRule(
        "loosened",
        f"end to end, average, median or a denoising stage rose by over {_percent(LOOSENED_RATIO)}, or "
        f"decoding by over {_percent(DECODING_TOLERANCE)} and {_ms(DECODING_PAD_MS)}",
        "warning",
        loosened,
        needs="--against",
    ),
    ScenarioRule(
        "no-improvement",
        f"the steps were replaced and end to end did not fall by {_percent(MIN_IMPROVEMENT)}",
        "info",
        no_improvement,
        needs="--against",
    ),
    FileRule(
        "guard-lost",
        "a scenario that guarded is gone, a tolerance rose, fewer steps are compared, or the "
        "clock or a scenario's origin changed under the same values",
        "warning",
        guard_lost,
        of_file=True,
        needs="--against",
    ),
    ScenarioRule(
        "mixed-snapshot",
        "a changed scenario's values are those of no single request of the records",
        "error",
        mixed_snapshot,
        needs="--records",
    ),
    FileRule(
        "repeated-key",
        "a key stands twice in one object: only the last one counts",
        "warning",
        repeated_key,
        of_file=True,
    ),
    Rule(
        WAIVER,
        "a waiver names no rule, has expired, or waives nothing",
        "warning; info when it waives nothing",
        of_file=True,
    ),
)
