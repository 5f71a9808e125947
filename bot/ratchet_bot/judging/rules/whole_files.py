"""Rules of the audit about a file as a whole: its metadata, and its scenarios beside each other."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from statistics import median
from typing import Final

from ratchet_bot.data.baselines import BaselineFile, ScenarioBaseline
from ratchet_bot.judging.rules.findings import Finding
from ratchet_bot.judging.rules.subject import Files
from ratchet_bot.judging.snapshot import HONEST_GAP_MS, is_denoising_stage

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


def repeated_key(files: Files) -> Iterator[Finding]:
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
            problem=f"{key} stands more than once in one object, and only the last one counts",
            remedy="remove the others",
            introduced=files.old is not None and key not in files.old.repeated_keys,
        )


def metadata_date(files: Files) -> Iterator[Finding]:
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


def copied_scenario(files: Files) -> Iterator[Finding]:
    """Yield a finding for each scenario that has the values of another one at five step indices or more.

    Two measurements do not agree to 0.01 ms five times: one is a copy that nobody measured. It happened to a
    scenario that was born with all 50 steps of another and kept 49 for 15 revisions; no real pair has it by
    chance. Zeros are no values here. Told of the later name of a pair, with the one it shares most with.
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


def implausible_stage(files: Files) -> Iterator[Finding]:
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
        held = [holders.setdefault(step, []) for step in scenario.steps.items() if step[1] > 0]
        shared = Counter(chain.from_iterable(held))
        for others in held:
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


def _implausible(files: Files, name: str, stage: str, value: float, elsewhere: str) -> Finding:
    old = files.old.scenarios.get(name, ScenarioBaseline()) if files.old else None
    return Finding(
        rule="implausible-stage",
        severity="info",
        scenario=name,
        field=f"stages_ms.{stage}",
        actual=value,
        expected=None,
        problem=f"{stage} takes {value:,.2f} ms, {elsewhere} other scenarios",
        remedy="look whether it was measured; --records clears it",
        introduced=old is not None and old.stages.get(stage) != value,
    )


def _median_without(values: Sequence[float], one: float) -> float:
    """Return the median of sorted values without one of them."""
    place = bisect_left(values, one)
    count = len(values) - 1
    middle = [index + (index >= place) for index in ((count - 1) // 2, count // 2)]
    return median(values[index] for index in middle)


def _is_measured(files: Files, name: str, stage: str, value: float) -> bool:
    requests = files.requests.get(name, ())
    return any(abs(one.values.stages.get(stage, -1.0) - value) <= HONEST_GAP_MS for one in requests)
