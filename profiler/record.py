"""The record both halves share: what one run measured, in milliseconds and bytes, unrounded.

A run record is written on the machine that measured and read back where the write token is, as untrusted
data. So every model is strict, frozen and bounded, and refuses unknown keys.

Version history, newest first:
    1: the first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

MAX_RECORD_BYTES: Final = 32 * 1024 * 1024
"""Largest record that is read. Chosen: 67 scenarios of 8 requests of 100 steps are about 6 MiB."""
MAX_MS: Final = 7 * 24 * 3600 * 1000.0
"""Longest duration in milliseconds: one week, above the 5 days GitHub gives a self-hosted job."""
MAX_INTEGER: Final = 2**53
"""Largest integer: the largest that every JSON reader keeps exactly."""
MAX_TEXT: Final = 200
"""Longest name in characters. Chosen: the longest stage name of sglang's baselines has 30."""
MAX_MESSAGE: Final = 2000
"""Longest error message in characters. Chosen: a sentence and its cause, not a traceback."""
MAX_SCENARIOS: Final = 512
"""Most scenarios of one run. Chosen: the largest baseline file of sglang has 67."""
MAX_REQUESTS: Final = 256
"""Most requests of one scenario. Chosen: warm-ups, measurements and confirmations are about ten."""
MAX_STAGES: Final = 1024
"""Most stages of one request. Chosen: sglang's have at most 13; a stage may occur many times."""
MAX_STEPS: Final = 4096
"""Most denoising steps of one request. Chosen: schedulers are trained on 1000 timesteps."""

Milliseconds = Annotated[float, Field(ge=0, le=MAX_MS)]
SignedMilliseconds = Annotated[float, Field(ge=-MAX_MS, le=MAX_MS)]
Bytes = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
RunId = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=r"^[^\x00-\x1f\x7f]*$")]
Message = Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE)]
ScenarioId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,119}$")]
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")]
Clock = Literal["host", "device-events"]


class RecordRejected(ValueError):
    """The bytes are no run record of this version; the message says where and why in one line."""


class Frozen(BaseModel):
    """Base of everything in a record: strict, immutable, no unknown keys, finite numbers."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Source(Frozen):
    """Which code was measured, and by which job."""

    created_at: AwareDatetime
    """When the run began, with its time zone."""
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")] | None = None
    """`owner/name` on GitHub; null outside of Actions."""
    head_sha: Sha | None = None
    """The commit that was asked for; null when unknown."""
    installed_sha: Sha | None = None
    """The commit of the engine that really ran; null when the engine does not say."""
    run_id: RunId | None = None
    """The Actions run; null outside of Actions."""
    run_attempt: Count | None = None
    """The attempt of that run, from 1; null outside of Actions."""
    job: Text | None = None
    """The Actions job; null outside of Actions."""


class Accelerator(Frozen):
    """The devices a run had."""

    name: Text
    """The product name, such as "NVIDIA H100 80GB HBM3"."""
    count: Count
    """How many of them."""
    memory_bytes: Bytes | None = None
    """Memory of one device in bytes; null when the device does not say."""


class MachineState(Frozen):
    """What may differ from run to run on one machine, and can spoil a measurement."""

    clock_mhz: Count | None = None
    """Compute clock in MHz at the end of the run; null when unknown."""
    memory_clock_mhz: Count | None = None
    """Memory clock in MHz at the end of the run; null when unknown."""
    temperature_celsius: Annotated[float, Field(ge=-100, le=300)] | None = None
    """Device temperature; null when unknown."""
    throttle_reasons: Annotated[tuple[Text, ...], Field(max_length=32)] = ()
    """Why the device held its clocks back; empty when it did not, or when unknown."""
    other_processes: Count | None = None
    """Processes of others on the device; null when unknown."""


class Environment(Frozen):
    """What ran where."""

    hardware: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
    """The hardware of the configuration file, such as "h100" or "ascend"."""
    accelerator: Accelerator | None = None
    """The devices; null on a machine without one."""
    driver: Text | None = None
    """Driver version; null without an accelerator."""
    cuda: Text | None = None
    """CUDA version; null without CUDA."""
    cann: Text | None = None
    """CANN version; null without an Ascend device."""
    torch: Text | None = None
    """Version of torch; null when the engine runs in another process."""
    python: Text
    """Version of Python."""
    image: Text | None = None
    """Container image; null outside of one."""
    state: MachineState = MachineState()
    """Clocks, temperature, company."""


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
    stages: Annotated[tuple[StageTiming, ...], Field(max_length=MAX_STAGES)] = ()
    """In the order in which they began."""
    steps: Annotated[tuple[StepTiming, ...], Field(max_length=MAX_STEPS)] = ()
    """In the order in which they ran."""
    frames: Count | None = None
    """Frames of the output video; null for images."""

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
    requests: Annotated[tuple[RequestRecord, ...], Field(max_length=MAX_REQUESTS)] = ()
    """Warm-ups first, each in the order in which it ran."""
    error: Message | None = None
    """Why the scenario has no, or not all, requests; null when it finished."""


class RunRecord(Frozen):
    """Everything one run measured: the content of `run-record.json`."""

    schema_version: Literal[1] = 1
    source: Source
    environment: Environment
    scenarios: Annotated[tuple[ScenarioRecord, ...], Field(max_length=MAX_SCENARIOS)] = ()

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
        RecordRejected: they are too many, no JSON, or no record of version 1.
    """
    if len(data) > MAX_RECORD_BYTES:
        raise RecordRejected(f"larger than {MAX_RECORD_BYTES} bytes")
    try:
        return RunRecord.model_validate_json(data)
    except ValidationError as error:
        raise RecordRejected(_first_problem(error)) from error


def record_to_json(record: RunRecord) -> bytes:
    """Return the record as UTF-8 JSON with one trailing newline; `record_from_json` gives it back equal."""
    return record.model_dump_json(indent=1).encode() + b"\n"


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `run-record.json`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **RunRecord.model_json_schema()}


def _refuse_twice(what: str, ids: Iterable[str]) -> None:
    for value, count in Counter(ids).items():
        if count > 1:
            raise ValueError(f"{what} {value!r} occurs {count} times")


def _first_problem(error: ValidationError) -> str:
    """Return the first of pydantic's complaints as `place: what is wrong (and N more)`."""
    problems = error.errors(include_url=False, include_input=False)
    place = ".".join(str(part) for part in problems[0]["loc"]) or "record"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{place}: {problems[0]['msg']}{more}"
