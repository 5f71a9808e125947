"""The requests of engines' files as one run record: each of their numbers, and nothing else. Pure."""

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
from ratchet_bot.engines.readings import Reading
from ratchet_bot.engines.requests import MeasuredRequest

UNKNOWN: Final = "unknown"
ABSENT: Final[Mapping[str, str]] = dict.fromkeys(
    ("accelerator", "driver", "cuda", "cann", "torch", "python", "state"), "the ingested files do not tell it"
)
"""Why the environment of an ingested record is empty."""
KINDS: Final = "lines of a performance.log, a --perf-dump-path report, nor baselines that a test printed"


@dataclass(frozen=True)
class GivenSource:
    """What a person says of files that do not say it."""

    hardware: str
    scenario: str | None = None
    """Scenario of the requests that name none: those of a performance log or a perf dump."""
    run_id: int | None = None
    head_sha: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class Note:
    """A remark on an ingested record."""

    text: str
    places: tuple[str, ...]
    """`file:line` of each occurrence, at least one."""


@dataclass(frozen=True)
class IngestedRun:
    """A run record with remarks."""

    record: RunRecord
    notes: tuple[Note, ...]


def ingested(readings: Sequence[Reading], given: GivenSource) -> IngestedRun:
    """Return the run that these files measured.

    Raises:
        BadInput: they hold no request, or not all of what a record needs.
    """
    notes: dict[str, list[str]] = defaultdict(list)
    requests = _without_repeats([request for reading in readings for request in reading.requests], notes)
    if not requests:
        raise BadInput(_nothing(readings))
    by_scenario: dict[str, list[MeasuredRequest]] = defaultdict(list)
    for request in requests:
        by_scenario[_scenario(request, given)].append(request)
    for scenario, measured in by_scenario.items():
        _note(scenario, measured, notes)
    try:
        record = RunRecord(
            source=_source(readings, requests, given, notes),
            environment=Environment(hardware=given.hardware, python=UNKNOWN, absent=ABSENT),
            scenarios=tuple(
                _scenario_record(scenario, measured) for scenario, measured in by_scenario.items()
            ),
        )
    except ValidationError as error:
        raise BadInput(_mistake(error)) from error
    return IngestedRun(record, tuple(Note(text, tuple(places)) for text, places in notes.items()))


def _mistake(error: ValidationError) -> str:
    """Return what is wrong with an option; the values of the files have been checked before."""
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {plain(problem['input'])}: {problem['msg']}"


def _without_repeats(
    requests: Iterable[MeasuredRequest], notes: dict[str, list[str]]
) -> list[MeasuredRequest]:
    """Return each request once: a test's output is shown again at the end of a log."""
    kept: dict[object, MeasuredRequest] = {}
    for request in requests:
        values = _values(request)
        if values in kept:
            notes[f"the same values as at {kept[values].place}: kept once"].append(request.place)
        else:
            kept[values] = request
    return list(kept.values())


def _values(request: MeasuredRequest) -> object:
    """Return what two readings of one request share: all values, and the id where the file gives one."""
    own_id = request.record.request_id if request.record.request_id != request.place else None
    stages = tuple((stage.name, stage.host_ms) for stage in request.record.stages)
    steps = tuple(step.host_ms for step in request.record.steps)
    return own_id, request.scenario, request.record.total.host_ms, stages, steps


def _nothing(readings: Sequence[Reading]) -> str:
    files = ", ".join(reading.file for reading in readings)
    refusals = [refusal for reading in readings for refusal in reading.refusals]
    if not refusals:
        return f"{files}: no request: neither {KINDS}"
    first, more = refusals[0], len(refusals) - 1
    others = f" (and {more} more)" if more else ""
    return f"{first.place}: {first.what}: {first.reason}{others}: no request can be used"


def _scenario(request: MeasuredRequest, given: GivenSource) -> str:
    scenario = request.scenario or given.scenario
    if scenario is None:
        raise BadInput(
            f"{request.place}: the file does not name the scenario of its requests: pass --scenario ID"
        )
    return scenario


def _note(scenario: str, requests: Iterable[MeasuredRequest], notes: dict[str, list[str]]) -> None:
    for request in requests:
        if request.unassigned:
            notes[f"steps of {scenario} stay unassigned: {request.unassigned}"].append(request.place)
        for name in request.left_out:
            notes[f"{scenario}: a record has no place for {name}"].append(request.place)


def _source(
    readings: Sequence[Reading],
    requests: Sequence[MeasuredRequest],
    given: GivenSource,
    notes: dict[str, list[str]],
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


def _commit(requests: Iterable[MeasuredRequest]) -> str | None:
    """Return the commit of the engine, None where no request has one.

    Raises:
        BadInput: there are several.
    """
    places = {request.commit: request.place for request in requests if request.commit}
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


def _scenario_record(scenario: str, measured: Sequence[MeasuredRequest]) -> ScenarioRecord:
    """Return one scenario; where two requests have the same id, the later one goes by its place.

    Raises:
        BadInput: there are more requests than a record can hold.
    """
    if len(measured) > MAX_REQUESTS:
        place = measured[MAX_REQUESTS].place
        raise BadInput(f"{place}: more than {MAX_REQUESTS} requests of {scenario}: ingest a part of the file")
    requests: dict[str, RequestRecord] = {}
    for request in measured:
        request_id = request.place if request.record.request_id in requests else request.record.request_id
        requests[request_id] = request.record.model_copy(update={"request_id": request_id})
    return ScenarioRecord(id=scenario, requests=tuple(requests.values()))
