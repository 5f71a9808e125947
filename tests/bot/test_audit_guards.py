"""What guarded, and does not any more, without that any value changed."""

from typing import Any

import pytest
from audit_cases import measured
from builders import make_baselines
from ratchet_bot.data.baselines import DEFAULT_TOLERANCES, BaselineFile
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.rules.rule import FileSubject, Finding
from ratchet_bot.judging.rules.whole_files import guard_lost

PROFILE = {
    "e2e": 0.25,
    "denoise_stage": 0.25,
    "non_denoise_stage": 0.8,
    "denoise_step": 0.3,
    "denoise_agg": 0.2,
}


KEY = "NVIDIA H100 80GB HBM3 x2 80 GiB | driver 570 | CUDA 12.8 | torch 2.13 | host"


def lost(old: BaselineFile, new: BaselineFile) -> list[Finding]:
    """Return what the change took away; it is introduced, and a warning."""
    found = [one for one in audit(new, against=old) if one.rule == "guard-lost"]
    assert all(one.introduced and one.severity == "warning" for one in found)
    return found


def captured(comparability: str | None) -> dict[str, Any]:
    """Return where a scenario's values are from."""
    origin = {"request_id": "r0", "captured_at": "2026-11-22T06:30:00+00:00", "requests": 3}
    return {"provenance": {**origin, "comparability": comparability}}


def test_a_guard_that_is_gone_is_a_warning():
    """A scenario that was taken out guards nothing any more; a placeholder never did."""
    old = make_baselines({"kept": measured(), "gone": measured(), "empty": {}})
    new = make_baselines({"kept": measured()})
    found = list(guard_lost(FileSubject(new, old=old)))

    assert [(one.rule, one.severity, one.scenario) for one in found] == [("guard-lost", "warning", "gone")]
    assert list(guard_lost(FileSubject(old, old=new))) == []
    assert list(guard_lost(FileSubject(new))) == []


def test_a_tolerance_that_rose_is_a_warning():
    """Wider tolerances loosen every scenario; narrower ones, and a new profile, do not."""
    old = make_baselines(tolerances={"pr_test": PROFILE})
    new = make_baselines(tolerances={"pr_test": {**PROFILE, "e2e": 0.5, "denoise_agg": 0.1}, "new": PROFILE})
    [finding] = guard_lost(FileSubject(new, old=old))

    assert (finding.scenario, finding.field) == ("tolerances", "pr_test.e2e")
    assert (finding.actual, finding.expected, finding.introduced) == (0.5, 0.25, True)
    assert finding.problem == "the tolerance pr_test.e2e rose from 0.25 to 0.5"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            {},
            {"tolerances": {"pr_test": {**PROFILE, "e2e": 5.0}}},
            "the tolerance pr_test.e2e rose from 0.25 (the default, as the file had none) to 5",
        ),
        (
            {"tolerances": {"pr_test": {**PROFILE, "denoise_step": 0.1}}},
            {},
            "the tolerance pr_test.denoise_step rose from 0.1 to 0.3 (the default, as the file has none now)",
        ),
        (
            {"tolerances": {"pr_test": PROFILE}},
            {"tolerances": {**PROFILE, "denoise_agg": 0.5}},
            "the tolerance pr_test.denoise_agg rose from 0.2 to 0.5",
        ),
    ],
)
def test_the_tolerances_in_force_count(old: dict[str, Any], new: dict[str, Any], problem: str):
    """Where none are written, the default ones hold; a flat table holds for every default profile."""
    assert [one.problem for one in lost(make_baselines(**old), make_baselines(**new))] == [problem]


def test_writing_the_defaults_down_loses_nothing():
    """Neither does taking them out again."""
    written = {name: profile.model_dump() for name, profile in DEFAULT_TOLERANCES.items()}
    bare, full = make_baselines(), make_baselines(tolerances=written)

    assert lost(bare, full) == []
    assert lost(full, bare) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            captured(KEY),
            captured("cpu"),
            f"s says it was measured on cpu, and said {KEY}, with the same values",
        ),
        (captured(KEY), {}, f"s says it was measured on nothing known, and said {KEY}, with the same values"),
        (captured(KEY), captured(KEY), None),
        ({}, {}, None),
        (captured(KEY), {**captured("cpu"), "expected_e2e_ms": 612.35}, None),
    ],
)
def test_values_do_not_move_to_another_machine(old: dict[str, Any], new: dict[str, Any], problem: str | None):
    """A key that changes under the same values makes every run incomparable; new values have a new one."""
    found = lost(make_baselines({"s": measured(**old)}), make_baselines({"s": measured() | new}))

    assert [(one.field, one.problem) for one in found] == (
        [("provenance.comparability", problem)] if problem else []
    )


def test_a_placeholder_may_say_where_it_is_of():
    """It guarded nothing before."""
    assert lost(make_baselines({"s": {}}), make_baselines({"s": captured(KEY)})) == []


def test_another_clock_is_told():
    """A host's values are none of the device's: no run of the old clock compares any more."""
    on_device = make_baselines(metadata={"clock": "device-events"})
    [finding] = lost(make_baselines(metadata={}), on_device)

    assert (finding.scenario, finding.field) == ("metadata", "clock")
    assert (finding.actual, finding.expected) == ("device-events", "host")
    assert lost(on_device, on_device) == []


@pytest.mark.parametrize(
    ("fractions", "fewer"),
    [([0.0], 1), ([], 0), ([0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0], 3), ([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], None)],
)
def test_fewer_steps_are_compared(fractions: list[float], fewer: int | None):
    """A place that is named twice is one; the same number at other places is a choice."""
    found = lost(make_baselines(), make_baselines(sampling={"step_fractions": fractions}))
    problem = f"steps are compared at {fewer} places of the run, and were at 6"

    assert [one.problem for one in found] == ([] if fewer is None else [problem])
