"""Rules of the audit about a change: a scenario beside its older version and the requests of a record."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Final

from ratchet_bot.data.baselines import AGGREGATES, END_TO_END, ScenarioBaseline
from ratchet_bot.data.defaults import MIN_IMPROVEMENT
from ratchet_bot.data.formatting import change
from ratchet_bot.judging.metrics import DECIMALS, HONEST_GAP_MS, is_slower_decoding, is_top_level
from ratchet_bot.judging.rules.rule import (
    REPLACE_WHOLE,
    Finding,
    Subject,
    listed,
    workload_differences,
)

E2E_MOVE_RATIO: Final = 0.02
"""From this fraction on, end to end cannot move while every stage stays as it was. Chosen: below it, an edit
moves no verdict."""
LOOSENED_RATIO: Final = 0.05
"""Fraction by which a top-level value may rise without a person's word. Chosen: as much as an improvement
must be to count."""
REPLACED_RATIO: Final = 0.95
"""Fraction of new steps from which a scenario was replaced, not edited. Evidence: 61 of 372 versions."""


def workload_changed(subject: Subject) -> Iterator[Finding]:
    """Yield a note when the number of steps or the set of stage names changed.

    A new baseline, not a faster or slower one: end to end moved by -75 to +53 % at such changes, and no field
    of the file says so. Parts are not held against the older version then.
    """
    if subject.past and (differences := workload_differences(subject.scenario, subject.past)):
        yield Finding(
            rule="workload-changed",
            severity="info",
            scenario=subject.name,
            field="denoise_step_ms" if "steps" in differences[0] else "stages_ms",
            actual=None,
            expected=None,
            problem=", ".join(differences),
            remedy="a new baseline, no comparison; say in the pull request what changed",
            introduced=True,
        )


def partial_edit(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each value that was edited without those it is made of, or the other way round.

    End to end that moves by more than 2 % while no stage does; steps that change while average or median
    stay, and do not fit; an average or a median that changes, and does not fit, while no step does. In the
    values of one request all of them move together. Correcting a wrong average is not such an edit.
    """
    scenario, past = subject.scenario, subject.past
    if not past or not subject.has_changed or workload_differences(scenario, past):
        return
    was, now = past.aggregate(END_TO_END), scenario.aggregate(END_TO_END)
    stages_stayed = bool(scenario.stages) and not subject.touches("stages_ms")
    if was and now and stages_stayed and abs(now / was - 1) > E2E_MOVE_RATIO:
        yield _partial(
            subject,
            END_TO_END,
            f"end to end moved from {was:,.2f} to {now:,.2f} ms ({_times(now / was)}) and no stage did",
            expected=None,
        )
    if scenario.steps and scenario.has_every_step and past.has_every_step:
        yield from _without_their_steps(subject, past)


