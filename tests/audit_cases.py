"""Scenarios for the audit: values that look measured, and what is found of a file and of a change."""

from collections.abc import Mapping, Sequence
from typing import Any

from builders import make_baselines, make_values
from ratchet_bot.data.baselines import ScenarioBaseline
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.rules.rule import Finding, Subject

MEASURED_STEPS = (98.76, 101.37, 103.45, 99.12, 100.51)
"""Mean 100.642, median 100.51, sum 503.21."""
MEASURED_STAGES = {"TextEncodingStage": 31.41, "DenoisingStage": 505.62, "DecodingStage": 61.27}
"""Sum 598.30; 2.41 ms of denoising are outside of the steps."""
MEASURED_E2E_MS = 612.34


def measured(
    *,
    e2e_ms: float = MEASURED_E2E_MS,
    stages: Mapping[str, Any] = MEASURED_STAGES,
    steps: Sequence[float] = MEASURED_STEPS,
    **other: Any,
) -> dict[str, Any]:
    """Return a scenario of which the audit has nothing to say."""
    return make_values(e2e_ms=e2e_ms, stages=stages, steps=steps, **other)


def subject(new: Mapping[str, Any], old: Mapping[str, Any] | None = None, **fields: Any) -> Subject:
    """Return a scenario "s", beside its older version where there is one."""
    was = None if old is None else ScenarioBaseline.model_validate(old)
    return Subject("s", ScenarioBaseline.model_validate(new), was, is_compared=old is not None, **fields)


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Finding]:
    """Return what the change of scenario "s" brought."""
    found = audit(make_baselines({"s": new}), against=make_baselines({"s": old}))
    return [finding for finding in found if finding.introduced]


def told(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Return (rule, severity) of each finding."""
    return [(finding.rule, finding.severity) for finding in findings]
