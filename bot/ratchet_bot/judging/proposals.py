"""What a run allows to tighten, as plain data: proposals, what was declined, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any, Final, Literal

from ratchet_profiler.record import Source

from ratchet_bot.judging.limits import EXACT_DECIMALS
from ratchet_bot.judging.noise import run_flake_rate
from ratchet_bot.judging.rules.findings import Finding

SLACK_RATIO: Final = 0.02
SLACK_MS: Final = 5.0
"""A top-level value may rise by up to 2 %, or by up to 5 ms, without being a regression.
Chosen: above the spread of one value between two requests of an unchanged engine."""
MARKED_RATIO: Final = 0.01
"""Chance from which on a proposal is marked. Chosen: of 67 such scenarios one breaks every other night."""


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
class Chance:
    """The predicted chance that one run of an unchanged engine breaks a scenario's new limits."""

    ratio: float | None = None
    """Between 0 and 1, for the metric that is likeliest to: the metrics of one request move together. None
    where too few nights are known."""
    nights: int = 0
    """How many nights are known of it."""
    field: str = ""
    """That metric, by its place in a baseline file; "" where too few nights are known."""

    @property
    def is_marked(self) -> bool:
        """True when a reader should look: see `MARKED_RATIO`."""
        return self.ratio is not None and self.ratio > MARKED_RATIO


@dataclass(frozen=True)
class Proposal:
    """A scenario's new values: those of one request."""

    scenario: str
    kind: Literal["tighter", "first", "replaced"]
    """A tighter baseline, the first one, or one that a person wants whatever it improves."""
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
    chance: Chance = Chance()
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


def run_chance(proposals: Iterable[Proposal]) -> float | None:
    """Return the predicted chance that one run of an unchanged engine breaks any of these new limits.

    Between 0 and 1, over the proposals of which it is known; None where it is known of none.
    """
    known = [one.chance.ratio for one in proposals if one.chance.ratio is not None]
    return run_flake_rate(known) if known else None
