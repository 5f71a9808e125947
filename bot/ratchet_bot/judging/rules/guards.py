"""A rule of the audit about a change: what caught slowdowns before, and does not any more."""

from collections.abc import Iterator, Mapping
from typing import Final

from ratchet_bot.data.baselines import DEFAULT_TOLERANCES, END_TO_END, BaselineFile, Provenance, Tolerances
from ratchet_bot.judging.rules.findings import Finding
from ratchet_bot.judging.rules.subject import Files

LONGEST_KEY: Final = 200
"""Characters told of a comparability key. Chosen: those that the bot writes have about a hundred."""


def guard_lost(files: Files) -> Iterator[Finding]:
    """Yield a finding for each edit that lets slowdowns pass in scenarios whose values nobody touched.

    A scenario that is gone; a tolerance that is wider than before, where a file without tolerances has the
    default ones; fewer steps that are compared one by one; another clock, or another machine or configuration
    that values are said to be of, though they stayed: the runs that were judged by them do not compare then.
    """
    if files.old is None:
        return
    old, new = files.old, files.file
    for name, scenario in old.scenarios.items():
        if name not in new.scenarios and scenario.guards:
            yield _lost(name, END_TO_END, "", f"{name} guarded and is gone", scenario.expected_e2e_ms)
    yield from _raised(old, new)
    yield from _fewer_points(old, new)
    if old.metadata.clock != new.metadata.clock:
        yield _other_clock(old, new)
    yield from _other_origins(old, new)


def _raised(old: BaselineFile, new: BaselineFile) -> Iterator[Finding]:
    """Yield a finding for each tolerance in force that rose; one is in force also where none is written."""
    before, after = _in_force(old), _in_force(new)
    was_default = " (the default, as the file had none)" if old.tolerances is None else ""
    is_default = " (the default, as the file has none now)" if new.tolerances is None else ""
    for profile in [name for name in after if name in before]:
        for kind in Tolerances.model_fields:
            was, now = getattr(before[profile], kind), getattr(after[profile], kind)
            if now > was:
                rise = f"rose from {was:g}{was_default} to {now:g}{is_default}"
                what = f"the tolerance {profile}.{kind} {rise}"
                yield _lost("tolerances", f"{profile}.{kind}", now, what, was)


def _in_force(file: BaselineFile) -> Mapping[str, Tolerances]:
    return DEFAULT_TOLERANCES if file.tolerances is None else file.tolerances


def _fewer_points(old: BaselineFile, new: BaselineFile) -> Iterator[Finding]:
    was, now = (len(set(one.sampling.step_fractions)) for one in (old, new))
    if now < was:
        what = f"steps are compared at {now} places of the run, and were at {was}"
        yield _lost("sampling", "step_fractions", now, what, was)


def _other_clock(old: BaselineFile, new: BaselineFile) -> Finding:
    was, now = old.metadata.clock, new.metadata.clock
    what = (
        f"the clock of all stages and steps was {was} and is {now}: values of the one are none of the other"
    )
    return _lost("metadata", "clock", now, what, was)


def _other_origins(old: BaselineFile, new: BaselineFile) -> Iterator[Finding]:
    """Yield a finding for each scenario whose comparability key changed while its values stayed."""
    for name, scenario in new.scenarios.items():
        past = old.scenarios.get(name)
        if past is None or not past.guards or past.by_field() != scenario.by_field():
            continue
        was, now = _key(past.provenance), _key(scenario.provenance)
        if now != was:
            what = f"{name} says it was measured on {now}, and said {was}, with the same values"
            yield _lost(name, "provenance.comparability", now, what, was)


def _key(provenance: Provenance | None) -> str:
    key = provenance.comparability if provenance else None
    return "nothing known" if key is None else key[:LONGEST_KEY]


def _lost(scenario: str, field: str, actual: float | str, problem: str, expected: float | str) -> Finding:
    return Finding(
        rule="guard-lost",
        severity="warning",
        scenario=scenario,
        field=field,
        actual=actual or None,
        expected=expected,
        problem=problem,
        remedy="say in the pull request why, or put it back",
        introduced=True,
    )
