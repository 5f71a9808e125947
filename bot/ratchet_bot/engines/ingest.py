"""What an engine's files measured as one run record: each of their numbers, and nothing else. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ValidationError
from ratchet_profiler.record import (
    MAX_REQUESTS,
    Environment,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
)

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.formatting import plain
from ratchet_bot.engines.sglang.logs import Reading
from ratchet_bot.engines.sglang.requests import Measurement

UNKNOWN: Final = "unknown"
ABSENT: Final[Mapping[str, str]] = dict.fromkeys(
    ("accelerator", "driver", "cuda", "cann", "torch", "python", "state"), "the ingested files do not tell it"
)
"""Why the environment of an ingested record is empty."""
KINDS: Final = "lines of a performance.log, a --perf-dump-path report, nor baselines that a test printed"


@dataclass(frozen=True)
class Given:
    """What the files do not say, and whoever ingests them does."""

    hardware: str
    scenario: str | None = None
    """Of the requests that name none: those of a performance log or a perf dump."""
    run_id: int | None = None
    head_sha: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class Note:
    """Something to know about an ingested record."""

    text: str
    places: tuple[str, ...]
    """`file:line` of what it is about, at least one."""


@dataclass(frozen=True)
class Ingested:
    """A run record, and what to know about it."""

    record: RunRecord
    notes: tuple[Note, ...]


def ingested(readings: Sequence[Reading], given: Given) -> Ingested:
    """Return the run that these files measured.

    Raises:
        BadInput: they hold no request, or not all of what a record needs.
    """
    notes: dict[str, list[str]] = defaultdict(list)
    requests = _without_repeats([one for reading in readings for one in reading.requests], notes)
    if not requests:
        raise BadInput(_nothing(readings))
    by_scenario: dict[str, list[Measurement]] = defaultdict(list)
    for one in requests:
        by_scenario[_scenario(one, given)].append(one)
    for scenario, ones in by_scenario.items():
        _note(scenario, ones, notes)
    try:
        record = RunRecord(
            source=_source(readings, requests, given, notes),
            environment=Environment(hardware=given.hardware, python=UNKNOWN, absent=ABSENT),
            scenarios=tuple(_scenario_record(scenario, ones) for scenario, ones in by_scenario.items()),
        )
    except ValidationError as error:
        raise BadInput(_mistake(error)) from error
    return Ingested(record, tuple(Note(text, tuple(places)) for text, places in notes.items()))


def _mistake(error: ValidationError) -> str:
    """Return what is wrong with a value that was given, as files were held against the record before."""
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {plain(problem['input'])}: {problem['msg']}"


def _without_repeats(requests: Iterable[Measurement], notes: dict[str, list[str]]) -> list[Measurement]:
    """Return each request once: a test's output is shown again at the end of a log."""
    kept: dict[object, Measurement] = {}
    for one in requests:
        values = _values(one)
        if values in kept:
            notes[f"the same values as at {kept[values].place}: kept once"].append(one.place)
        else:
            kept[values] = one
    return list(kept.values())


def _values(one: Measurement) -> object:
    """Return what makes two finds the same request: all values, and the id where the file gives one."""
    own_id = one.request.request_id if one.request.request_id != one.place else None
    stages = tuple((stage.name, stage.host_ms) for stage in one.request.stages)
    steps = tuple(step.host_ms for step in one.request.steps)
    return own_id, one.scenario, one.request.total.host_ms, stages, steps


def _nothing(readings: Sequence[Reading]) -> str:
    files = ", ".join(reading.file for reading in readings)
    refusals = [refusal for reading in readings for refusal in reading.refusals]
    if not refusals:
        return f"{files}: no request: neither {KINDS}"
    first, more = refusals[0], len(refusals) - 1
    others = f" (and {more} more)" if more else ""
    return f"{first.place}: {first.what}: {first.reason}{others}: no request can be used"


def _scenario(one: Measurement, given: Given) -> str:
    scenario = one.scenario or given.scenario
    if scenario is None:
        raise BadInput(
            f"{one.place}: the file does not name the scenario of its requests: pass --scenario ID"
        )
    return scenario


def _note(scenario: str, requests: Iterable[Measurement], notes: dict[str, list[str]]) -> None:
    for one in requests:
        if one.unassigned:
            notes[f"steps of {scenario} stay unassigned: {one.unassigned}"].append(one.place)
        for name in one.left_out:
            notes[f"{scenario}: a record has no place for {name}"].append(one.place)


def _source(
    readings: Sequence[Reading], requests: Sequence[Measurement], given: Given, notes: dict[str, list[str]]
) -> Source:
    began = [reading.began for reading in readings if reading.requests and reading.began]
    created_at = given.created_at or min(began, default=None)
    if created_at is None:
        raise BadInput(f"{requests[0].place}: the file has no time of its own: pass --created-at TIME")
    return Source(
        created_at=created_at,
        head_sha=given.head_sha,
        installed_sha=_commit(requests),
        run_id=_run_id(readings, notes) if given.run_id is None else given.run_id,
    )


def _commit(requests: Iterable[Measurement]) -> str | None:
    """Return the commit of the engine, None where no request has one.

    Raises:
        BadInput: there are several.
    """
    places = {one.commit: one.place for one in requests if one.commit}
    if len(places) > 1:
        (first, here), (second, there) = list(places.items())[:2]
        raise BadInput(
            f"{here}: commit {first}, {there}: commit {second}: ingest each commit's requests apart"
        )
    return next(iter(places), None)


def _run_id(readings: Iterable[Reading], notes: dict[str, list[str]]) -> int | None:
    """Return the Actions run that the files name, None where they name none or several."""
    files = {run: reading.file for reading in readings for run in sorted(reading.run_ids)}
    if len(files) > 1:
        named = ", ".join(str(run) for run in sorted(files))
        notes[f"several runs are named, {named}: none is taken, pass --run-id"].extend(files.values())
    return next(iter(files)) if len(files) == 1 else None


def _scenario_record(scenario: str, ones: Sequence[Measurement]) -> ScenarioRecord:
    """Return one scenario; where two requests have the same id, the later one goes by its place.

    Raises:
        BadInput: there are more requests than a record can hold.
    """
    if len(ones) > MAX_REQUESTS:
        place = ones[MAX_REQUESTS].place
        raise BadInput(f"{place}: more than {MAX_REQUESTS} requests of {scenario}: ingest a part of the file")
    requests: dict[str, RequestRecord] = {}
    for one in ones:
        request_id = one.place if one.request.request_id in requests else one.request.request_id
        requests[request_id] = one.request.model_copy(update={"request_id": request_id})
    return ScenarioRecord(id=scenario, requests=tuple(requests.values()))
