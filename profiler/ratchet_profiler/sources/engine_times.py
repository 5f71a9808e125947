"""What sglang writes down of one request, read back once it is over, as stages and steps of its record.

Two files come from one recorder (sgl-project/sglang, multimodal_gen/runtime/utils/perf_logger.py):

* `performance.log`, a JSON object a line: `request_id`, `stages` [{name, execution_time_ms}], `steps` [ms];
* a dump (`perf_dump_path`), one object: `request_id`, `steps` [{name, duration_ms}], which are the stages,
  and `denoise_steps_ms` [{step, duration_ms}]; versions before that member have no steps.

Neither says when a stage began: `start_ms` is 0, and their order is the file's.
"""

import json
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from ratchet_profiler.record import (
    MAX_STAGES,
    MAX_STEPS,
    Milliseconds,
    RequestRecord,
    StageTiming,
    StepTiming,
    Text,
)
from ratchet_profiler.scenario_keys import SERVED_ARGUMENTS

MAX_LOG_BYTES: Final = 16 * 1024 * 1024
"""How much of a log one request may add. Chosen: a request of 4096 steps is about 100 KiB."""
STEP_ROUNDING_MS: Final = 0.01
"""What each step may add to its stage, in milliseconds: as in the audit's rule `steps-exceed-stage`."""


class NotMeasured(ValueError):
    """This is not a measurement of a request; the message is a clause: why."""


class _Untrusted(BaseModel):
    """What another program wrote; it may have more members than are read here."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class EngineStage(_Untrusted):
    """One stage. Of one name there is one: the engine keeps the last."""

    name: Text
    host_ms: Annotated[Milliseconds, Field(validation_alias=AliasChoices("execution_time_ms", "duration_ms"))]


class EngineRequest(_Untrusted):
    """One request as the engine's own host clock saw it."""

    request_id: Text
    stages: Annotated[tuple[EngineStage, ...], Field(max_length=MAX_STAGES)]
    """In the order in which they ended first."""
    steps_ms: Annotated[tuple[Milliseconds, ...], Field(max_length=MAX_STEPS)]
    """Denoising steps of all stages, in the order in which they ran."""


def requests_of_log(text: str, request_id: str | None) -> Iterator[EngineRequest]:
    """Yield what `performance.log` has of a request, without lines of others and those that are not whole.

    Args:
        text: The log, or a part of it.
        request_id: As the engine answered; None for every request.

    Raises:
        NotMeasured: a line is of the request, and its values are not a measurement.
    """
    for line in text.splitlines():
        members = _members(line)
        if members is None or "stages" not in members:
            continue
        if request_id in {None, str(members.get("request_id"))}:
            yield _request(members, members["stages"], members.get("steps", ()))


def request_of_dump(text: str) -> EngineRequest | None:
    """Return the request of a dump; None while it is not whole.

    Raises:
        NotMeasured: it is whole, and no measurement.
    """
    members = _members(text)
    if members is None:
        return None
    steps = members.get("denoise_steps_ms", ())
    if isinstance(steps, Sequence):
        steps = [step.get("duration_ms") if isinstance(step, Mapping) else step for step in steps]
    return _request(members, members.get("steps"), steps)


def with_engine_times(record: RequestRecord, measured: EngineRequest) -> RequestRecord:
    """Return the record with the engine's stages and steps; its total stays what the client waited."""
    owner = _owner(measured)
    return RequestRecord(
        **dict(record)
        | {
            "stages": tuple(_stage_timings(measured.stages)),
            "steps": tuple(
                StepTiming(stage_id=owner, index=index, host_ms=host_ms)
                for index, host_ms in enumerate(measured.steps_ms)
            ),
        }
    )


def is_denoising_stage(name: str) -> bool:
    """Return whether steps can be of this stage. `...BeforeDenoisingStage` prepares, refinement denoises."""
    denoises = name.endswith(("DenoisingStage", "RefinementStage"))
    return denoises and not name.endswith("BeforeDenoisingStage")


