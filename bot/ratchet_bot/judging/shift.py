"""Many scenarios that move the same way on another machine are one finding, not as many regressions.

Source of the rule: what another performance bot came to after its runners were replaced (rotki#13140).
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Final, Literal, NamedTuple

from ratchet_bot.judging.comparison import SLOWER, ScenarioComparison, Shift, Verdict

LEAST_SCENARIOS: Final = 3
LEAST_SHARE_RATIO: Final = 0.5
"""As many scenarios, and this share of those that were compared there, have to move. Source: the same."""


class Compared(NamedTuple):
    """A scenario that was compared, and what is known of its machine."""

    said: ScenarioComparison
    """What its numbers say."""
    machine: tuple[str, ...] = ()
    """What is another on the machine than it was, such as "driver 570 -> driver 580"."""
    terms: tuple[str, ...] = ()
    """In what the baseline's own measurement does not compare with this one."""


def settled(compared: Sequence[Compared]) -> tuple[tuple[ScenarioComparison, ...], Shift | None]:
    """Return what is said of each scenario, now that all are known, and the shift, when there is one.

    A scenario is incomparable when its baseline was captured on other terms, or when it became slower
    together with the others on another machine. Faster ones keep their verdict: an improvement blames nobody.
    """
    on_another_machine = [one for one in compared if one.machine]
    shift = _shift(on_another_machine, "slower") or _shift(on_another_machine, "faster")
    return tuple(_settled(one, shift) for one in compared), shift


def _settled(one: Compared, shift: Shift | None) -> ScenarioComparison:
    name = one.said.scenario
    if one.terms:
        why = f"its baseline was captured on other terms: {'; '.join(one.terms)}"
        return ScenarioComparison(name, Verdict.INCOMPARABLE, why, requests=one.said.requests)
    if shift and shift.direction == "slower" and name in shift.scenarios:
        return replace(one.said, verdict=Verdict.INCOMPARABLE, reason="it moved together with the machine")
    return one.said


def _shift(compared: Sequence[Compared], direction: Literal["slower", "faster"]) -> Shift | None:
    verdicts = SLOWER if direction == "slower" else {Verdict.IMPROVED}
    moved = [one for one in compared if one.said.verdict in verdicts]
    if len(moved) < max(LEAST_SCENARIOS, LEAST_SHARE_RATIO * len(compared)):
        return None
    return Shift(
        direction,
        tuple(dict.fromkeys(change for one in moved for change in one.machine)),
        tuple(one.said.scenario for one in moved),
        len(compared),
        median(one.said.rows[0].change_ratio or 0.0 for one in moved),
    )
