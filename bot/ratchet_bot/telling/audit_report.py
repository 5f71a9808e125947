"""What a reader is shown of an audit, as plain data: what is open, what was there before, what is waived."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.judging.rules.rule import Finding, Severity, gravest_first, tally

LEAST_SHARED_RATIO: Final = 0.5
"""Fraction of the smaller file's scenarios that two versions of one file share. Chosen: sglang's H100 and
Ascend files share none, and two versions of the former that are eight weeks apart 40 of 46."""


@dataclass(frozen=True)
class Shared:
    """How many scenarios two files have in common."""

    count: int
    of: int
    """How many the smaller file has: a file may grow, and lose some."""

    @property
    def looks_like_two_files(self) -> bool:
        """Whether they hardly are two versions of one file."""
        return self.count < LEAST_SHARED_RATIO * self.of


@dataclass(frozen=True)
class AuditReport:
    """The findings of one baseline file, or of some records."""

    path: str
    """What was audited, as the reader knows it."""
    count: int
    """How many of the noun were looked at."""
    findings: tuple[Finding, ...]
    """All of them, in the order of the file."""
    noun: Literal["scenario", "request"] = "scenario"
    against: str = ""
    """The older file; "" where there is none."""
    shared: Shared = Shared(0, 0)
    """With the older file."""

    @cached_property
    def open(self) -> Sequence[Finding]:
        """What has to be looked at, the gravest first: with an older file only what the change introduced."""
        wanted = [
            finding
            for finding in self.findings
            if not finding.waived and (finding.introduced or not self.against)
        ]
        return gravest_first(wanted)

    @cached_property
    def older(self) -> Sequence[Finding]:
        """What was there before the change, the gravest first."""
        return gravest_first(
            [
                finding
                for finding in self.findings
                if not finding.waived and self.against and not finding.introduced
            ]
        )

    @cached_property
    def waived(self) -> Sequence[Finding]:
        """What somebody accepts for a while."""
        return [finding for finding in self.findings if finding.waived]

    @cached_property
    def notes(self) -> Sequence[Finding]:
        """Of what is open, what is only worth knowing."""
        return [finding for finding in self.open if finding.severity == "info"]

    @cached_property
    def problems(self) -> Sequence[Finding]:
        """Of what is open, the errors and warnings."""
        return [finding for finding in self.open if finding.severity != "info"]

    @cached_property
    def by_severity(self) -> Mapping[Severity, int]:
        """How many are open, by severity, the gravest first."""
        return Counter(finding.severity for finding in self.open)

    @cached_property
    def tally(self) -> Mapping[str, Mapping[Severity, int]]:
        """How many are open, by rule and severity."""
        return tally(self.open)

    @cached_property
    def older_tally(self) -> Mapping[str, Mapping[Severity, int]]:
        """How many were there before, by rule and severity."""
        return tally(self.older)

    @property
    def fails(self) -> bool:
        """Whether somebody should do something: errors and warnings for a file, errors for requests."""
        if self.noun == "request":
            return any(finding.severity == "error" for finding in self.open)
        return bool(self.problems)


def shared_scenarios(file: BaselineFile, older: BaselineFile) -> Shared:
    """Return how many scenarios of the smaller of two files the other finding has too."""
    names, others = file.scenarios.keys(), older.scenarios.keys()
    return Shared(len(names & others), min(len(names), len(others)))
