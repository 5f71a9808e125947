"""Rules of the audit: do the parts of a scenario add up to its wholes?

Every rule holds for a baseline and for a measured request. Where an older file is given, the scenario's own
past says more than any general threshold.
"""

from collections.abc import Callable, Iterable, Iterator
from statistics import fmean, median
from typing import Final

from ratchet_bot.data.baselines import END_TO_END, ScenarioBaseline
from ratchet_bot.judging.metrics import (
    DECIMALS,
    HONEST_GAP_MS,
    STEP_ROUNDING_MS,
    denoising_total_ms,
    is_denoising_stage,
)
from ratchet_bot.judging.rules.rule import (
    REPLACE_WHOLE,
    Finding,
    Severity,
    Subject,
    percent,
    workload_differences,
)

GROSS_RATIO: Final = 0.01
"""From this fraction of the stored value on, a mismatch is an error. Chosen: it moves a verdict."""
E2E_SLACK_RATIO: Final = 0.003
"""Stages may exceed end to end by this fraction. Evidence: five two-GPU runs of one month, up to 0.27 %."""

UNATTRIBUTED_RATIO: Final = 0.1
"""Fraction of end to end outside of all stages that is worth a note. Chosen."""
UNATTRIBUTED_MS: Final = 200.0
"""Milliseconds outside of all stages that are worth a note. Evidence: 55 of 127 single runs have up to 20."""
UNATTRIBUTED_MOVE_RATIO: Final = 0.03
UNATTRIBUTED_MOVE_MS: Final = 100.0
"""What the time outside of all stages may move by from one version to the next: the larger of this and 3 % of
end to end. Evidence: a stage lost its time to another of its name, 5 to 11 s, and nothing else moved so."""

BETWEEN_STEPS_RATIO: Final = 0.05
"""Fraction of the denoising stages outside of their steps that is worth a note. Chosen."""
BETWEEN_STEPS_MS: Final = 50.0
"""Milliseconds of denoising stages outside of steps worth a note. Evidence: 72 of 127 have up to 10."""
BETWEEN_STEPS_MOVE_RATIO: Final = 0.005
"""What that fraction may move by from one version to the next.
Evidence: 93 pairs of single runs move by -0.39 to +0.11 percentage points (5 to 95 %)."""


