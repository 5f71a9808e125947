"""Looser baselines, which a person has asked for: the values of this night for what has become slower."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.judging.known import Known
from ratchet_bot.judging.night_tightening import Tightening, between, reapplied, with_chances
from ratchet_bot.judging.tighten import propose, tightened


def loosening(
    before: BaselineFile,
    standing: BaselineFile | None,
    names: Collection[str],
    records: Sequence[RunRecord],
    known: Known,
    profile: str,
) -> Tightening:
    """Return the baselines with these scenarios captured anew, each whole, from one request.

    Args:
        before: The baselines of the default branch.
        standing: What is proposed already: it stays while it is about the same scenarios. None: nothing.
        names: Scenarios that have become slower, and are to be accepted so.
        records: Of this night, at least one.
        known: What this night and the ones before it know together.
        profile: Which tolerances make the new limits.

    Raises:
        BaselinesRejected: the file has no such profile.
    """
    others = {name: scenario for name, scenario in before.scenarios.items() if name not in names}
    found = propose(replace(before, scenarios=others), records, add=True)
    wanted = tuple(one for one in found.proposals if one.scenario in names)
    after = tightened(before, replace(found, proposals=wanted))
    if standing is not None:
        kept = reapplied(before, standing, names, found.captured_on)
        after = kept if {one.scenario for one in between(before, kept)} == set(names) else after
    proposals = with_chances(between(before, after), before.profile(profile), known)
    return Tightening(before, after, proposals, ())
