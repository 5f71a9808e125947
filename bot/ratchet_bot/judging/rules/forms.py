"""Rules of the audit: what is there, what is missing, and what does not look measured."""

from collections.abc import Iterator
from itertools import islice
from statistics import fmean, median
from typing import Final

from ratchet_bot.data.baselines import AGGREGATES, END_TO_END, ScenarioBaseline
from ratchet_bot.judging.metrics import HONEST_GAP_MS, is_denoising_stage
from ratchet_bot.judging.rules.rule import LONGEST_SHOWN, Finding, Subject, listed

MOST_BAD_VALUES: Final = 10
"""Bad values listed of one scenario; the others are counted. Chosen: a file may have 100,000 of them."""

TYPED_MS: Final = 20.0
"""Milliseconds from which a round number is conspicuous: below, chance makes many."""
TYPED_STEP_MS: Final = 10.0
"""People type multiples of ten. Evidence: 255 of 10,357 newly written values of 20 ms or more are such
multiples, where chance makes 10; they come from seven commits."""
LEAST_TYPED: Final = 2
"""Multiples of ten in one scenario that are more than chance."""

FAST_RATIO: Final = 0.6
"""Fraction of the later steps' median below which an early step did not take its time. Chosen: single runs
have first steps from 8 % of the others, where the host ran ahead of the device."""


def sampled_steps(subject: Subject) -> Iterator[Finding]:
    """Yield a note when only some steps are stored.

    A legitimate form: 12 of 411 real versions store the steps at 0, 20, 40 ... % of the run. Mean, median
    and sum of the steps cannot be checked then.
    """
    indices = sorted(subject.scenario.denoise_step_ms)
    if indices != list(range(len(indices))):
        yield Finding(
            rule="sampled-steps",
            severity="info",
            scenario=subject.name,
            field="denoise_step_ms",
            actual=f"{len(indices)} of {indices[-1] + 1} steps",
            expected=None,
            problem=f"only {len(indices)} of {indices[-1] + 1} steps are stored",
            remedy="mean, median and sum of the steps cannot be checked",
            introduced=subject.touches("denoise_step_ms"),
        )


def steps_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when a denoising stage took time and no step is stored.

    A slower step hides in its stage then, and nothing can be held against the average. It happens without a
    word when a stage's name no longer says that it denoises.
    """
    stages = subject.denoising_ms
    if stages > 0 and not subject.scenario.denoise_step_ms:
        yield Finding(
            rule="steps-missing",
            severity="warning",
            scenario=subject.name,
            field="denoise_step_ms",
            actual=None,
            expected=None,
            problem=f"the denoising stages take {stages:,.2f} ms and there is no step",
            remedy="record the steps of the denoising loop, and capture the scenario again",
            introduced=subject.touches("denoise_step_ms", "stages_ms"),
        )


def bad_value(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each metric that is negative, not finite, not a number, or null.

    No measurement gives such a value, and other rules leave it out. `per_frame_generation` may be null. Ten
    of one scenario are listed, the others counted.
    """
    values = subject.scenario.bad_values()
    for field, value in islice(values, MOST_BAD_VALUES):
        shown = _shown(value)
        yield _bad(
            subject, field, shown, f"{field[:LONGEST_SHOWN]} is {shown!r}, not a duration in milliseconds"
        )
    field, _ = next(values, ("", None))
    if field:
        count = 1 + sum(1 for _ in values)
        yield _bad(
            subject, field, f"{count} more", f"{count:,} more values are not durations in milliseconds"
        )


