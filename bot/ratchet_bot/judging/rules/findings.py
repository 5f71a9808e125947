"""Findings: what an audit has to say, one thing at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
"""The gravest first."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing, about one scenario."""

    rule: str
    severity: Severity
    scenario: str
    """Its id; for the file as a whole the part, such as "metadata"; for a request of a record where it is."""
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
    introduced: bool = False
    """Whether the change from an older file brought it; False where no older file was given."""
    waived: str = ""
    """Why somebody accepts it for a while; "" when nobody does."""

    @property
    def message(self) -> str:
        """The problem, and how to mend it."""
        return f"{self.problem}: {self.remedy}"


def tally(findings: Iterable[Finding]) -> dict[str, dict[Severity, int]]:
    """Return how many findings there are, by rule and severity, the graver first."""
    counts: dict[str, dict[Severity, int]] = {}
    for finding in gravest_first(findings):
        severities = counts.setdefault(finding.rule, {})
        severities[finding.severity] = severities.get(finding.severity, 0) + 1
    return counts


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings by severity; those of one severity stay in their order."""
    return sorted(findings, key=lambda one: SEVERITIES.index(one.severity))


def first_error(findings: Iterable[Finding]) -> Finding | None:
    """Return the first finding that is an error, or None."""
    return next((finding for finding in findings if finding.severity == "error"), None)
