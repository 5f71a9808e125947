"""What the nightly pull requests propose: improvements that held, and slowdowns that a person accepted.

A proposal on the bot's branch is not measured anew every night: it stays until the nights forget it, or until
an even faster level has held.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Any

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import END_TO_END, BaselineFile, ScenarioBaseline, Tolerances
from ratchet_bot.data.history import Series
from ratchet_bot.data.rewriting import with_scenarios
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.limits import limit
from ratchet_bot.judging.metrics import gates
from ratchet_bot.judging.nights import NightSeries, improved_nights, is_forgotten
from ratchet_bot.judging.noise import NewLimit, chances
from ratchet_bot.judging.proposals import Proposal, proposal_of
from ratchet_bot.judging.tighten import propose, tightened, with_warnings


@dataclass(frozen=True)
class Waiting:
    """An improvement that has not yet held for long enough."""

    scenario: str
    nights: int
    """For how many nights it has held."""


@dataclass(frozen=True)
class Tightening:
    """What a nightly pull request proposes."""

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
class StandingProposal:
    """The proposal on the bot's branch."""

    file: BaselineFile
    is_declined: bool
    """Whether a person has closed the pull request as it is: the same is not proposed again."""


def tightening(
    before: BaselineFile,
    standing: StandingProposal | None,
    records: Sequence[RunRecord],
    nights: NightSeries,
    terms: Terms,
) -> Tightening:
    """Return what to propose this night.

    Args:
        before: The baselines of the default branch.
        standing: What is proposed already; None: nothing.
        records: Of this night, at least one: every new snapshot is a request of theirs.
        nights: This night and the ones before.
        terms: What deserves a proposal, and for how many nights it has to hold.

    Raises:
        BaselinesRejected: the file has no such profile.
    """
    today = max(record.source.created_at for record in records).astimezone(UTC).date()
    carried = _carried(before, standing, nights.series, terms, today)
    proposed = propose(carried, records, terms, past=nights.past)
    ready, waiting = held_proposals(proposed.proposals, nights.series, terms.nights, terms.min_improvement)
    start = before if standing and standing.is_declined else carried
    after = tightened(start, replace(proposed, proposals=tuple(ready)))
    declined = _changed_scenarios(before, carried) if start is not carried else ()
    proposals = with_warnings(before, between(before, after))
    proposals = with_chances(proposals, before.profile(terms.profile), nights)
    return Tightening(before, after, proposals, tuple(waiting), tuple(declined))


def loosening(
    before: BaselineFile,
    standing: BaselineFile | None,
    names: Collection[str],
    records: Sequence[RunRecord],
    nights: NightSeries,
    profile: str,
) -> Tightening:
    """Return the baselines with these scenarios captured anew, each whole, from one request.

    Args:
        before: The baselines of the default branch.
        standing: What is proposed already: it stays while it is about the same scenarios. None: nothing.
        names: Scenarios that have become slower and that a person accepts so.
        records: Of this night, at least one.
        nights: This night and the ones before.
        profile: Which tolerances make the new limits.

    Raises:
        BaselinesRejected: the file has no such profile.
    """
    others = {name: scenario for name, scenario in before.scenarios.items() if name not in names}
    proposed = propose(replace(before, scenarios=others), records, Terms(add=True))
    wanted = tuple(proposal for proposal in proposed.proposals if proposal.scenario in names)
    after = tightened(before, replace(proposed, proposals=wanted))
    if standing is not None:
        kept = reapplied(before, standing, names, proposed.captured_on)
        is_same = {proposal.scenario for proposal in between(before, kept)} == set(names)
        after = kept if is_same else after
    proposals = with_chances(between(before, after), before.profile(profile), nights)
    return Tightening(before, after, proposals, ())


def held_proposals(
    proposals: Iterable[Proposal], series: Mapping[str, Series], nights: int, least: float
) -> tuple[list[Proposal], list[Waiting]]:
    """Return the proposals whose improvement held for so many nights, and those that wait.

    Args:
        proposals: Of this night; each has the end-to-end time that it replaces.
        series: By scenario, this night's line among them.
        nights: At least 1.
        least: Fraction by which end to end must be below the baseline.
    """
    counted = [
        (
            proposal,
            improved_nights(series.get(proposal.scenario, ()), proposal.top_level[0].old_ms, least),
        )
        for proposal in proposals
    ]
    ready = [proposal for proposal, count in counted if count >= nights]
    return ready, [Waiting(proposal.scenario, count) for proposal, count in counted if count < nights]


def reapplied(
    before: BaselineFile, standing: BaselineFile, names: Collection[str], today: date
) -> BaselineFile:
    """Return the baselines with these scenarios as they are on a branch, and with that file's date.

    Args:
        before: The baselines of the default branch.
        standing: The file on the branch.
        names: Which of its scenarios; those that it does not have are left out.
        today: The date where that file has none.
    """
    values = {name: scenario for name, scenario in _scenarios(standing).items() if name in names}
    if not values:
        return before
    try:
        captured_on = date.fromisoformat(standing.metadata.last_updated or "")
    except ValueError:
        captured_on = today
    return with_scenarios(before, values, captured_on)


def between(before: BaselineFile, after: BaselineFile) -> tuple[Proposal, ...]:
    """Return a proposal for each scenario in which two files differ."""
    return tuple(
        proposal_of(name, before.scenarios.get(name, ScenarioBaseline()), after.scenarios[name], values)
        for name, values in _changed_scenarios(before, after).items()
    )


def with_chances(
    proposals: Sequence[Proposal], tolerances: Tolerances, nights: NightSeries
) -> tuple[Proposal, ...]:
    """Return the proposals with the chance that the engine as it is breaks their limits.

    Args:
        proposals: Of this night, or of one before.
        tolerances: What makes the new limits.
        nights: The nights, and where the engine is now: at what this night has measured.
    """
    now = {line.scenario: line.values for line in nights.lines if line.counts}
    limits = {
        proposal.scenario: {
            field: NewLimit(
                limit(field, new_ms, tolerances, video=False).ms,  # a video differs in its steps only
                now.get(proposal.scenario, {}).get(field, new_ms),
            )
            for field, new_ms in ScenarioBaseline.model_validate(proposal.values).by_field().items()
            if gates(field) and new_ms
        }
        for proposal in proposals
    }
    predicted = chances(nights.past, limits)
    return tuple(replace(proposal, chance=predicted[proposal.scenario]) for proposal in proposals)


def _carried(
    before: BaselineFile,
    standing: StandingProposal | None,
    series: Mapping[str, Series],
    terms: Terms,
    today: date,
) -> BaselineFile:
    """Return the baselines with everything in them that is proposed already and still holds."""
    if standing is None:
        return before
    names = []
    for name, scenario in standing.file.scenarios.items():
        old = before.scenarios[name].aggregate(END_TO_END) if name in before.scenarios else None
        new = scenario.aggregate(END_TO_END)
        if not old or not new or new >= old:
            continue
        if not is_forgotten(series.get(name, ()), old, terms.nights, terms.min_improvement):
            names.append(name)
    return reapplied(before, standing.file, names, today)


def _changed_scenarios(before: BaselineFile, after: BaselineFile) -> dict[str, Any]:
    """Return the scenarios in which two files differ, as the later one has them."""
    old = _scenarios(before)
    return {name: values for name, values in _scenarios(after).items() if values != old.get(name)}


def _scenarios(file: BaselineFile) -> dict[str, Any]:
    """Return the scenarios as the file has them, unknown keys and all."""
    return dict(json.loads(file.text)["scenarios"])