def assembled(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when a scenario was put together from the lowest values of several requests.

    Values only fell, part of the steps stayed, and the average is above the mean of the steps: that is what a
    minimum field by field gives, since the mean of the least steps is below the least mean. In real files
    the average is above the mean 134 times and below 30 times; of 87 such versions 74 contradict themselves.
    """
    scenario, past = subject.scenario, subject.past
    average = scenario.aggregate("expected_avg_denoise_ms")
    if not past or average is None or not scenario.has_every_step or workload_differences(scenario, past):
        return
    old, new = past.by_field(), scenario.by_field()
    rose = any(value > old.get(field, value) for field, value in new.items())
    changed = sum(scenario.steps[index] != past.steps.get(index) for index in scenario.steps)
    if rose or not 0 < changed < len(scenario.steps):
        return
    mean = fmean(scenario.steps.values())
    if average > mean + HONEST_GAP_MS:
        yield Finding(
            rule="assembled",
            severity="error",
            scenario=subject.name,
            field="denoise_step_ms",
            actual=f"{changed} of {len(scenario.steps)} steps fell, none rose",
            expected=None,
            problem=f"values only fell, {changed} of {len(scenario.steps)} steps changed, and the average "
            f"({average:,.2f} ms) is above their mean ({mean:,.2f} ms): the least values of several runs",
            remedy=REPLACE_WHOLE,
            introduced=True,
        )


def loosened(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when end to end, average, median or a denoising stage rose by more than 5 %.

    Or a decoding stage by more than its limit, which decides too.

    It may be right, after a change that was worth it: then a person says so, in the pull request or as a
    waiver. A baseline of a real file was loosened 12.7 times, and nobody noticed for 25 days. Where the
    workload changed, only end to end is looked at.
    """
    past = subject.past
    if not past or not subject.has_changed:
        return
    old, new = past.by_field(), subject.scenario.by_field()
    has_other_workload = bool(workload_differences(subject.scenario, past))
    fields = AGGREGATES[:1] if has_other_workload else list(new)
    rises = {
        field: new[field] / old[field]
        for field in fields
        if field in new and old.get(field) and _is_looser(field, old[field], new[field])
    }
    if rises:

        def rise_of(field: str) -> str:
            return f"{field} from {old[field]:,.2f} to {new[field]:,.2f} ms ({_times(rises[field])})"

        field = max(rises, key=lambda field: rises[field])
        yield Finding(
            rule="loosened",
            severity="warning",
            scenario=subject.name,
            field=field,
            actual=new[field],
            expected=old[field],
            problem=f"looser: {listed(rises, rise_of)}",
            remedy="say in the pull request why it may be slower, or put the old values back",
            introduced=True,
        )


def no_improvement(subject: Subject) -> Iterator[Finding]:
    """Yield a note when a scenario was replaced and end to end did not fall by 5 %.

    Nothing is gained by it, unless it mends values that contradicted each other. Replaced means that 95 % of
    the steps have other values. An end to end that is exactly the old one, where all else was measured again,
    is not of the same request.
    """
    past = subject.past
    e2e = subject.scenario.aggregate(END_TO_END)
    if not past or not e2e or workload_differences(subject.scenario, past):
        return
    steps, was = subject.scenario.steps, past.aggregate(END_TO_END) or e2e
    replaced = sum(steps[index] != past.steps.get(index) for index in steps)
    moved_ratio = e2e / was - 1
    if (
        not steps
        or replaced < REPLACED_RATIO * len(steps)
        or not -MIN_IMPROVEMENT < moved_ratio <= LOOSENED_RATIO
    ):
        return
    moved = f"changed by {change(moved_ratio)}" if moved_ratio else f"is still exactly {e2e:,.2f} ms"
    yield Finding(
        rule="no-improvement",
        severity="info",
        scenario=subject.name,
        field=END_TO_END,
        actual=e2e,
        expected=None,
        problem=f"replaced without improvement: {replaced} of {len(steps)} steps are new, end to end {moved}",
        remedy="put the end to end of the same request here, or the old values back"
        if not moved_ratio
        else "put the old values back, unless they contradicted each other",
        introduced=True,
    )


def _without_their_steps(subject: Subject, past: ScenarioBaseline) -> Iterator[Finding]:
    """Yield a finding for average and median that stayed while the steps changed, or changed alone."""
    steps_changed = subject.touches("denoise_step_ms")
    for field, word, aggregate in (
        ("expected_avg_denoise_ms", "mean", fmean),
        ("expected_median_denoise_ms", "median", median),
    ):
        stored = subject.scenario.aggregate(field)
        computed = aggregate(subject.scenario.steps.values())
        if stored is None or abs(stored - computed) <= HONEST_GAP_MS:
            continue
        if steps_changed == subject.touches(field):
            continue
        if steps_changed:
            was = aggregate(past.steps.values()) if past.steps else 0.0
            if abs(computed - was) <= HONEST_GAP_MS:
                continue
            problem = (
                f"steps changed, their {word} is {computed:,.2f} ms now, and {field} stayed {stored:,.2f} ms"
            )
        else:
            problem = (
                f"{field} changed to {stored:,.2f} ms and no step did; their {word} is {computed:,.2f} ms"
            )
        yield _partial(subject, field, problem, expected=round(computed, DECIMALS))


def _partial(subject: Subject, field: str, problem: str, expected: float | None) -> Finding:
    return Finding(
        rule="partial-edit",
        severity="error",
        scenario=subject.name,
        field=field,
        actual=subject.scenario.aggregate(field),
        expected=expected,
        problem=problem,
        remedy=REPLACE_WHOLE,
        introduced=True,
    )


def _is_looser(field: str, old_ms: float, new_ms: float) -> bool:
    if is_top_level(field):
        return new_ms > old_ms * (1 + LOOSENED_RATIO)
    return is_slower_decoding(field, old_ms, new_ms)


def _times(ratio: float) -> str:
    """Return a change in the words that fit its size: "+12.0 %", or "12.7 times" from double on."""
    return f"{ratio:,.1f} times" if ratio >= 2 else change(ratio - 1)  # noqa: PLR2004 - double


def mixed_snapshot(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when the values of a changed scenario are not those of one request of the records.

    All values of a scenario must come from one request: values of several, each the lowest or the last, are
    of a run that never was. Every value of the scenario must be that request's, rounded to 0.01 ms; warm-ups
    do not count. Without an older file, each scenario that the records have is looked at.
    """
    if not subject.has_records or not subject.scenario.guards:
        return
    if not (subject.has_changed if subject.is_compared else subject.requests):
        return
    if not subject.requests:
        yield _mixed(subject, None, [END_TO_END], "the records have no request of it")
        return
    closest = min(subject.requests, key=lambda request: len(request.differing(subject.scenario)))
    differing = closest.differing(subject.scenario)
    if differing:
        values, measured = subject.scenario.by_field(), closest.values.by_field()
        problem = (
            f"the values are those of no request; the closest, {closest.place}, has other values in "
            f"{len(differing)} of {len(values)} fields: "
            + listed(differing, lambda field: f"{field} {values[field]:,.2f} ({_ms(measured.get(field))})")
        )
        yield _mixed(subject, measured.get(differing[0]), differing, problem)


def _mixed(subject: Subject, expected: float | None, fields: Sequence[str], problem: str) -> Finding:
    values: Mapping[str, float] = subject.scenario.by_field()
    return Finding(
        rule="mixed-snapshot",
        severity="error",
        scenario=subject.name,
        field=fields[0],
        actual=values.get(fields[0]),
        expected=expected,
        problem=problem,
        remedy="take all values from that one request"
        if expected is not None
        else "give the record that they are from",
        introduced=subject.has_changed,
    )


def _ms(value: float | None) -> str:
    return "absent" if value is None else f"{value:,.2f}"
