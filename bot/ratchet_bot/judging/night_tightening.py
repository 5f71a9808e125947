"""What the nightly pull request proposes: improvements that held, and those that it proposes already.

A proposal that stands on the branch is not measured anew every night: it stays until the nights forget it, or
until an even faster level has held.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Any

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import END_TO_END, BaselineFile, ScenarioBaseline, Tolerances
from ratchet_bot.data.history import Series
from ratchet_bot.data.rewriting import with_scenarios
from ratchet_bot.data.settings import Tighten
from ratchet_bot.judging.known import Known
from ratchet_bot.judging.limits import gates, is_top_level, limit
from ratchet_bot.judging.nights import Waiting, held, is_forgotten
from ratchet_bot.judging.prediction import NewLimit, chances
from ratchet_bot.judging.proposals import Change, Proposal
from ratchet_bot.judging.tighten import propose, tightened, with_warnings


@dataclass(frozen=True)
class Tightening:
    """What the pull request says."""

    before: BaselineFile
    after: BaselineFile
    """The same as before when there is nothing to propose."""
    proposals: tuple[Proposal, ...]
    """Every scenario in which the two differ."""
    waiting: tuple[Waiting, ...]
    """Improvements that have not held for long enough."""
    declined: tuple[str, ...] = ()
    """Improvements that a person did not want."""

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to propose."""
        return self.after.text == self.before.text


@dataclass(frozen=True)
class ProposalTerms:
    """What deserves a proposal."""

    tighten: Tighten
    profile: str
    """Which tolerances make the new limits."""


@dataclass(frozen=True)
class StandingProposal:
    """What stands on the bot's branch."""

    file: BaselineFile
    is_declined: bool
    """Whether a person has closed the pull request as it stands: the same is not proposed again."""


def tightening(
    before: BaselineFile,
    standing: StandingProposal | None,
    records: Sequence[RunRecord],
    known: Known,
    terms: ProposalTerms,
) -> Tightening:
    """Return what to propose this night.

    Args:
        before: The baselines of the default branch.
        standing: What is proposed already; None: nothing.
        records: Of this night, at least one: every new snapshot is a request of theirs.
        known: What this night and the ones before it know together.
        terms: What deserves a proposal, and for how many nights it has to hold.

    Raises:
        BaselinesRejected: the file has no such profile.
    """
    today = max(record.source.created_at for record in records).astimezone(UTC).date()
    carried = _carried(before, standing, known.series, terms.tighten, today)
    found = propose(
        carried,
        records,
        min_improvement=terms.tighten.min_improvement,
        max_flake_rate=terms.tighten.max_flake_rate,
        past=known.past,
        profile=terms.profile,
    )
    ready, waiting = held(found.proposals, known.series, terms.tighten.nights, terms.tighten.min_improvement)
    start = before if standing and standing.is_declined else carried
    after = tightened(start, replace(found, proposals=tuple(ready)))
    declined = _changed(before, carried) if start is not carried else ()
    proposals = with_warnings(before, between(before, after))
    proposals = with_chances(proposals, before.profile(terms.profile), known)
    return Tightening(before, after, proposals, tuple(waiting), tuple(declined))


def _carried(
    before: BaselineFile,
    standing: StandingProposal | None,
    series: Mapping[str, Series],
    terms: Tighten,
    today: date,
) -> BaselineFile:
    """Return the baselines with everything in them that is proposed already and still stands."""
    if standing is None:
        return before
    names = [name for name in standing.file.scenarios if _stands(name, before, standing.file, series, terms)]
    return reapplied(before, standing.file, names, today)


def reapplied(
    before: BaselineFile, standing: BaselineFile, names: Collection[str], today: date
) -> BaselineFile:
    """Return the baselines with these scenarios as they stand on a branch, and with that file's date.

    Args:
        before: The baselines of the default branch.
        standing: The file on the branch.
        names: Which of its scenarios; those that it does not have are left out.
        today: The date where that file has none.
    """
    values = {name: scenario for name, scenario in _scenarios(standing).items() if name in names}
    return with_scenarios(before, values, _day(standing, today)) if values else before


def _stands(
    name: str, before: BaselineFile, standing: BaselineFile, series: Mapping[str, Series], terms: Tighten
) -> bool:
    old = before.scenarios[name].aggregate(END_TO_END) if name in before.scenarios else None
    new = standing.scenarios[name].aggregate(END_TO_END)
    if not old or not new or new >= old:
        return False
    return not is_forgotten(series.get(name, ()), old, terms.nights, terms.min_improvement)


def between(before: BaselineFile, after: BaselineFile) -> tuple[Proposal, ...]:
    """Return a proposal for each scenario in which two files differ."""
    return tuple(
        _proposal(name, before.scenarios.get(name, ScenarioBaseline()), after.scenarios[name], values)
        for name, values in _changed(before, after).items()
    )


def _proposal(name: str, old: ScenarioBaseline, new: ScenarioBaseline, values: dict[str, Any]) -> Proposal:
    was = old.by_field()
    changes = [Change(field, was.get(field), value) for field, value in new.by_field().items()]
    origin = new.provenance
    return Proposal(
        scenario=name,
        kind="tighter" if old.guards else "first",
        top_level=tuple(change for change in changes if is_top_level(change.field)),
        raised=tuple(change for change in changes if change.rose and not is_top_level(change.field)),
        request_id=origin.request_id if origin else "unknown",
        requests=origin.requests if origin else 1,
        values=values,
    )


def with_chances(proposals: Sequence[Proposal], tolerances: Tolerances, known: Known) -> tuple[Proposal, ...]:
    """Return the proposals with the chance that the engine as it is breaks their limits.

    Args:
        proposals: Of this night, or of one before.
        tolerances: What makes the new limits.
        known: The nights, and where the engine is now: at what this night has measured.
    """
    now = {line.scenario: line.values for line in known.lines if line.counts}
    limits = {
        one.scenario: {
            field: NewLimit(
                limit(field, new_ms, tolerances, video=False).ms,  # a video differs in its steps only
                now.get(one.scenario, {}).get(field, new_ms),
            )
            for field, new_ms in ScenarioBaseline.model_validate(one.values).by_field().items()
            if gates(field) and new_ms
        }
        for one in proposals
    }
    found = chances(known.past, limits)
    return tuple(replace(one, chance=found[one.scenario]) for one in proposals)


def _changed(before: BaselineFile, after: BaselineFile) -> dict[str, Any]:
    """Return the scenarios in which two files differ, as the later one has them."""
    old = _scenarios(before)
    return {name: values for name, values in _scenarios(after).items() if values != old.get(name)}


def _scenarios(file: BaselineFile) -> dict[str, Any]:
    """Return the scenarios as the file has them, unknown keys and all."""
    return dict(json.loads(file.text)["scenarios"])


def _day(file: BaselineFile, otherwise: date) -> date:
    try:
        return date.fromisoformat(file.metadata.last_updated or "")
    except ValueError:
        return otherwise
