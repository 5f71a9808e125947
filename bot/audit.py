"""Audit baselines: does a scenario agree with itself, and does it guard anything?

Every rule is one small function from a scenario to findings. The thresholds come from 372 versions of real
scenarios: a single run is exact to rounding, and no single run had steps longer than their stage.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean, median
from typing import Final, Literal

from bot.baselines import BaselineFile, ScenarioBaseline
from bot.snapshot import DECIMALS, denoising_total_ms

Severity = Literal["error", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
"""The gravest first."""

ROUNDING_MS: Final = 0.011
"""Largest honest gap in milliseconds between an aggregate and its steps: both are rounded to 0.01 ms.
Evidence: 208 of 372 scenario versions are within it, and only 8 between it and 0.1 ms."""
GROSS_RATIO: Final = 0.01
"""From this fraction of the stored value on, a mismatch is an error. Chosen: it moves a verdict."""
STEP_ROUNDING_MS: Final = 0.01
"""What rounding can add per step, in milliseconds, when steps are summed."""
E2E_SLACK_RATIO: Final = 0.003
"""Stages may exceed end to end by this fraction. Evidence: five two-GPU runs of one month, up to 0.27 %."""

LONGEST_SHOWN: Final = 80
"""Characters shown of a value that is no measurement: it may be anything."""

REPLACE_WHOLE: Final = "replace the whole scenario with the values of one request"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing, about one scenario."""

    rule: str
    severity: Severity
    scenario: str
    field: str
    """Where in the scenario, such as "expected_avg_denoise_ms"."""
    actual: float | str | None
    """What the file says."""
    expected: float | str | None
    """What would be consistent; None when only a new measurement can tell."""
    problem: str
    """What is wrong, one clause."""
    remedy: str
    """What to do about it in a baseline file, one clause."""

    @property
    def message(self) -> str:
        """The problem, and how to mend it."""
        return f"{self.problem}: {self.remedy}"


Rule = Callable[[str, ScenarioBaseline], Iterable[Finding]]


def audit(file: BaselineFile) -> list[Finding]:
    """Return every finding of the file, in the file's order of scenarios."""
    repeated = [_repeated(key) for key in file.repeated_keys]
    return repeated + [
        finding for name, scenario in file.scenarios.items() for finding in audit_scenario(name, scenario)
    ]


def audit_scenario(name: str, scenario: ScenarioBaseline) -> list[Finding]:
    """Return every finding of one scenario, in the order of `RULES`."""
    return [finding for rule in RULES.values() for finding in rule(name, scenario)]


def tally(findings: Iterable[Finding]) -> dict[str, dict[Severity, int]]:
    """Return how many findings there are, by rule and severity, the graver first."""
    counts: dict[str, dict[Severity, int]] = {}
    for finding in sorted(findings, key=lambda one: SEVERITIES.index(one.severity)):
        severities = counts.setdefault(finding.rule, {})
        severities[finding.severity] = severities.get(finding.severity, 0) + 1
    return counts


def first_error(findings: Iterable[Finding]) -> Finding | None:
    """Return the first finding that is an error, or None."""
    return next((finding for finding in findings if finding.severity == "error"), None)


def mean_mismatch(name: str, scenario: ScenarioBaseline) -> Iterator[Finding]:
    """Yield a finding when `expected_avg_denoise_ms` is not the mean of the steps."""
    yield from _aggregate_mismatch(
        "mean-mismatch", "mean", fmean, "expected_avg_denoise_ms", (name, scenario)
    )


def median_mismatch(name: str, scenario: ScenarioBaseline) -> Iterator[Finding]:
    """Yield a finding when `expected_median_denoise_ms` is not the median of the steps."""
    field = "expected_median_denoise_ms"
    yield from _aggregate_mismatch("median-mismatch", "median", median, field, (name, scenario))


def steps_exceed_stage(name: str, scenario: ScenarioBaseline) -> Iterator[Finding]:
    """Yield a finding when the steps take longer than the denoising stages that contain them."""
    if not scenario.steps or not scenario.has_every_step:
        return
    steps, stages = sum(scenario.steps.values()), denoising_total_ms(scenario.stages)
    if steps > stages + STEP_ROUNDING_MS * len(scenario.steps):
        yield Finding(
            rule="steps-exceed-stage",
            severity="error",
            scenario=name,
            field="denoise_step_ms",
            actual=round(steps, DECIMALS),
            expected=round(stages, DECIMALS),
            problem=f"{len(scenario.steps)} steps sum to {steps:,.2f} ms, longer than the denoising stages "
            f"that contain them ({stages:,.2f} ms)",
            remedy=REPLACE_WHOLE,
        )


