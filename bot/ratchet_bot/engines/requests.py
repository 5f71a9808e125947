"""One request of an engine's files as a request of a record: nothing is rounded, nothing is made up. Pure.

Engines' files do not say when a stage began: `start_ms` is 0, and the stages keep the file's order.
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
from ratchet_bot.judging.metrics import STEP_ROUNDING_MS, is_denoising_stage

LONGEST_PLACE: Final = 150
"""Characters of a file's name in a request id: with its line it stays within the 200 of a record."""

Stages = Sequence[tuple[str, object]]
"""Names and times of a file, in its order."""


class RequestRefused(ValueError):
    """This is not a measurement; the message is a clause that says why."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        """Keep the reason, and the line where it is not the first."""
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True)
class MeasuredRequest:
    """One request, with what the file says about it."""

    place: str
    """`file:line`."""
    scenario: str | None
    """None where the file does not name it."""
    record: RequestRecord
    at: datetime | None
    """When it was logged."""
    commit: str | None
    """The engine's commit; None where it is unknown."""
    unassigned: str
    """Why the steps have no stage; "" when they have one."""
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
        RequestRefused: a value is not a measurement, or there are more than a record can hold.
    """
    times = [(name, milliseconds(name, value)) for name, value in stages if name not in PSEUDO_STAGES]
    steps_ms = [milliseconds(f"step {index}", value) for index, value in enumerate(steps)]
    denoising = [index for index, (name, _) in enumerate(times) if is_denoising_stage(name)]
    owners = step_owners([times[index][1] for index in denoising], steps_ms)
    stage_ids = [None if stage is None else denoising[stage] for stage in owners.stages]
    try:
        request = RequestRecord(
            request_id=request_id,
            clock="host",
            total=Total(host_ms=milliseconds("total_duration_ms", total_ms)),
            stages=tuple(_timings(times, memory)),
            steps=tuple(_steps(stage_ids, steps_ms)),
        )
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise RequestRefused(f"{place}: {problem['msg']}") from error
    return request, owners.reason


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
        RequestRefused: it is not a number, not finite, negative, or longer than a record can hold.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestRefused(f"{plain(what)} is {plain(repr(value))}: no number")
    if not 0 <= value <= MAX_MS:  # not-a-number is refused here too
        raise RequestRefused(f"{plain(what)} is {plain(value)}: no duration from 0 to {MAX_MS:.0f} ms")
    return float(value)


@dataclass(frozen=True)
class StepOwners:
    """The stage of each step, or why it is unknown."""

    stages: tuple[int | None, ...]
    """By step: the position of its stage among the denoising stages; None for every step when unproven."""
    reason: str = ""
    """Why they stay unassigned, as a clause; empty when they are assigned, or when there are no steps."""


def step_owners(stages_ms: Sequence[float], steps_ms: Sequence[float]) -> StepOwners:
    """Return the denoising stage of each step, where the times prove it.

    Engines write the steps of all denoising stages into one list, in execution order. Two facts bound where a
    stage's steps end: they are consecutive, and together they took no longer than their stage.

    With one stage it is that one. With several, exactly one split of the list must fit the stages; a stage
    may have no steps.

    Args:
        stages_ms: Every denoising stage, in execution order.
        steps_ms: Every step, in execution order; none is negative.
    """
    if not steps_ms:
        return StepOwners(())
    if not stages_ms:
        return StepOwners((None,) * len(steps_ms), "no stage denoises")
    if len(stages_ms) == 1:
        return StepOwners((0,) * len(steps_ms))
    slack_ms = STEP_ROUNDING_MS * len(steps_ms)
    latest = _latest_ends([stage + slack_ms for stage in stages_ms], steps_ms)
    backwards = _latest_ends([stage + slack_ms for stage in reversed(stages_ms)], steps_ms[::-1])
    if latest is None or backwards is None:
        return StepOwners((None,) * len(steps_ms), f"they do not fit into {len(stages_ms)} denoising stages")
    earliest = [len(steps_ms) - end for end in reversed(backwards[:-1])]
    if latest[:-1] != earliest:
        several = f"they fit into {len(stages_ms)} denoising stages in more than one way"
        return StepOwners((None,) * len(steps_ms), several)
    begins = [0, *earliest]
    counts = (end - begin for begin, end in zip(begins, latest, strict=True))
    return StepOwners(tuple(stage for stage, count in enumerate(counts) for _ in range(count)))


def _latest_ends(limits_ms: Sequence[float], steps_ms: Sequence[float]) -> list[int] | None:
    """Return where each stage's steps end when each takes as many as it can, or None when some are left.

    No other split has a later end of any stage, and filling from the other side gives the earliest ends: the
    split is the only one when both agree.
    """
    ends: list[int] = []
    end = 0
    for limit_ms in limits_ms:
        taken_ms = 0.0
        while end < len(steps_ms) and taken_ms + steps_ms[end] <= limit_ms:
            taken_ms += steps_ms[end]
            end += 1
        ends.append(end)
    return ends if end == len(steps_ms) else None
