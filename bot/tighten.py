"""Propose tighter baselines: whole snapshots of one request, never the lowest value of each field."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from bot.audit import audit_scenario, first_error
from bot.baselines import AGGREGATES, BaselineFile, ScenarioBaseline
from bot.evidence import Evidence, Obstacle, Recorded, Witness, by_scenario, evidence, workload_change
from bot.limits import EXACT_DECIMALS, MIN_IMPROVEMENT, has_improved
from bot.rewriting import with_scenarios
from bot.snapshot import is_denoising_stage, rounded
from profiler.record import RunRecord, Source

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
    kind: Literal["tighter", "first"]
    """A tighter baseline, or the first one."""
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


@dataclass(frozen=True)
class Declined:
    """A scenario of the run that is not proposed."""

    scenario: str
    reason: str
    """A clause to follow the scenario's name."""


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


def propose(
    file: BaselineFile,
    records: Sequence[RunRecord],
    *,
    min_improvement: float = MIN_IMPROVEMENT,
    scenarios: str = "*",
    add: bool = False,
) -> Proposals:
    """Return which scenarios of a run deserve a new baseline, and why the others do not.

    A scenario's snapshot is its lower-median valid request by end to end. It is proposed when end to end
    falls by `min_improvement`, no top-level value rises by more than 2 % and 5 ms, and the values audit
    without error.

    Args:
        file: The baselines.
        records: The run, in one record or in several, at least one: the requests of a scenario are pooled.
        min_improvement: Fraction, 0.05 is 5 %.
        scenarios: Glob; only these scenarios are looked at.
        add: Whether to propose first baselines too, where there is none or a placeholder.
    """
    considered = [
        _considered(file, name, runs, min_improvement, add=add)
        for name, runs in by_scenario(records).items()
        if fnmatchcase(name, scenarios)
    ]
    return Proposals(
        tuple(one for one in considered if isinstance(one, Proposal)),
        tuple(one for one in considered if isinstance(one, Declined)),
        max((record.source for record in records), key=lambda source: source.created_at),
    )


def tightened(file: BaselineFile, proposals: Proposals) -> BaselineFile:
    """Return the file with every proposal in it; the same file when there is none."""
    if not proposals.proposals:
        return file
    values = {proposal.scenario: proposal.values for proposal in proposals.proposals}
    return with_scenarios(file, values, proposals.captured_on)


def lower_median(witnesses: Sequence[Witness]) -> Witness:
    """Return the request in the middle by end to end; of two in the middle, the faster one."""
    ordered = sorted(witnesses, key=lambda one: (one.taken.e2e_ms, one.taken.request_id))
    return ordered[(len(ordered) - 1) // 2]


def _considered(
    file: BaselineFile, name: str, runs: Sequence[Recorded], min_improvement: float, *, add: bool
) -> Proposal | Declined:
    found = evidence(runs, file.metadata.clock)
    if isinstance(found, Obstacle):
        return Declined(name, found.reason)
    baseline = file.scenarios.get(name, ScenarioBaseline())
    chosen = lower_median(found.witnesses)
    proposal = _proposal(baseline, name, chosen, found)
    if proposal.kind == "first":
        reason = "" if add else "it has no baseline yet: --add proposes a first one"
    else:
        reason = workload_change(baseline, chosen.taken) or _regression(proposal, min_improvement)
    reason = reason or _contradiction(proposal)
    return Declined(name, reason) if reason else proposal


def _proposal(baseline: ScenarioBaseline, name: str, chosen: Witness, found: Evidence) -> Proposal:
    values = rounded(chosen.taken.values())
    old, new = baseline.by_field(), ScenarioBaseline.model_validate(values).by_field()
    changes = [Change(field, old.get(field), value) for field, value in new.items()]
    provenance = {
        "run_id": chosen.source.run_id,
        "head_sha": chosen.source.head_sha,
        "request_id": chosen.taken.request_id,
        "captured_at": chosen.source.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "requests": len(found.witnesses),
    }
    return Proposal(
        scenario=name,
        kind="tighter" if baseline.guards else "first",
        top_level=tuple(change for change in changes if _is_top_level(change.field)),
        raised=tuple(change for change in changes if change.rose and not _is_top_level(change.field)),
        request_id=chosen.taken.request_id,
        requests=len(found.witnesses),
        values={**values, "provenance": provenance},
    )


def _regression(proposal: Proposal, min_improvement: float) -> str:
    """Return why a tighter baseline is not deserved, or "" when it is."""
    e2e = proposal.top_level[0]
    change = e2e.change_ratio or 0.0
    if not has_improved(change, min_improvement):
        needed = f"a new baseline needs a fall of at least {min_improvement:.1%}"
        return f"end to end changed by {change:+.1%}; {needed}"
    for value in proposal.top_level:
        was_placeholder = value.field in AGGREGATES and not value.old_ms
        if not was_placeholder and value.rise_ms > value.slack_ms:
            return f"{value.field} rose from {value.old_ms:,.2f} to {value.new_ms:,.2f} ms"
    return ""


def _contradiction(proposal: Proposal) -> str:
    """Return the first error that the file would have with this proposal, or ""."""
    error = first_error(audit_scenario(proposal.scenario, ScenarioBaseline.model_validate(proposal.values)))
    return error.problem if error else ""


def _is_top_level(field: str) -> bool:
    kind, _, name = field.partition(".")
    return not name or (kind == "stages_ms" and is_denoising_stage(name))