def _owner(measured: EngineRequest) -> int | None:
    """Return the stage that all steps are proven to be of: the only one that denoises, and they fit into it.

    The engine keeps one time a name. Where a stage of that name ran twice, the steps of both runs are longer.
    """
    denoising = [index for index, stage in enumerate(measured.stages) if is_denoising_stage(stage.name)]
    if len(denoising) != 1:
        return None
    room_ms = measured.stages[denoising[0]].host_ms + STEP_ROUNDING_MS * len(measured.steps_ms)
    return denoising[0] if sum(measured.steps_ms) <= room_ms else None


def _stage_timings(stages: Sequence[EngineStage]) -> Iterator[StageTiming]:
    seen: Counter[str] = Counter()
    for index, stage in enumerate(stages):
        yield StageTiming(
            id=index, name=stage.name, occurrence=seen[stage.name], start_ms=0.0, host_ms=stage.host_ms
        )
        seen[stage.name] += 1


def _members(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None


def _request(members: Mapping[str, Any], stages: object, steps_ms: object) -> EngineRequest:
    try:
        return EngineRequest.model_validate_json(
            json.dumps({"request_id": members.get("request_id"), "stages": stages, "steps_ms": steps_ms})
        )
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise NotMeasured(f"{place}: {problem['msg']}") from error


class EngineTimes(Protocol):
    """Stages and steps that the engine measured itself."""

    def begin(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Be ready for one request, and return its JSON with what makes the engine write."""

    def read(self, request_id: str | None) -> EngineRequest | None:
        """Return what was written of the request; None as long as that is not whole.

        Raises:
            NotMeasured: it is whole, and no measurement.
            OSError: it cannot be read.
        """

    def how_to(self) -> str:
        """Return what to do where nothing is written."""


class LogTimes:
    """A `performance.log` that the engine adds a line a request to."""

    def __init__(self, file: Path) -> None:
        """Read `file`, from the end that it has when a request begins."""
        self._file = file
        self._begin = 0

    def begin(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Note where the log ends. The JSON needs nothing."""
        self._begin = self._file.stat().st_size if self._file.exists() else 0
        return body

    def read(self, request_id: str | None) -> EngineRequest | None:
        """Return the request of this id; where the engine names none, the only one since it began."""
        requests = tuple(requests_of_log(_text(self._file, self._begin), request_id))
        if len(requests) > 1:
            raise NotMeasured(
                f"{len(requests)} requests at once; no other client may use the engine meanwhile"
            )
        return requests[0] if requests else None

    def how_to(self) -> str:
        """Return how sglang is made to write its log."""
        return (
            f"perf_log: {self._file} has no line about the request; start the engine with "
            "SGLANG_DIFFUSION_STAGE_LOGGING=1, and with the log's folder as SGLANG_PERF_LOG_DIR"
        )


class DumpTimes:
    """A file of its own for each request, which the request asks for."""

    def __init__(self) -> None:
        """Make a folder for the file; it is removed with this object."""
        folder = tempfile.mkdtemp(prefix="perf-ratchet-dump-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._file = Path(folder) / "request.json"

    def begin(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask for the file, and remove that of the last request."""
        self._file.unlink(missing_ok=True)
        return {**body, SERVED_ARGUMENTS["perf_dump"]: str(self._file)}

    def read(self, request_id: str | None) -> EngineRequest | None:  # noqa: ARG002 - the file is of one request
        """Return the request of the file."""
        return request_of_dump(_text(self._file, 0))

    def how_to(self) -> str:
        """Return what sglang needs to write a dump."""
        return (
            "perf_dump: the engine wrote no whole file; it has to run on this machine and to know the member "
            "perf_dump_path (else use perf_log)"
        )


def _text(file: Path, begin: int) -> str:
    """Return what is in a file from byte `begin` on; nothing without a file. A shorter file is a new one."""
    if not file.exists():
        return ""
    with file.open("rb") as content:
        content.seek(begin if begin <= file.stat().st_size else 0)
        return content.read(MAX_LOG_BYTES).decode(errors="replace")