def unguarded(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when the scenario guards nothing: a placeholder.

    Without an end-to-end time any slowdown would pass. End to end alone is a baseline: 16 of the 84 scenarios
    of sglang's H100 file of October 2026 have nothing else.
    """
    scenario = subject.scenario
    if scenario.expected_e2e_ms is None or scenario.aggregate(END_TO_END) == 0:
        yield Finding(
            rule="unguarded",
            severity="warning",
            scenario=subject.name,
            field=END_TO_END,
            actual=scenario.aggregate(END_TO_END),
            expected=None,
            problem="expected_e2e_ms is 0 or absent",
            remedy="any slowdown would pass; measure the scenario and put its values here",
            introduced=subject.touches(END_TO_END),
        )


def hand_typed(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when values are too round to be measured, naming the fields.

    Two multiples of 10 ms in one scenario, or a whole number as end to end, average or median, each of 20 ms
    or more: measured values have hundredths. An average or a median that is that of the steps was computed,
    however whole. One end to end in a hundred is whole by chance, so it says nothing where `provenance` tells
    which request a tool took it from; and the rule leaves out a scenario whose values are those of a request
    of the given records.
    """
    typed = _typed(subject.scenario)
    if not typed or _is_measured(subject):
        return
    values = listed(typed, lambda field: f"{field} {typed[field]:,.2f}")
    yield Finding(
        rule="hand-typed",
        severity="warning",
        scenario=subject.name,
        field=next(iter(typed)),
        actual=values,
        expected=None,
        problem=f"typed, not measured: {values}",
        remedy="put the measured values of one request here, with their hundredths",
        introduced=subject.touches(*typed),
    )


def early_steps_fast(subject: Subject) -> Iterator[Finding]:
    """Yield a note when step 0 or 1 takes under 60 % of the median of the later steps.

    On the host clock the first steps measure how fast work is handed to the device, until its queue is full;
    the others, or the end of the stage, pay for them. Such a step guards the host, not the device. In single
    runs step 0 is from 8 % of the others' median on. On a device clock there is no such effect, and steps of
    several denoising stages differ for other reasons.
    """
    steps = list(subject.scenario.steps.values())
    denoising = sum(map(is_denoising_stage, subject.scenario.stages))
    if subject.clock != "host" or not subject.scenario.has_every_step or denoising > 1:
        return
    for index in range(min(2, len(steps) - 1)):
        later = median(steps[index + 1 :])
        if steps[index] < FAST_RATIO * later:
            yield Finding(
                rule="early-steps-fast",
                severity="info",
                scenario=subject.name,
                field=f"denoise_step_ms.{index}",
                actual=steps[index],
                expected=None,
                problem=f"step {index} takes {steps[index]:,.2f} ms, the later ones' median {later:,.2f} ms",
                remedy="the host ran ahead of the device; a device clock measures the step's own time",
                introduced=subject.touches("denoise_step_ms"),
            )


def _bad(subject: Subject, field: str, shown: str, problem: str) -> Finding:
    return Finding(
        rule="bad-value",
        severity="error",
        scenario=subject.name,
        field=field,
        actual=shown,
        expected=None,
        problem=problem,
        remedy="measure it, or remove it",
        introduced=subject.touches(field),
    )


def _shown(value: object) -> str:
    """Return a value that may be anything, in few words."""
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else str(value)[:LONGEST_SHOWN]


def _typed(scenario: ScenarioBaseline) -> dict[str, float]:
    """Return place and value of what nobody has measured."""
    values = scenario.by_field()
    tens = {field for field, value in values.items() if value % TYPED_STEP_MS == 0 and value >= TYPED_MS}
    if len(tens) < LEAST_TYPED:
        tens = set()
    typed = tens if scenario.provenance else tens | _whole_aggregates(scenario)
    return {field: value for field, value in values.items() if field in typed} if typed else {}


def _whole_aggregates(scenario: ScenarioBaseline) -> set[str]:
    """Return the aggregates that are whole numbers and not computed from the steps."""
    values = {field: scenario.aggregate(field) or 0.0 for field in AGGREGATES}
    whole = {field for field, value in values.items() if value.is_integer() and value >= TYPED_MS}
    computed = _computed(scenario) if whole else {}
    return {field for field in whole if abs(computed.get(field, -1.0) - values[field]) > HONEST_GAP_MS}


def _computed(scenario: ScenarioBaseline) -> dict[str, float]:
    """Return what average and median should be; nothing where not every step is there."""
    steps = scenario.steps.values()
    if not steps or not scenario.has_every_step:
        return {}
    return {"expected_avg_denoise_ms": fmean(steps), "expected_median_denoise_ms": median(steps)}


def _is_measured(subject: Subject) -> bool:
    """Return whether a request of the records has all values of the scenario."""
    return any(not request.differing(subject.scenario) for request in subject.requests)
