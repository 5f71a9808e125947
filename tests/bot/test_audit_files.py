"""A file as a whole: its metadata, and its scenarios beside each other."""

import json
from typing import Any

import pytest
from audit_cases import measured, told
from builders import make_baselines, make_record, make_request, make_scenario
from ratchet_bot.data.baselines import BaselineFile, baselines_from_text
from ratchet_bot.judging.audit import audit, requests_by_scenario
from ratchet_bot.judging.rules.rule import FileSubject
from ratchet_bot.judging.rules.whole_files import (
    copied_scenario,
    implausible_stage,
    metadata_date,
    repeated_key,
)


def scaled(factor: float, **fields: Any) -> dict[str, Any]:
    """Return a scenario that takes other times."""
    stages = {"TextEncodingStage": 31.41 * factor, "DenoisingStage": 505.62 * factor}
    return measured(e2e_ms=612.34 * factor, stages=stages, steps=[99.07 * factor] * 5, **fields)


def dated(description: str | None, last_updated: str | None) -> BaselineFile:
    """Return a file with these dates."""
    metadata = {"description": description, "last_updated": last_updated}
    return baselines_from_text(json.dumps({"metadata": metadata, "scenarios": {}}))


def test_a_key_that_stands_twice_is_a_warning():
    """JSON keeps the last one without a word; one that the older file had too is not introduced."""
    text = make_baselines({"a": measured()}).text
    file = baselines_from_text(text.replace('"a": {', '"a": {}, "a": {'))
    [finding] = repeated_key(FileSubject(file, old=baselines_from_text(text)))

    assert (finding.severity, finding.field, finding.introduced) == ("warning", "a", True)
    assert [one.introduced for one in repeated_key(FileSubject(file, old=file))] == [False]


@pytest.mark.parametrize(
    ("description", "last_updated", "fires"),
    [
        ("CI runs (2026-05-17).", "2026-05-17", False),
        ("CI runs (2026-05-17).", "2026-05-17T03:11:22Z", False),
        ("CI runs (2026-05-17).", "2026-05-18", True),
        ("from 2026-05-16 to 2026-05-17", "2026-05-17", False),
        ("CI runs", "2026-05-18", False),
        ("CI runs (2026-05-17).", None, False),
        (None, "2026-05-18", False),
        ("build 12026-05-171", "2026-05-18", False),
    ],
)
def test_two_dates_should_be_one(description: str | None, last_updated: str | None, fires: bool):  # noqa: FBT001 - a claim
    """The date in the description and `last_updated` name the same day, where both are there."""
    found = list(metadata_date(FileSubject(dated(description, last_updated))))

    assert told(found) == ([("metadata-date", "warning")] if fires else [])


def test_a_date_says_how_to_mend_it():
    """The finding expects the day of `last_updated`; an older file with the same dates had it before."""
    file = dated("CI runs (2026-05-17).", "2026-05-18")
    [finding] = metadata_date(FileSubject(file, old=dated("CI runs (2026-05-17).", "2026-05-17")))

    assert (finding.actual, finding.expected, finding.introduced) == ("2026-05-17", "2026-05-18", True)
    assert [one.introduced for one in metadata_date(FileSubject(file, old=file))] == [False]


@pytest.mark.parametrize(("shared", "fires"), [(4, False), (5, True)])
def test_five_shared_steps_are_a_copy(shared: int, fires: bool):  # noqa: FBT001 - a claim
    """Four equal values at equal indices may be chance, five are a copy."""
    steps = [50.01 + index for index in range(8)]
    other = steps[:shared] + [value + 0.5 for value in steps[shared:]]
    file = make_baselines({"b": measured(steps=other), "a": measured(steps=steps)})
    found = list(copied_scenario(FileSubject(file)))

    assert told(found) == ([("copied-scenario", "warning")] if fires else [])
    assert [(one.scenario, one.actual) for one in found] == ([("b", "5 steps of a")] if fires else [])


def test_values_at_other_indices_and_zeros_are_no_copy():
    """The same values in another order, or zeros, prove nothing."""
    steps = [50.01 + index for index in range(8)]
    moved = make_baselines({"a": measured(steps=steps), "b": measured(steps=[*steps[1:], 1.0])})
    zeros = make_baselines({"a": measured(steps=[0.0] * 8), "b": measured(steps=[0.0] * 8)})

    assert list(copied_scenario(FileSubject(moved))) == []
    assert list(copied_scenario(FileSubject(zeros))) == []