def mean_mismatch(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when `expected_avg_denoise_ms` is not the mean of the steps.

    Both are computed from the steps of one record and rounded to 0.01 ms, so in one request they differ by
    0.01 ms at most. More proves that one of the two was edited alone, or that the values are of several runs:
    of 372 real versions 208 are within 0.011 ms, and hardly any between that and 0.1 ms.

    A change that brings it is an error however small; what was there before is one past 1 % of the stored
    value. Skipped for sampled steps.
    """
    yield from _aggregate_mismatch(subject, "mean-mismatch", "mean", fmean, "expected_avg_denoise_ms")


def median_mismatch(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when `expected_median_denoise_ms` is not the median of the steps.

    As for the mean: one request cannot differ by more than rounding.
    """
    yield from _aggregate_mismatch(subject, "median-mismatch", "median", median, "expected_median_denoise_ms")


def steps_exceed_stage(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when the steps take longer than the denoising stages that contain them.

    A part cannot take longer than its whole: none of 127 single runs has it, 29 edited versions do. Rounding
    may add 0.01 ms a step. Denoising stages are those whose name ends in `DenoisingStage`, but not in
    `BeforeDenoisingStage`, or in `RefinementStage`; where none is, the whole request contains the steps.
    """
    scenario = subject.scenario
    if not scenario.steps or not scenario.has_every_step:
        return
    steps, (container, limit) = sum(scenario.steps.values()), _container(subject)
    if limit is None or steps <= limit + STEP_ROUNDING_MS * len(scenario.steps):
        return
    yield Finding(
        rule="steps-exceed-stage",
        severity="error",
        scenario=subject.name,
        field="denoise_step_ms",
        actual=round(steps, DECIMALS),
        expected=round(limit, DECIMALS),
        problem=f"{len(scenario.steps)} steps sum to {steps:,.2f} ms, longer than {container} "
        f"({limit:,.2f} ms)",
        remedy=REPLACE_WHOLE,
        introduced=subject.touches("denoise_step_ms", "stages_ms"),
    )


def stages_exceed_e2e(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when the stages take longer than the whole request.

    118 of 127 single runs have none of it, and five two-GPU runs of one month up to 0.27 %: up to 0.3 % is a
    note. `per_frame_generation` is end to end over frames, no stage, and not summed.
    """
    scenario = subject.scenario
    e2e = scenario.aggregate(END_TO_END)
    stages = sum(scenario.stages.values())
    if not e2e or stages <= e2e + STEP_ROUNDING_MS * len(scenario.stages):
        return
    yield Finding(
        rule="stages-exceed-e2e",
        severity="error" if stages > e2e * (1 + E2E_SLACK_RATIO) else "info",
        scenario=subject.name,
        field=END_TO_END,
        actual=e2e,
        expected=round(stages, DECIMALS),
        problem=f"stages sum to {stages:,.2f} ms, longer than the whole request ({e2e:,.2f} ms)",
        remedy=REPLACE_WHOLE,
        introduced=subject.touches(END_TO_END, "stages_ms"),
    )


def unattributed_e2e(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when much of end to end is outside of every stage, or came to be so.

    Much may be outside: a mesh export that is not a stage takes 287 s, and a stage that runs twice keeps its
    last time only. So the level is a note. But under the same stage names it does not move by itself: a move
    by more than 100 ms and 3 % of end to end says that end to end and stages are of different requests, or
    that work left its stage. Less of it than in an older version that contradicts itself is a repair.
    """
    now = _unattributed_ms(subject.scenario)
    e2e = subject.scenario.aggregate(END_TO_END)
    if now is None or not e2e or now < 0:
        return
    was = _before(subject, _unattributed_ms, now)
    allowed = max(UNATTRIBUTED_MOVE_MS, UNATTRIBUTED_MOVE_RATIO * e2e)
    has_moved = was is not None and abs(now - was) > allowed
    if not has_moved and not (now > UNATTRIBUTED_RATIO * e2e and now > UNATTRIBUTED_MS):
        return
    yield Finding(
        rule="unattributed-e2e",
        severity="warning" if has_moved else "info",
        scenario=subject.name,
        field=END_TO_END,
        actual=round(now, DECIMALS),
        expected=round(was, DECIMALS) if was is not None and has_moved else None,
        problem=f"{now:,.2f} ms of end to end are in no stage"
        + (
            f", {was:,.2f} ms before, under the same stage names" if has_moved else f" ({percent(now / e2e)})"
        ),
        remedy=REPLACE_WHOLE if has_moved else "give that work a stage of its own to see it",
        introduced=subject.touches(END_TO_END, "stages_ms"),
    )


def stage_exceeds_steps(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when much of the denoising stages is outside of their steps, or came to be so.

    Much may be outside: where nothing waits for the device between steps, steps measure launches and the end
    of the stage pays, up to 28 s. So the level is a note. The share hardly moves between two single runs of
    one scenario (-0.39 to +0.11 percentage points in 93 pairs): a move by more than 0.5 says that steps and
    stage are of different requests. Less of it than in an older version that contradicts itself is a repair.
    """
    now = _between_steps_ratio(subject.scenario)
    if now is None or now < 0:
        return
    was = _before(subject, _between_steps_ratio, now)
    has_moved = was is not None and abs(now - was) > BETWEEN_STEPS_MOVE_RATIO
    stages = subject.denoising_ms
    if not has_moved and not (now > BETWEEN_STEPS_RATIO and now * stages > BETWEEN_STEPS_MS):
        return
    yield Finding(
        rule="stage-exceeds-steps",
        severity="warning" if has_moved else "info",
        scenario=subject.name,
        field="denoise_step_ms",
        actual=round(now * stages, DECIMALS),
        expected=round(was * stages, DECIMALS) if was is not None and has_moved else None,
        problem=f"{now * stages:,.2f} ms of the denoising stages are in no step ({percent(now)}"
        + (f", {percent(was)} before)" if was is not None and has_moved else ")"),
        remedy=REPLACE_WHOLE if has_moved else "a device clock shows to which steps they belong",
        introduced=subject.touches("denoise_step_ms", "stages_ms"),
    )


def agrees_with_itself(scenario: ScenarioBaseline) -> bool:
    """Return whether the parts of a scenario add up to its wholes, as in the values of one request."""
    rules = (mean_mismatch, median_mismatch, steps_exceed_stage, stages_exceed_e2e)
    findings = (finding for rule in rules for finding in rule(Subject("", scenario)))
    return all(finding.severity == "info" for finding in findings)


def _aggregate_mismatch(
    subject: Subject, rule: str, word: str, aggregate: Callable[[Iterable[float]], float], field: str
) -> Iterator[Finding]:
    scenario = subject.scenario
    stored = scenario.aggregate(field)
    if stored is None or not scenario.steps or not scenario.has_every_step:
        return
    computed = aggregate(scenario.steps.values())
    gap = abs(round(computed, DECIMALS) - round(stored, DECIMALS))
    if gap <= HONEST_GAP_MS:
        return
    introduced = subject.touches(field, "denoise_step_ms")
    is_gross = abs(computed - stored) > GROSS_RATIO * stored
    severity: Severity = "error" if is_gross or introduced else "warning"
    yield Finding(
        rule=rule,
        severity=severity,
        scenario=subject.name,
        field=field,
        actual=stored,
        expected=round(computed, DECIMALS),
        problem=f"{field} is {stored:,.2f} ms but the {word} of its {len(scenario.steps)} steps is "
        f"{computed:,.2f} ms",
        remedy=REPLACE_WHOLE
        if _contradicts_its_stages(subject)
        else f"set it to {computed:.2f}, or {REPLACE_WHOLE}",
        introduced=introduced,
    )


def _contradicts_its_stages(subject: Subject) -> bool:
    """Return whether steps or stages exceed what contains them: then no single value can be put right."""
    findings = (*steps_exceed_stage(subject), *stages_exceed_e2e(subject))
    return any(finding.severity == "error" for finding in findings)


def _container(subject: Subject) -> tuple[str, float | None]:
    """Return what contains the steps, and its milliseconds where they are known."""
    if subject.denoising_ms or any(map(is_denoising_stage, subject.scenario.stages_ms)):
        return "the denoising stages that contain them", subject.denoising_ms
    return "the whole request", subject.scenario.aggregate(END_TO_END)


def _unattributed_ms(scenario: ScenarioBaseline) -> float | None:
    """Return end to end without the stages; None where one of the two is not known."""
    e2e = scenario.aggregate(END_TO_END)
    return e2e - sum(scenario.stages.values()) if e2e and scenario.stages else None


def _between_steps_ratio(scenario: ScenarioBaseline) -> float | None:
    """Return which fraction of the denoising stages is outside of their steps; None where it is not known."""
    stages = denoising_total_ms(scenario.stages)
    if not stages or not scenario.steps or not scenario.has_every_step:
        return None
    return 1 - sum(scenario.steps.values()) / stages


def _before(subject: Subject, part: Callable[[ScenarioBaseline], float | None], now: float) -> float | None:
    """Return what this part was before the change; None where the older version cannot be held against it.

    That is so for another workload, and for a part that became less where it contradicted itself: a repair.
    """
    past, scenario = subject.past, subject.scenario
    was = part(past) if past and subject.has_changed and not workload_differences(scenario, past) else None
    if past is None or was is None or (now < was and not agrees_with_itself(past)):
        return None
    return max(was, 0.0)
