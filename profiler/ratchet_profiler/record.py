"""The record both halves share: what one run measured, in milliseconds and bytes, unrounded.

A run record is written on the machine that measured and read back where the write token is, as untrusted
data. So every model is strict, frozen and bounded, and refuses unknown keys. What differs from the latest
release is therefore a new version, and a record of a released version still loads. Until the first release
there is none to differ from: a change goes into version 1, the first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, FailFast, Field, ValidationError, model_validator

from ratchet_profiler.machine import (
    MAX_INTEGER,
    MAX_MESSAGE,
    MAX_MS,
    MAX_RANKS,
    MAX_REQUESTS,
    MAX_SCENARIOS,
    MAX_STAGES,
    MAX_STEPS,
    MAX_TEXT,
    Accelerator,
    Bytes,
    Clock,
    Count,
    Environment,
    Frozen,
    HardwareName,
    MachineState,
    Message,
    Milliseconds,
    RunId,
    ScenarioId,
    Sha,
    SignedMilliseconds,
    Text,
    comparability_key,
    spoilt_by,
)
from ratchet_profiler.outline import has_an_outline, may_give_way, repeated_key

__all__ = [
    "MAX_INTEGER",
    "MAX_MESSAGE",
    "MAX_MS",
    "MAX_RANKS",
    "MAX_RECORD_BYTES",
    "MAX_REQUESTS",
    "MAX_SCENARIOS",
    "MAX_STAGES",
    "MAX_STEPS",
    "MAX_TEXT",
    "Accelerator",
    "Bytes",
    "Clock",
    "Count",
    "Environment",
    "Frozen",
    "HardwareName",
    "MachineState",
    "Memory",
    "Message",
    "Milliseconds",
    "RecordRejected",
    "RequestRecord",
    "RunId",
    "RunRecord",
    "ScenarioId",
    "ScenarioRecord",
    "Sha",
    "Source",
    "StageTiming",
    "StepTiming",
    "Text",
    "Total",
    "comparability_key",
    "may_give_way",
    "record_from_json",
    "record_to_json",
    "spoilt_by",
]

MAX_PLACE: Final = 80
"""Characters shown of a key that is wrong: it may be anything."""
MAX_RECORD_BYTES: Final = 32 * 1024 * 1024
"""Largest record that is read. Chosen: 67 scenarios of 8 requests of 100 steps are about 6 MiB."""

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""When a run can have begun. Chosen: far from the ends of the calendar, where time zones overflow."""


class RecordRejected(ValueError):
    """The bytes are not a run record of this version; the message is one line: where, and why."""


class Source(Frozen):
    """Which code was measured, and by which job."""

    created_at: Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]
    """When the run began, with its time zone."""
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")] | None = None
    """`owner/name` on GitHub; null outside of Actions."""
    head_sha: Sha | None = None
    """The commit that was asked for; null when unknown."""
    installed_sha: Sha | None = None
    """The commit of the engine that really ran; null when the engine does not say."""
    dirty: bool | None = None
    """Whether files that git tracks differed from that commit; null when unknown."""
    run_id: RunId | None = None
    """The Actions run; null outside of Actions."""
    run_attempt: Count | None = None
    """The attempt of that run, from 1; null outside of Actions."""
    job: Text | None = None
    """The Actions job; null outside of Actions."""


class Total(Frozen):
    """How long the whole request took."""

    host_ms: Milliseconds
    """On the host clock, from before the first stage to after the last: what a user waits."""
    device_ms: Milliseconds | None = None
    """On the device clock; null when only the host clock was read."""


class Memory(Frozen):
    """Device memory at the end of a stage."""

    allocated_bytes: Bytes
    reserved_bytes: Bytes
    peak_bytes: Bytes
    """Highest allocation during the stage."""


class StageTiming(Frozen):
    """How long one occurrence of one stage took."""

    id: Count
    """Unique in its request."""
    name: Text
    """The stage as the pipeline calls it, such as "DenoisingStage"."""
    occurrence: Count
    """How many stages of this name came before in the request."""
    parent: Count | None = None
    """The stage that contains this one; null at the top level."""
    start_ms: Milliseconds
    """On the host clock, since the request began."""
    host_ms: Milliseconds
    device_ms: Milliseconds | None = None
    """On the device clock; null when only the host clock was read."""
    memory: Memory | None = None
    """Null on a device without counters."""
    error: Message | None = None
    """What the stage raised; null when it finished."""


class StepTiming(Frozen):
    """How long one denoising step took."""

    stage_id: Count | None
    """The stage that owns the step; null when the source does not prove it."""
    index: Count
    """Position among the steps of its stage, from 0."""
    host_ms: Milliseconds
    device_ms: Milliseconds | None = None
    """On the device clock; null when only the host clock was read."""
    lead_ms: SignedMilliseconds | None = None
    """How far the host was ahead of the device when the step began; null without a device clock."""
    forwards: Annotated[Mapping[Text, Count], Field(max_length=32)] = {}
    """Forward passes in this step, by denoiser."""


