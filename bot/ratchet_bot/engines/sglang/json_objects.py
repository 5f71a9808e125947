"""The JSON objects of sglang's performance log and of its perf dump as requests of a record. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from ratchet_profiler.record import MAX_INTEGER, Memory

from ratchet_bot.data.baselines import PSEUDO_STAGES
from ratchet_bot.data.formatting import plain
from ratchet_bot.engines.log_lines import moment
from ratchet_bot.engines.requests import MeasuredRequest, RequestRefused, Stages, named_place, request_of

MEBIBYTE: Final = 2**20
"""Bytes of what the engine's snapshots call MB. Source: `capture_memory_snapshot` in its perf_logger.py."""

_STEP_NAME = re.compile(r"denoising_step_\d{1,6}")
"""A step among the stages, as old dumps have it. Source: `consolidate_steps` in sglang's compare_perf.py."""
_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
"""A commit in full or short; the engine writes "N/A" where it knows none."""
_DURATIONS = ("execution_time_ms", "duration_ms")
"""How a stage's time is called: in the performance log, and in a dump."""
_MEMORY_KEYS = ("memory_snapshots", "memory_checkpoints")
"""How the memory after stages is called: in the performance log, and in a dump."""
_MEMORY = frozenset({"allocated_mb", "reserved_mb", "peak_allocated_mb"})


def is_request(document: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is a line of a performance log, or a perf dump."""
    return "total_duration_ms" in document and bool(document.keys() & {"stages", "steps"})


def from_object(file: str, line: int, document: Mapping[str, Any]) -> MeasuredRequest:
    """Return the request that a line of a performance log, or a perf dump, holds.

    Raises:
        RequestRefused: it is not complete, or a value is no measurement.
    """
    stages, steps = _stages_and_steps(document)
    counts = Counter(name for name, _ in stages)
    memory, without_place = _memory(document, {name for name, count in counts.items() if count == 1})
    own_id, place = document.get("request_id"), named_place(file, line)
    request_id = own_id if isinstance(own_id, str) and own_id else place
    request, unassigned = request_of(request_id, document["total_duration_ms"], stages, steps, memory)
    commit = document.get("commit_hash")
    return MeasuredRequest(
        place=place,
        scenario=None,
        record=request,
        at=moment(document.get("timestamp")),
        commit=commit.lower() if isinstance(commit, str) and _COMMIT.fullmatch(commit) else None,
        unassigned=unassigned,
        left_out=(*without_place, *_unknown_numbers(document), *(PSEUDO_STAGES & counts.keys())),
    )


def _stages_and_steps(document: Mapping[str, Any]) -> tuple[Stages, list[object]]:
    """Return the stages by name, and the steps, each in the file's order.

    Raises:
        RequestRefused: they are not laid out as the engine does, or the steps stand there twice.
    """
    if document.keys() >= {"stages", "steps", "denoise_steps_ms"}:
        raise RequestRefused("its steps stand in two places")
    is_dump = "stages" not in document
    stages = _named(document["steps" if is_dump else "stages"])
    listed = document.get("denoise_steps_ms", [] if is_dump else document.get("steps", []))
    if not isinstance(listed, list):
        raise RequestRefused("its steps are not a list")
    steps = [_of_step(index, step) for index, step in enumerate(listed)]
    among_stages = [value for name, value in stages if _STEP_NAME.fullmatch(name)]
    if among_stages and steps:
        raise RequestRefused("its steps stand in two places")
    return [stage for stage in stages if not _STEP_NAME.fullmatch(stage[0])], steps or among_stages


def _named(stages: object) -> Stages:
    """Return stages by name, from a list of objects or from one object."""
    if isinstance(stages, dict):
        return list(stages.items())
    if not isinstance(stages, list):
        raise RequestRefused("its stages are not a list")
    return [_of_stage(index, stage) for index, stage in enumerate(stages)]


def _of_stage(index: int, stage: object) -> tuple[str, object]:
    durations = [stage[key] for key in _DURATIONS if key in stage] if isinstance(stage, dict) else []
    if not isinstance(stage, dict) or not isinstance(stage.get("name"), str) or len(durations) != 1:
        raise RequestRefused(f"stage {index} has no name with one duration")
    return stage["name"], durations[0]


def _of_step(index: int, step: object) -> object:
    """Return a step's time: the step itself, or what stands beside its number."""
    if not isinstance(step, dict):
        return step
    if step.get("step") != index or "duration_ms" not in step:
        raise RequestRefused(f"step {index} has no duration, or another number")
    return step["duration_ms"]


def _memory(document: Mapping[str, Any], stages: Collection[str]) -> tuple[dict[str, Memory], list[str]]:
    """Return the memory after each of these stages, and the names of the numbers without a place.

    The engine's peak is that since its last reset, so it may be of an earlier stage of the request.

    Raises:
        RequestRefused: a value is no amount of memory.
    """
    taken: dict[str, Memory] = {}
    left_out: list[str] = []
    for key in _MEMORY_KEYS:
        snapshots = document.get(key, {})
        for name, values in snapshots.items() if isinstance(snapshots, dict) else [(key, snapshots)]:
            stage = name.removeprefix("after_")
            if name != stage and stage in stages and isinstance(values, dict) and values.keys() >= _MEMORY:
                taken[stage] = _of_memory(name, values)
                left_out += [f"{name}.{other}" for other in values if other not in _MEMORY]
            else:
                left_out += [name] if _has_number(values) else []
    return taken, [plain(name) for name in left_out]


def _of_memory(name: str, values: Mapping[str, Any]) -> Memory:
    return Memory(
        allocated_bytes=_bytes(name, values["allocated_mb"]),
        reserved_bytes=_bytes(name, values["reserved_mb"]),
        peak_bytes=_bytes(name, values["peak_allocated_mb"]),
    )


def _bytes(what: str, mebibytes: object) -> int:
    """Return bytes; the two decimals of the engine's MB come back from them.

    Raises:
        RequestRefused: it is no number, negative, or more than a record can hold.
    """
    is_number = isinstance(mebibytes, int | float) and not isinstance(mebibytes, bool)
    if not is_number or not 0 <= mebibytes <= MAX_INTEGER / MEBIBYTE:  # type: ignore[operator] # just checked
        raise RequestRefused(f"{plain(what)} is {plain(repr(mebibytes))}: no amount of memory")
    return round(mebibytes * MEBIBYTE)  # type: ignore[operator] # just checked


def _unknown_numbers(document: Mapping[str, Any]) -> Iterator[str]:
    known = {"total_duration_ms", "stages", "steps", "denoise_steps_ms", *_MEMORY_KEYS}
    return (plain(key) for key, value in document.items() if key not in known and _has_number(value))


def _has_number(value: object) -> bool:
    """Return whether a JSON value holds a number somewhere."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number or any(_has_number(member) for member in members)
