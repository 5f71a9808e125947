"""More requests of a record's scenarios: what may be added to it, and the record with it."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final

from ratchet_profiler.machine import with_worst_state
from ratchet_profiler.record import (
    MAX_REQUESTS,
    Environment,
    RunRecord,
    ScenarioRecord,
    Source,
)

NOT_RUN: Final = "not run: the run was interrupted before it"
UNFINISHED: Final = "not measured: the run was interrupted before its first request was finished"
"""The errors of scenarios of which an interrupt left nothing."""


class NotAppendable(ValueError):
    """The requests would not belong to the record; the message is one line."""


def check_appendable(
    record: RunRecord, environment: Environment, source: Source, hashes: Mapping[str, str], requests: int
) -> None:
    """Refuse, before anything is measured, what would not belong to the record.

    Args:
        record: What there is.
        environment: Where the requests would be made. Its state may be another, all else must be equal.
        source: Which code they would measure.
        hashes: The configuration hash of each scenario they would be of.
        requests: How many they would be, of each.

    Raises:
        NotAppendable: another machine, another commit, another configuration, or too many requests.
    """
    for what, was, now in _identity(record, environment, source):
        if was != now:
            raise NotAppendable(f"{what} was {was or 'unknown'} and is {now or 'unknown'} now")
    recorded = {scenario.id: scenario for scenario in record.scenarios}
    for name, config_hash in hashes.items():
        scenario = recorded.get(name)
        if scenario is None:
            raise NotAppendable(f"it has no scenario {name}")
        if scenario.config_hash != config_hash:
            raise NotAppendable(
                f"{name} has configuration {scenario.config_hash} there and {config_hash} now"
            )
        if len(scenario.requests) + requests > MAX_REQUESTS:
            raise NotAppendable(f"{name} would have more than {MAX_REQUESTS} requests")


def appended(record: RunRecord, more: RunRecord) -> RunRecord:
    """Return the record with the requests of another run after its own, and with the worst of both machines.

    An error of either run stays: a scenario that once failed is not a scenario that ran.
    """
    added = {scenario.id: scenario for scenario in more.scenarios}
    environment = with_worst_state([record.environment, more.environment])
    scenarios = tuple(
        _joined(scenario, added[scenario.id]) if scenario.id in added else scenario
        for scenario in record.scenarios
    )
    return record.model_copy(update={"environment": environment, "scenarios": scenarios})


def finished(run: RunRecord) -> RunRecord:
    """Return the record without the scenarios of which an interrupt left nothing."""
    scenarios = tuple(scenario for scenario in run.scenarios if scenario.error not in (NOT_RUN, UNFINISHED))
    return run.model_copy(update={"scenarios": scenarios})


def commit_of(source: Source) -> str:
    """Return the commit that ran, and whether it is not quite that."""
    return (source.installed_sha or "unknown") + (" with uncommitted changes" if source.dirty else "")


def _identity(
    record: RunRecord, environment: Environment, source: Source
) -> Iterator[tuple[str, object, object]]:
    """Yield (what, its value in the record, its value now) of all that has to be equal."""
    yield "the commit", commit_of(record.source), commit_of(source)
    for name in Environment.model_fields:
        if name not in ("state", "absent"):
            yield name, getattr(record.environment, name), getattr(environment, name)


def _joined(scenario: ScenarioRecord, more: ScenarioRecord) -> ScenarioRecord:
    """Return the scenario with more requests, under names that it does not have yet."""
    used = {request.request_id for request in scenario.requests}
    free = (name for number in count(len(used)) if (name := f"request-{number}") not in used)
    added = (request.model_copy(update={"request_id": next(free)}) for request in more.requests)
    requests = (*scenario.requests, *added)
    return scenario.model_copy(update={"requests": requests, "error": scenario.error or more.error})
