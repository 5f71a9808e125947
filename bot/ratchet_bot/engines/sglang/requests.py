"""One request of an engine's files as a request of a record: nothing is rounded, nothing is made up. Pure.

When a stage began is in none of these files: `start_ms` is 0, and the order of the stages is the file's.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ValidationError
from ratchet_profiler.record import MAX_MS, Memory, RequestRecord, StageTiming, StepTiming, Total

from ratchet_bot.data.baselines import PSEUDO_STAGES
from ratchet_bot.data.formatting import plain
from ratchet_bot.engines.sglang.step_owners import owners
from ratchet_bot.judging.metrics import is_denoising_stage

LONGEST_PLACE: Final = 150
"""Characters of a file's name in a request id: with its line it stays within the 200 of a record."""

Stages = Sequence[tuple[str, object]]
"""Names and times as a file has them, in its order."""


class RequestRefused(ValueError):
    """This is no measurement; the message is a clause that says why."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        """Say why, and in which line where that is not the first."""
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True)
class Measurement:
    """One request, and what the file says about it."""

    place: str
    """`file:line`."""
    scenario: str | None
    """None where the file does not name it."""
    request: RequestRecord
    at: datetime | None
    """When it was written down."""
    commit: str | None
    """The engine's commit; None where it is unknown."""
    unassigned: str
    """Why the steps have no stage; empty when they have."""
    left_out: tuple[str, ...]
    """Numbers of the file that a record has no place for, by name."""


def named_place(file: str, line: int) -> str:
    """Return `file:line` on one line, short enough to be a request's id."""
    return f"{plain(file)[-LONGEST_PLACE:]}:{line}"


def request_of(
    request_id: str, total_ms: object, stages: Stages, steps: Iterable[object], memory: Mapping[str, Memory]
) -> tuple[RequestRecord, str]:
    """Return the request, and why its steps have no stage.

    Raises:
        RequestRefused: a value is no measurement, or there are more than a record can hold.
    """
    times = [(name, milliseconds(name, value)) for name, value in stages if name not in PSEUDO_STAGES]
    steps_ms = [milliseconds(f"step {index}", value) for index, value in enumerate(steps)]
    denoising = [index for index, (name, _) in enumerate(times) if is_denoising_stage(name)]
    owned = owners([times[index][1] for index in denoising], steps_ms)
    try:
        request = RequestRecord(
            request_id=request_id,
            clock="host",
            total=Total(host_ms=milliseconds("total_duration_ms", total_ms)),
            stages=tuple(_timings(times, memory)),
            steps=tuple(_steps([None if one is None else denoising[one] for one in owned.stages], steps_ms)),
        )
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise RequestRefused(f"{place}: {problem['msg']}") from error
    return request, owned.reason


def _timings(times: Iterable[tuple[str, float]], memory: Mapping[str, Memory]) -> Iterator[StageTiming]:
    seen: Counter[str] = Counter()
    for index, (name, host_ms) in enumerate(times):
        yield StageTiming(
            id=index,
            name=name,
            occurrence=seen[name],
            start_ms=0.0,
            host_ms=host_ms,
            memory=memory.get(name),
        )
        seen[name] += 1


def _steps(stage_ids: Iterable[int | None], steps_ms: Iterable[float]) -> Iterator[StepTiming]:
    seen: Counter[int | None] = Counter()
    for stage_id, host_ms in zip(stage_ids, steps_ms, strict=True):
        yield StepTiming(stage_id=stage_id, index=seen[stage_id], host_ms=host_ms)
        seen[stage_id] += 1


def milliseconds(what: str, value: object) -> float:
    """Return a duration in milliseconds as it stands.

    Raises:
        RequestRefused: it is no number, not finite, negative, or longer than a record can hold.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestRefused(f"{plain(what)} is {plain(repr(value))}: no number")
    if not 0 <= value <= MAX_MS:  # not-a-number is refused here too
        raise RequestRefused(f"{plain(what)} is {plain(value)}: no duration from 0 to {MAX_MS:.0f} ms")
    return float(value)
