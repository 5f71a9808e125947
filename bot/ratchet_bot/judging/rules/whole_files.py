"""Rules of the audit about a whole file: its metadata, its scenarios side by side, what it guarded before."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from statistics import median
from typing import Final

from ratchet_bot.data.baselines import (
    DEFAULT_TOLERANCES,
    END_TO_END,
    BaselineFile,
    Provenance,
    ScenarioBaseline,
    Tolerances,
)
from ratchet_bot.judging.metrics import HONEST_GAP_MS, is_denoising_stage
from ratchet_bot.judging.rules.rule import FileSubject, Finding

LEAST_COPIED: Final = 5
"""Step indices at which two scenarios have the same value before one is a copy of the other.
Evidence: a year of real files has one such pair, a true copy, and none by chance."""
MOST_HOLDERS: Final = 8
"""Scenarios that are remembered for one value of one step. Chosen: a bound on the work for hostile files;
where more share a value, each is compared with these."""
IMPLAUSIBLE_RATIO: Final = 0.05
"""Fraction of the same stage's median elsewhere below which a stage is conspicuous. Chosen."""
LEAST_OTHERS: Final = 3
"""Other scenarios that must have a stage before its median says anything. Chosen."""
_ISO_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
LONGEST_KEY: Final = 200
"""Characters shown of a comparability key. Chosen: those that the bot writes have about a hundred."""


def repeated_key(files: FileSubject) -> Iterator[Finding]:
    """Yield a finding for each key that stands twice in one object.

    JSON readers keep the last one without a word, so what a person sees first does not count.
    """
    for key in files.file.repeated_keys:
        yield Finding(
            rule="repeated-key",
            severity="warning",
            scenario=key,
            field=key,
            actual=None,
            expected=None,
            problem=f"{key} appears more than once in one object; only the last one counts",
            remedy="remove the others",
            introduced=files.old is not None and key not in files.old.repeated_keys,
        )


def metadata_date(files: FileSubject) -> Iterator[Finding]:
    """Yield a finding when the date in the description is not that of `last_updated`.

    One of the two was forgotten: of 119 real changes of numbers 33 left a date stale and 82 had none.
    """
    if dates := _contradicting_dates(files.file):
        described, updated = dates
        yield Finding(
            rule="metadata-date",
            severity="warning",
            scenario="metadata",
            field="description",
            actual=described,
            expected=updated,
            problem=f"the description says {described}, last_updated says {updated}",
            remedy=f"write {updated} into the description, or the day of the measurement into both",
            introduced=files.old is not None and _contradicting_dates(files.old) != dates,
        )


def copied_scenario(files: FileSubject) -> Iterator[Finding]:
    """Yield a finding for each scenario that has the values of another one at five step indices or more.

    Two measurements do not agree to 0.01 ms five times: one is a copy that nobody measured. It happened to a
    scenario that was born with all 50 steps of another and kept 49 for 15 revisions; no real pair has it by
    chance. Zeros do not count. The finding stands at the later name of a pair, with the one it shares most
    with.
    """
    before = _copies(files.old.scenarios) if files.old else {}
    for (name, other), count in _copies(files.file.scenarios).items():
        yield Finding(
            rule="copied-scenario",
            severity="warning",
            scenario=name,
            field="denoise_step_ms",
            actual=f"{count} steps of {other}",
            expected=None,
            problem=f"{count} of its steps have the values of {other}",
            remedy="measure the one that was copied",
            introduced=files.old is not None and before.get((name, other), 0) < count,
        )


def implausible_stage(files: FileSubject) -> Iterator[Finding]:
    """Yield a note for each stage that takes under 5 % of what it takes in the file's other scenarios.

    It may be a slip of the pen, or a stage that did nothing; it may be true as well, so it is a note, and
    none where a request of the given records has the same value. The median is that of at least three other
    scenarios, zeros left out: a stage of 0 ms is a legitimate form. Denoising stages are left out: their
    steps vouch for them, and they are as different as the models are.
    """
    for stage, values in _by_stage(files.file.scenarios).items():
        ordered = sorted(values.values())
        for name, value in values.items() if len(ordered) > LEAST_OTHERS else ():
            usual = _median_without(ordered, value)
            if value < IMPLAUSIBLE_RATIO * usual and not _is_measured(files, name, stage, value):
                yield _implausible(
                    files, name, stage, value, f"{usual:,.2f} ms in the median of {len(ordered) - 1}"
                )


def _contradicting_dates(file: BaselineFile) -> tuple[str, str] | None:
    """Return the dates of description and `last_updated`; None where they agree or one is missing."""
    described = _ISO_DATE.findall(file.metadata.description or "")
    updated = _ISO_DATE.findall(file.metadata.last_updated or "")
    agree = not described or not updated or updated[0] in described
    return None if agree else (described[0], updated[0])


def _copies(scenarios: Mapping[str, ScenarioBaseline]) -> dict[tuple[str, str], int]:
    """Return by scenario and the one of a name before its own that it shares most steps with, how many."""
    holders: dict[tuple[int, float], list[str]] = {}
    copies = {}
    for name, scenario in sorted(scenarios.items()):
        groups = [holders.setdefault(step, []) for step in scenario.steps.items() if step[1] > 0]
        shared = Counter(chain.from_iterable(groups))
        for others in groups:
            if len(others) < MOST_HOLDERS:
                others.append(name)
        copies.update(
            {(name, other): count for other, count in shared.most_common(1) if count >= LEAST_COPIED}
        )
    return copies