def stages_exceed_e2e(name: str, scenario: ScenarioBaseline) -> Iterator[Finding]:
    """Yield a finding when the stages take longer than the whole request."""
    e2e = scenario.aggregate("expected_e2e_ms")
    stages = sum(scenario.stages.values())
    if not e2e or stages <= e2e + STEP_ROUNDING_MS * len(scenario.stages):
        return
    yield Finding(
        rule="stages-exceed-e2e",
        severity="error" if stages > e2e * (1 + E2E_SLACK_RATIO) else "info",
        scenario=name,
        field="expected_e2e_ms",
        actual=e2e,
        expected=round(stages, DECIMALS),
        problem=f"stages sum to {stages:,.2f} ms, longer than the whole request ({e2e:,.2f} ms)",
        remedy=REPLACE_WHOLE,
    )


def sampled_steps(name: str, scenario: ScenarioBaseline) -> Iterator[Finding]:
    """Yield a note when only some steps are stored: a legitimate form, of which less can be proved."""
    indices = sorted(scenario.denoise_step_ms)
    if indices != list(range(len(indices))):
        yield Finding(
            rule="sampled-steps",
            severity="info",
            scenario=name,
            field="denoise_step_ms",
            actual=f"{len(indices)} of {indices[-1] + 1} steps",
            expected=None,
            problem=f"only {len(indices)} of {indices[-1] + 1} steps are stored",
            remedy="mean, median and sum of the steps cannot be checked",
        )


def bad_value(name: str, scenario: ScenarioBaseline) -> Iterator[Finding]:
    """Yield a finding for each metric that is negative, not finite, not a number, or null."""
    for field, value in scenario.bad_values():
        shown = str(value)[:LONGEST_SHOWN]
        yield Finding(
            rule="bad-value",
            severity="error",
            scenario=name,
            field=field,
            actual=shown,
            expected=None,
            problem=f"{field} is {shown!r}, not a duration in milliseconds",
            remedy="measure it, or remove it",
        )


def unguarded(name: str, scenario: ScenarioBaseline) -> Iterator[Finding]:
    """Yield a finding when the scenario guards nothing: a placeholder."""
    no_e2e = scenario.expected_e2e_ms is None or scenario.aggregate("expected_e2e_ms") == 0
    nothing_inside = not scenario.stages and not scenario.steps
    if no_e2e or nothing_inside:
        what = "expected_e2e_ms is 0 or absent" if no_e2e else "there are neither stages nor steps"
        yield Finding(
            rule="unguarded",
            severity="warning",
            scenario=name,
            field="expected_e2e_ms" if no_e2e else "stages_ms",
            actual=scenario.aggregate("expected_e2e_ms"),
            expected=None,
            problem=what,
            remedy="any slowdown would pass; measure the scenario and put its values here",
        )


FILE_RULES: Final = ("repeated-key",)
"""Rules about the file as a whole. They come before all others."""
RULES: Final[Mapping[str, Rule]] = {
    "mean-mismatch": mean_mismatch,
    "median-mismatch": median_mismatch,
    "steps-exceed-stage": steps_exceed_stage,
    "stages-exceed-e2e": stages_exceed_e2e,
    "sampled-steps": sampled_steps,
    "bad-value": bad_value,
    "unguarded": unguarded,
}
"""Every rule about a scenario by its name, in the order in which findings are told."""


def _aggregate_mismatch(
    rule: str,
    word: str,
    aggregate: Callable[[Iterable[float]], float],
    field: str,
    subject: tuple[str, ScenarioBaseline],
) -> Iterator[Finding]:
    name, scenario = subject
    stored = scenario.aggregate(field)
    if stored is None or not scenario.steps or not scenario.has_every_step:
        return
    computed = aggregate(scenario.steps.values())
    gap = abs(round(computed, DECIMALS) - round(stored, DECIMALS))
    if gap <= ROUNDING_MS:
        return
    yield Finding(
        rule=rule,
        severity="error" if abs(computed - stored) > GROSS_RATIO * stored else "warning",
        scenario=name,
        field=field,
        actual=stored,
        expected=round(computed, DECIMALS),
        problem=f"{field} is {stored:,.2f} ms but the {word} of its {len(scenario.steps)} steps is "
        f"{computed:,.2f} ms",
        remedy=f"set it to {computed:.2f}, or {REPLACE_WHOLE}",
    )


def _repeated(key: str) -> Finding:
    return Finding(
        rule="repeated-key",
        severity="warning",
        scenario=key,
        field=key,
        actual=None,
        expected=None,
        problem=f"{key} stands more than once in one object, and only the last one counts",
        remedy="remove the others",
    )