class RequestRecord(Frozen):
    """One request, from prompt to output."""

    request_id: Text
    clock: Clock
    """The best clock this request has: device events where there are any."""
    warmup: bool = False
    """Warm-up requests are kept and never judged."""
    total: Total
    stages: Annotated[tuple[StageTiming, ...], Field(max_length=MAX_STAGES), FailFast()] = ()
    """In the order in which they began."""
    steps: Annotated[tuple[StepTiming, ...], Field(max_length=MAX_STEPS), FailFast()] = ()
    """In the order in which they ran."""
    frames: Count | None = None
    """Frames of the output video; null for images."""
    rank: Count | None = None
    """The rank that this is the record of; null when there was one process."""
    rank_totals: Annotated[tuple[Total, ...], Field(max_length=MAX_RANKS), FailFast()] = ()
    """What the request took on every rank, by rank; empty until the ranks' records are put together."""

    @model_validator(mode="after")
    def _stages_are_a_forest(self) -> Self:
        seen: set[int] = set()
        occurrences: Counter[str] = Counter()
        for stage in self.stages:
            if stage.id in seen:
                raise ValueError(f"stage id {stage.id} occurs twice")
            if stage.parent is not None and stage.parent not in seen:
                raise ValueError(f"stage {stage.id} names parent {stage.parent}, not begun before it")
            if stage.occurrence != occurrences[stage.name]:
                raise ValueError(f"stage {stage.id} should have occurrence {occurrences[stage.name]}")
            seen.add(stage.id)
            occurrences[stage.name] += 1
        return self

    @model_validator(mode="after")
    def _steps_are_owned_and_in_order(self) -> Self:
        stages = {stage.id for stage in self.stages}
        counts: Counter[int | None] = Counter()
        for step in self.steps:
            if step.stage_id is not None and step.stage_id not in stages:
                raise ValueError(f"a step names stage {step.stage_id}, which is not in the request")
            if step.index != counts[step.stage_id]:
                expected = counts[step.stage_id]
                raise ValueError(f"step {step.index} of stage {step.stage_id} should be {expected}")
            counts[step.stage_id] += 1
        return self


class ScenarioRecord(Frozen):
    """Everything measured of one scenario."""

    id: ScenarioId
    config_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")] | None = None
    """Hash of the scenario's configuration; null when the source does not know it."""
    requests: Annotated[tuple[RequestRecord, ...], Field(max_length=MAX_REQUESTS), FailFast()] = ()
    """In the order in which they ran. Warm-ups come first; requests appended later begin with their own."""
    error: Message | None = None
    """Why the scenario has no, or not all, requests; null when it finished."""


class RunRecord(Frozen):
    """Everything one run measured: the content of `run-record.json`."""

    schema_version: Literal[1] = 1
    source: Source
    environment: Environment
    scenarios: Annotated[tuple[ScenarioRecord, ...], Field(max_length=MAX_SCENARIOS), FailFast()] = ()

    @model_validator(mode="after")
    def _scenarios_are_unique(self) -> Self:
        _refuse_twice("scenario", (scenario.id for scenario in self.scenarios))
        for scenario in self.scenarios:
            _refuse_twice(f"request of {scenario.id}", (request.request_id for request in scenario.requests))
        return self


def record_from_json(data: bytes) -> RunRecord:
    """Return the record that these bytes hold.

    Args:
        data: UTF-8 JSON, at most `MAX_RECORD_BYTES`.

    Raises:
        RecordRejected: they are too many, not JSON, not a record of version 1, or repeat a key.
    """
    if len(data) > MAX_RECORD_BYTES:
        raise RecordRejected(f"larger than {MAX_RECORD_BYTES} bytes")
    if not has_an_outline(data):
        raise RecordRejected("cut off, or not the objects, members and lists that a record has")
    try:
        record = RunRecord.model_validate_json(data)
    except ValidationError as error:
        raise RecordRejected(_first_problem(error)) from error
    twice = repeated_key(data)
    if twice is not None:
        raise RecordRejected(f"{twice}: this key stands twice in one object")
    return record


def record_to_json(record: RunRecord) -> bytes:
    """Return the record as UTF-8 JSON with one trailing newline; `record_from_json` gives it back equal."""
    return record.model_dump_json(indent=1).encode() + b"\n"


def _refuse_twice(what: str, ids: Iterable[str]) -> None:
    for value, count in Counter(ids).items():
        if count > 1:
            raise ValueError(f"{what} {value!r} occurs {count} times")


def _first_problem(error: ValidationError) -> str:
    """Return the first of pydantic's complaints as `place: what is wrong (and N more)`."""
    problems = error.errors(include_url=False, include_input=False)
    place = ".".join(str(part)[:MAX_PLACE] for part in problems[0]["loc"]) or "record"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{place}: {problems[0]['msg']}{more}"