def _by_stage(scenarios: Mapping[str, ScenarioBaseline]) -> dict[str, dict[str, float]]:
    """Return milliseconds by stage and scenario, without zeros and denoising stages."""
    values: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for name, scenario in scenarios.items():
        for stage, value in scenario.stages.items():
            if value > 0 and not is_denoising_stage(stage):
                values[stage][name] = value
    return values


def _implausible(files: FileSubject, name: str, stage: str, value: float, elsewhere: str) -> Finding:
    old = files.old.scenarios.get(name, ScenarioBaseline()) if files.old else None
    return Finding(
        rule="implausible-stage",
        severity="info",
        scenario=name,
        field=f"stages_ms.{stage}",
        actual=value,
        expected=None,
        problem=f"{stage} takes {value:,.2f} ms, {elsewhere} other scenarios",
        remedy="check that it was measured; --records clears it",
        introduced=old is not None and old.stages.get(stage) != value,
    )


def _median_without(values: Sequence[float], left_out: float) -> float:
    """Return the median of sorted values without left_out of them."""
    place = bisect_left(values, left_out)
    count = len(values) - 1
    middle = [index + (index >= place) for index in ((count - 1) // 2, count // 2)]
    return median(values[index] for index in middle)


def _is_measured(files: FileSubject, name: str, stage: str, value: float) -> bool:
    requests = files.requests.get(name, ())
    return any(abs(request.values.stages.get(stage, -1.0) - value) <= HONEST_GAP_MS for request in requests)


def guard_lost(files: FileSubject) -> Iterator[Finding]:
    """Yield a finding for each edit that lets slowdowns pass in scenarios whose values nobody touched.

    A scenario that is gone; a tolerance that is wider than before, where a file without tolerances has the
    default ones; fewer steps that are compared one by one; another clock, or another machine or configuration
    that values are said to be of, though they stayed: the runs that were judged by them do not compare then.
    """
    if files.old is None:
        return
    old, new = files.old, files.file
    for name, scenario in old.scenarios.items():
        if name not in new.scenarios and scenario.guards:
            yield _lost(name, END_TO_END, "", f"{name} guarded and is gone", scenario.expected_e2e_ms)
    yield from _raised(old, new)
    yield from _fewer_points(old, new)
    if old.metadata.clock != new.metadata.clock:
        yield _other_clock(old, new)
    yield from _other_origins(old, new)


def _raised(old: BaselineFile, new: BaselineFile) -> Iterator[Finding]:
    """Yield a finding for each tolerance in force that rose; one is in force also where none is written."""
    before, after = _in_force(old), _in_force(new)
    was_default = " (the default, as the file had none)" if old.tolerances is None else ""
    is_default = " (the default, as the file has none now)" if new.tolerances is None else ""
    for profile in [name for name in after if name in before]:
        for kind in Tolerances.model_fields:
            was, now = getattr(before[profile], kind), getattr(after[profile], kind)
            if now > was:
                rise = f"rose from {was:g}{was_default} to {now:g}{is_default}"
                what = f"the tolerance {profile}.{kind} {rise}"
                yield _lost("tolerances", f"{profile}.{kind}", now, what, was)


def _in_force(file: BaselineFile) -> Mapping[str, Tolerances]:
    return DEFAULT_TOLERANCES if file.tolerances is None else file.tolerances


def _fewer_points(old: BaselineFile, new: BaselineFile) -> Iterator[Finding]:
    was, now = (len(set(version.sampling.step_fractions)) for version in (old, new))
    if now < was:
        what = f"steps are compared at {now} places of the run, and were at {was}"
        yield _lost("sampling", "step_fractions", now, what, was)


def _other_clock(old: BaselineFile, new: BaselineFile) -> Finding:
    was, now = old.metadata.clock, new.metadata.clock
    what = (
        f"the clock of all stages and steps was {was} and is {now}: values of the one are none of the other"
    )
    return _lost("metadata", "clock", now, what, was)


def _other_origins(old: BaselineFile, new: BaselineFile) -> Iterator[Finding]:
    """Yield a finding for each scenario whose comparability key changed while its values stayed."""
    for name, scenario in new.scenarios.items():
        past = old.scenarios.get(name)
        if past is None or not past.guards or past.by_field() != scenario.by_field():
            continue
        was, now = _key(past.provenance), _key(scenario.provenance)
        if now != was:
            what = f"{name} says it was measured on {now}, and said {was}, with the same values"
            yield _lost(name, "provenance.comparability", now, what, was)


def _key(provenance: Provenance | None) -> str:
    key = provenance.comparability if provenance else None
    return "nothing known" if key is None else key[:LONGEST_KEY]


def _lost(scenario: str, field: str, actual: float | str, problem: str, expected: float | str) -> Finding:
    return Finding(
        rule="guard-lost",
        severity="warning",
        scenario=scenario,
        field=field,
        actual=actual or None,
        expected=expected,
        problem=problem,
        remedy="say in the pull request why, or put it back",
        introduced=True,
    )
