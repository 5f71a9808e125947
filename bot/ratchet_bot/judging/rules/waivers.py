"""Waivers: findings that somebody has looked at and accepts for a while."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from typing import Final, Protocol

from ratchet_bot.judging.rules.findings import Finding, Severity

RULE: Final = "waiver"
"""The rule of what is said about waivers themselves."""


class Waiver(Protocol):
    """A finding that is accepted, as `ratchet_bot.data.settings.Waiver` reads it from the configuration."""

    @property
    def rule(self) -> str:
        """Name of the rule."""

    @property
    def scenario(self) -> str:
        """Id of the scenario."""

    @property
    def reason(self) -> str:
        """Why it is accepted."""

    @property
    def expires(self) -> date:
        """The last day on which it counts."""


def with_waivers(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date | None) -> list[Finding]:
    """Return the findings, those that are waived with the reason.

    Args:
        findings: What the rules found.
        waivers: Where several cover a finding, the first counts.
        today: A waiver counts up to and including its last day; None takes every waiver as valid.
    """
    reasons: dict[tuple[str, str], str] = {}
    for waiver in waivers:
        if not _has_expired(waiver, today):
            reasons.setdefault((waiver.rule, waiver.scenario), f"{waiver.reason} (until {waiver.expires})")
    return [replace(one, waived=reasons.get((one.rule, one.scenario), "")) for one in findings]


def waiver_flaws(
    waivers: Iterable[Waiver],
    findings: Iterable[Finding],
    rules: Sequence[str],
    applied: Collection[str],
    today: date | None,
) -> Iterator[Finding]:
    """Yield what is wrong with waivers: an unknown rule, expired, or nothing to waive.

    Args:
        waivers: Those of the configuration.
        findings: As `with_waivers` returns them.
        rules: The names of all rules.
        applied: The names of those that could fire this time.
        today: None takes every waiver as valid.
    """
    used = {(one.rule, one.scenario) for one in findings if one.waived}
    for waiver in waivers:
        if waiver.rule not in rules:
            [close] = get_close_matches(waiver.rule, rules, n=1) or [""]
            yield _flaw(
                waiver,
                "warning",
                f"a waiver names the rule {waiver.rule}, which does not exist",
                f"did you mean {close}?" if close else "perf-ratchet audit --rules names them all",
            )
        elif _has_expired(waiver, today):
            yield _flaw(
                waiver,
                "warning",
                f"the waiver of {waiver.rule} expired on {waiver.expires} (its reason: {waiver.reason})",
                "mend what it waived, or give it a new date and say why",
            )
        elif waiver.rule in applied and (waiver.rule, waiver.scenario) not in used:
            yield _flaw(
                waiver,
                "info",
                f"the waiver of {waiver.rule} waives nothing in this file",
                "remove it, unless another baseline file needs it",
            )


def _has_expired(waiver: Waiver, today: date | None) -> bool:
    return today is not None and today > waiver.expires


def _flaw(waiver: Waiver, severity: Severity, problem: str, remedy: str) -> Finding:
    return Finding(
        rule=RULE,
        severity=severity,
        scenario=waiver.scenario,
        field="waivers",
        actual=waiver.rule,
        expected=None,
        problem=problem,
        remedy=remedy,
    )
