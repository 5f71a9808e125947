import json
import re
from datetime import date
from typing import Any

import pytest
from builders import make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.baselines import DEFAULT_TOLERANCES, baselines_from_text
from ratchet_bot.data.rewriting import clock_of, new_baselines, with_scenarios
from ratchet_profiler.record import Clock

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, {"last_updated": "2026-11-22"}),
        ({"description": None}, {"description": None, "last_updated": "2026-11-22"}),
        ({"description": "Numbers"}, {"description": "Numbers (2026-11-22)", "last_updated": "2026-11-22"}),
        (
            {"last_updated": "2026-05-17", "description": "Runs (2026-05-17).", "x": [1]},
            {"last_updated": "2026-11-22", "description": "Runs (2026-11-22).", "x": [1]},
        ),
        (
            {"description": "build 12026-05-171"},
            {"description": "build 12026-05-171 (2026-11-22)", "last_updated": "2026-11-22"},
        ),
    ],
)
def test_the_date_follows(metadata: dict[str, Any], expected: dict[str, Any]):
    """The date moves where one stands, is appended in brackets where none does; other keys stay in order."""
    changed = with_scenarios(make_baselines(metadata=metadata), {}, DAY)
    assert list(json.loads(changed.text)["metadata"].items()) == list(expected.items())


def test_a_file_without_metadata_gets_a_date():
    """`metadata` is added at the end; every byte before it stays."""
    text = '{"scenarios": {"a":{"expected_e2e_ms":1}}}'
    changed = with_scenarios(baselines_from_text(text), {}, DAY)
    assert changed.text.startswith('{"scenarios": {"a":{"expected_e2e_ms":1}},"metadata": {')
    assert changed.metadata.last_updated == "2026-11-22"


def test_a_scenario_is_replaced_whole():
    """Old steps and stages go, unknown keys and the null pseudo-stage stay, stages keep their order."""
    old = make_values(
        stages={"per_frame_generation": None, "B": 1.0, "Gone": 2.0, "A": 3.0},
        estimated_full_test_time_s=77,
        note="kept",
    )
    new = make_values(stages={"A": 4.0, "New": 5.0, "B": 6.0}, steps=[7.0])
    changed = json.loads(with_scenarios(make_baselines({"s": old}), {"s": new}, DAY).text)["scenarios"]["s"]
    assert list(changed["stages_ms"].items()) == [
        ("per_frame_generation", None),
        ("B", 6.0),
        ("A", 4.0),
        ("New", 5.0),
    ]
    assert changed["denoise_step_ms"] == {"0": 7.0}
    assert (changed["estimated_full_test_time_s"], changed["note"]) == (77, "kept")


def test_a_measured_pseudo_stage_is_no_longer_true():
    """`per_frame_generation` with a number is of the old run: it goes, as nothing new measured it."""
    old = make_values(stages={"A": 1.0, "per_frame_generation": 9.0})
    changed = with_scenarios(make_baselines({"s": old}), {"s": make_values(stages={"A": 2.0})}, DAY)
    assert changed.scenarios["s"].stages_ms == {"A": 2.0}


def test_the_last_of_two_scenarios_is_replaced():
    """Where a scenario stands twice, the one that counts is changed and the dead one keeps its bytes."""
    text = '{"metadata": {}, "scenarios": {"s": {"expected_e2e_ms": 1}, "s": {"expected_e2e_ms": 2}}}'
    file = baselines_from_text(text)
    changed = with_scenarios(file, {"s": {"stages_ms": {}, "expected_e2e_ms": 3}}, DAY)
    assert file.repeated_keys == ("s",)
    assert '{"s": {"expected_e2e_ms": 1}, "s": {"expected_e2e_ms": 3,' in changed.text


def test_a_new_file_is_empty_and_whole():
    """A new file names its hardware and clock, and has the default tolerances and sampling."""
    file = new_baselines("cpu", "device-events")
    assert (dict(file.scenarios), file.metadata.clock, file.repeated_keys) == ({}, "device-events", ())
    assert file.tolerances == DEFAULT_TOLERANCES
    assert file.sampling.step_fractions == (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    assert re.fullmatch(r'\{\n    "metadata": \{\n.*\n    "scenarios": \{\}\n\}\n', file.text, re.DOTALL)


@pytest.mark.parametrize(
    ("clocks", "clock"),
    [
        (["device-events", "device-events"], "device-events"),
        (["device-events", "host"], "host"),
        (["host"], "host"),
        ([], "host"),
    ],
)
def test_new_baselines_take_the_devices_clock_where_every_request_has_it(clocks: list[Clock], clock: Clock):
    """One request without it, in whichever record, and its values could not be compared."""
    records = [make_record(make_scenario("flux", make_request(clock=one))) for one in clocks]

    assert clock_of(records) == clock
