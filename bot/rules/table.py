"""Every rule of the audit, in the order in which findings are told: the one table.

`ratchet audit --rules`, the README's table and docs/rules.md are generated from it.
"""

from typing import Final

from bot.rules.changes import (
    assembled,
    loosened,
    no_improvement,
    partial_edit,
    workload_changed,
)
from bot.rules.forms import bad_value, early_steps_fast, hand_typed, sampled_steps, steps_missing, unguarded
from bot.rules.guards import guard_lost
from bot.rules.snapshots import mixed_snapshot
from bot.rules.subject import FileRule, Rule, ScenarioRule
from bot.rules.sums import (
    mean_mismatch,
    median_mismatch,
    stage_exceeds_steps,
    stages_exceed_e2e,
    steps_exceed_stage,
    unattributed_e2e,
)
from bot.rules.waivers import RULE as WAIVER
from bot.rules.whole_files import copied_scenario, implausible_stage, metadata_date, repeated_key

RULES: Final[tuple[Rule, ...]] = (
    ScenarioRule(
        "mean-mismatch",
        "the average is not the mean of the steps (to 0.011 ms)",
        "error past 1 % of the stored value, or when introduced; else warning",
        mean_mismatch,
        of_requests=True,
    ),
    ScenarioRule(
        "median-mismatch",
        "the median is not the median of the steps (to 0.011 ms)",
        "error past 1 % of the stored value, or when introduced; else warning",
        median_mismatch,
        of_requests=True,
    ),
    ScenarioRule(
        "steps-exceed-stage",
        "the steps take longer than the denoising stages that contain them (by 0.01 ms a step)",
        "error",
        steps_exceed_stage,
        of_requests=True,
    ),
    ScenarioRule(
        "stages-exceed-e2e",
        "the stages take longer than the whole request",
        "error past 0.3 %; else info",
        stages_exceed_e2e,
        of_requests=True,
    ),
    ScenarioRule(
        "unattributed-e2e",
        "over 10 % of end to end and over 200 ms are in no stage",
        "info; warning when that moved by over 100 ms and 3 % of end to end under the same stage names",
        unattributed_e2e,
        of_requests=True,
    ),
    ScenarioRule(
        "stage-exceeds-steps",
        "over 5 % of the denoising stages and over 50 ms are in no step",
        "info; warning when that share moved by over 0.5 percentage points",
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
        "end to end is 0 or absent, or there are neither stages nor steps: any slowdown would pass",
        "warning",
        unguarded,
        of_requests=True,
    ),
    FileRule(
        "metadata-date",
        "the date in the description is not that of `last_updated`",
        "warning",
        metadata_date,
    ),
    ScenarioRule(
        "hand-typed",
        "two values of 20 ms or more are multiples of 10, or end to end, average or median is a whole number",
        "warning",
        hand_typed,
    ),
    FileRule(
        "copied-scenario",
        "a scenario has another one's values at five step indices or more",
        "warning",
        copied_scenario,
    ),
    ScenarioRule(
        "early-steps-fast",
        "step 0 or 1 takes under 60 % of the later steps' median: the host ran ahead",
        "info",
        early_steps_fast,
        of_requests=True,
    ),
    FileRule(
        "implausible-stage",
        "a stage takes under 5 % of what it takes in at least three other scenarios",
        "info",
        implausible_stage,
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
        "end to end moved by over 2 % and no stage did, the steps changed and average or median "
        "stayed, or those changed and no step did",
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
        "end to end, average, median or a denoising stage rose by over 5 %, or decoding by over "
        "90 % and 450 ms",
        "warning",
        loosened,
        needs="--against",
    ),
    ScenarioRule(
        "no-improvement",
        "the steps were replaced and end to end did not fall by 5 %",
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
    ),
    Rule(
        WAIVER,
        "a waiver names no rule, has expired, or waives nothing",
        "warning; info when it waives nothing",
    ),
)
