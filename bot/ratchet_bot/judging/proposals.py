"""What a run allows to tighten, as plain data: proposals, what was declined, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any, Final, Literal

from ratchet_profiler.record import Source

from ratchet_bot.data.baselines import AGGREGATES, ScenarioBaseline
from ratchet_bot.judging.limits import EXACT_DECIMALS, has_improved
from ratchet_bot.judging.metrics import is_slower_decoding, is_top_level
from ratchet_bot.judging.noise import UNKNOWN, Chance, run_flake_rate
from ratchet_bot.judging.rules.rule import Finding

SLACK_RATIO: Final = 0.02
SLACK_MS: Final = 5.0
"""A top-level value may rise by up to 2 %, or by up to 5 ms, without being a regression.
Chosen: above the spread of one value between two requests of an unchanged engine."""


@dataclass(frozen=True)
class Change:
    """One value of a scenario, before and after, in milliseconds as the file writes them."""

    field: str
    """Where it stands in the baseline file, such as "stages_ms.DenoisingStage"."""
    old_ms: float | None
    """None where there was none."""
    new_ms: float

    @property
    def change_ratio(self) -> float | None:
        """Relative change, positive is slower; None without an old value."""
        return (self.new_ms - self.old_ms) / self.old_ms if self.old_ms else None

    @property
    def rise_ms(self) -> float:
        """How much it rose, negative when it fell; 0 without an old value."""
        return 0.0 if self.old_ms is None else round(self.new_ms - self.old_ms, EXACT_DECIMALS)

    @property
    def slack_ms(self) -> float:
        """How much a top-level value may rise: 2 % or 5 ms, whichever is more."""
        return max(SLACK_RATIO * (self.old_ms or 0.0), SLACK_MS)

    @property
    def rose(self) -> bool:
        """True when the new value is above an old one."""
        return self.old_ms is not None and self.new_ms > self.old_ms


@dataclass(frozen=True)
class Proposal:
    """A scenario's new values: those of one request."""

    scenario: str
    kind: Literal["tighter", "first", "replaced"]
    """A tighter baseline, the first one, or one that a person asks for whatever it improves."""
    top_level: tuple[Change, ...]
    """End to end, average, median and the denoising stages."""
    raised: tuple[Change, ...]
    """Other values that rise: the price of values that belong together."""
    request_id: str
    """The request all values come from."""
    requests: int
    """How many valid requests it was chosen from."""
    values: dict[str, Any]
    """What the baseline file will hold, rounded, with provenance."""
    chance: Chance = UNKNOWN
    warnings: tuple[Finding, ...] = ()
    """What the audit says about these values, and did not say about the old ones. An error only of a
    replacement, and only about how it differs from those."""

    @property
    def run_id(self) -> int | None:
        """The Actions run that the request is of; None outside of Actions."""
        run_id: int | None = self.values.get("provenance", {}).get("run_id")
        return run_id

    @property
    def captured_on(self) -> str:
        """The day of that run in UTC, such as "2026-11-22"; "" where it is not known."""
        return str(self.values.get("provenance", {}).get("captured_at", ""))[:10]


@dataclass(frozen=True)
class Declined:
    """A scenario of the run that is not proposed."""

    scenario: str
    reason: str
    """A clause to follow the scenario's name."""
    is_replaceable: bool = False
    """Whether only what the values improve, or what they are of, speaks against them: see `--replace`."""


@dataclass(frozen=True)
class Proposals:
    """What a run allows to tighten."""

    proposals: tuple[Proposal, ...]
    declined: tuple[Declined, ...]
    source: Source
    """The latest of the runs."""

    @property
    def captured_on(self) -> date:
        """The day of the run, in UTC."""
        return self.source.created_at.astimezone(UTC).date()


def proposal_of(
    scenario: str, old: ScenarioBaseline, new: ScenarioBaseline, values: dict[str, Any]
) -> Proposal:
    """Return the proposal of a scenario's new values.

    Args:
        scenario: Its id.
        old: What the file has of it; an empty baseline where it has nothing.
        new: The new values, parsed.
        values: The same as the file will hold them.
    """
    was, origin = old.by_field(), new.provenance
    changes = [Change(field, was.get(field), value) for field, value in new.by_field().items()]
    return Proposal(
        scenario=scenario,
        kind="tighter" if old.guards else "first",
        top_level=tuple(change for change in changes if is_top_level(change.field)),
        raised=tuple(change for change in changes if change.rose and not is_top_level(change.field)),
        request_id=origin.request_id if origin else "unknown",
        requests=origin.requests if origin else 1,
        values=values,
    )


def run_chance(proposals: Iterable[Proposal]) -> float | None:
    """Return the predicted chance that one run of an unchanged engine breaks any of these new limits.

    Between 0 and 1, over the proposals whose chance is known; None where none is.
    """
    ratios = [proposal.chance.ratio for proposal in proposals if proposal.chance.ratio is not None]
    return run_flake_rate(ratios) if ratios else None


def shortfall(proposal: Proposal, min_improvement: float) -> str:
    """Return why a tighter baseline is not deserved, or "" when it is.

    Args:
        proposal: Of a scenario that has a baseline.
        min_improvement: By how much end to end must fall, as a fraction.
    """
    e2e_ratio = proposal.top_level[0].change_ratio or 0.0
    if not has_improved(e2e_ratio, min_improvement):
        needed = f"a new baseline needs a fall of at least {min_improvement * 100:.1f} %"
        return f"end to end changed by {e2e_ratio * 100:+.1f} %; {needed}"
    risen = [
        change
        for change in proposal.top_level
        if change.rise_ms > change.slack_ms and (change.old_ms or change.field not in AGGREGATES)
    ]
    risen += [
        change
        for change in proposal.raised
        if is_slower_decoding(change.field, change.old_ms or 0.0, change.new_ms)
    ]
    if not risen:
        return ""
    return f"{risen[0].field} rose from {risen[0].old_ms:,.2f} to {risen[0].new_ms:,.2f} ms"