def test_a_copy_is_introduced_once():
    """A change that makes a copy brings it; one that takes some of its steps back does not."""
    steps = [50.01 + index for index in range(8)]
    apart = make_baselines({"a": measured(steps=steps), "b": measured()})
    copied = make_baselines({"a": measured(steps=steps), "b": measured(steps=steps)})
    mended = make_baselines({"a": measured(steps=steps), "b": measured(steps=[*steps[:6], 1.0, 2.0])})

    assert [one.introduced for one in copied_scenario(FileSubject(copied, old=apart))] == [True]
    assert [one.introduced for one in copied_scenario(FileSubject(mended, old=copied))] == [False]


def test_many_copies_are_one_finding_each():
    """However many scenarios share their steps, each is told once."""
    file = make_baselines({f"s{index:02}": measured() for index in range(40)})

    assert len(list(copied_scenario(FileSubject(file)))) == 39


@pytest.mark.parametrize(
    ("value", "others", "fires"),
    [
        (4.99, (90.0, 100.0, 300.0), True),
        (5.0, (90.0, 100.0, 300.0), False),
        (1.0, (90.0, 100.0), False),
        (1.0, (90.0, 100.0, 0.0), False),
        (0.0, (90.0, 100.0, 300.0), False),
        (4.99, (90.0, 99.0, 101.0, 300.0), True),
        (5.0, (90.0, 99.0, 101.0, 300.0), False),
    ],
)
def test_a_stage_far_below_the_others_is_a_note(value: float, others: tuple[float, ...], fires: bool):  # noqa: FBT001 - a claim
    """Under 5 % of the median of at least three others, where zeros do not count."""
    stages = {f"s{index}": {"VaeStage": ms} for index, ms in enumerate((value, *others))}
    file = make_baselines({name: measured(stages=stage) for name, stage in stages.items()})
    found = list(implausible_stage(FileSubject(file)))

    assert told(found) == ([("implausible-stage", "info")] if fires else [])


def test_a_denoising_stage_may_be_as_fast_as_it_is():
    """Models differ, and its steps vouch for a denoising stage."""
    fast = {"s0": {"DenoisingStage": 1.0}, "s1": {"LTX2RefinementStage": 1.0}}
    slow = {f"s{index}": {"DenoisingStage": 900.0, "LTX2RefinementStage": 900.0} for index in range(2, 7)}
    file = make_baselines({name: measured(stages=stages) for name, stages in (fast | slow).items()})

    assert list(implausible_stage(FileSubject(file))) == []


def test_a_measured_stage_is_plausible():
    """A record with the same value clears the note; with another value it does not."""
    stages = {"s0": 3.23, "s1": 100.0, "s2": 100.0, "s3": 100.0}
    file = make_baselines({name: measured(stages={"UpsampleStage": ms}) for name, ms in stages.items()})

    def requests(stage_ms: float) -> Any:
        request = make_request(stages={"UpsampleStage": stage_ms}, steps=[])
        return requests_by_scenario([make_record(make_scenario("s0", request))], "host")

    assert list(implausible_stage(FileSubject(file, requests=requests(3.2312)))) == []
    assert len(list(implausible_stage(FileSubject(file, requests=requests(3.25))))) == 1


def test_an_untouched_stage_is_not_introduced():
    """Where others became slower, what became conspicuous by that was not touched."""
    before = {"s0": 6.0, "s1": 100.0, "s2": 100.0, "s3": 100.0}
    after = before | {"s1": 200.0, "s2": 200.0}
    old, new = (
        make_baselines({name: measured(stages={"VaeStage": ms}) for name, ms in stages.items()})
        for stages in (before, after)
    )
    touched = make_baselines(
        {name: measured(stages={"VaeStage": ms}) for name, ms in (before | {"s0": 1.0}).items()}
    )

    assert [one.introduced for one in implausible_stage(FileSubject(new, old=old))] == [False]
    assert [one.introduced for one in implausible_stage(FileSubject(touched, old=old))] == [True]


def test_findings_of_the_file_come_first():
    """What concerns the whole file, then scenario by scenario in their order."""
    text = make_baselines({"b": measured(e2e_ms=1.5), "a": {}}).text.replace('"b": {', '"b": {}, "b": {')
    file = baselines_from_text(text.replace('2026-05-17"', '2026-05-18"'))

    assert [(finding.scenario, finding.rule) for finding in audit(file)] == [
        ("metadata", "metadata-date"),
        ("b", "repeated-key"),
        ("b", "stages-exceed-e2e"),
        ("a", "unguarded"),
    ]
