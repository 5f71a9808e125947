"""A baseline that sglang's tests printed as the request it was printed of. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Final

from pydantic import TypeAdapter, ValidationError
from ratchet_profiler.record import ScenarioId

from ratchet_bot.data.baselines import END_TO_END, PSEUDO_STAGES
from ratchet_bot.data.formatting import plain
from ratchet_bot.engines.sglang.printed_blocks import STAGES, STEPS, Block, Value
from ratchet_bot.engines.sglang.requests import (
    Measurement,
    RequestRefused,
    milliseconds,
    named_place,
    request_of,
)
from ratchet_bot.judging.metrics import HONEST_GAP_MS

AVERAGES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "expected_avg_denoise_ms": fmean,
    "expected_median_denoise_ms": median,
}
"""What is printed of the steps, and how it is computed of them."""

_SCENARIO: Final[TypeAdapter[str]] = TypeAdapter(ScenarioId)


def from_block(file: str, block: Block) -> Measurement:
    """Return the request whose values a test printed as a baseline.

    The printed average and median are not kept: they follow from the steps, and are held against them here,
    so that a block that lost a line, or was put together, is found out.

    Raises:
        RequestRefused: it is not complete, contradicts itself, or a value is no measurement.
    """
    _check(block)
    stages = [(name, _number(name, value)) for name, value in _stages(block).items()]
    steps_ms = [_number(f"step {index}", value) for index, value in block.sections[STEPS].items()]
    total_ms = _number(END_TO_END, block.others[END_TO_END])
    _check_averages(block, steps_ms)
    place = named_place(file, block.line)
    request, unassigned = request_of(place, total_ms, stages, steps_ms, {})
    return Measurement(
        place=place,
        scenario=block.scenario,
        request=request,
        at=block.stamp,
        commit=None,
        unassigned=unassigned,
        left_out=tuple(_left_out(block)),
    )


def _check(block: Block) -> None:
    if block.problem:
        raise RequestRefused(block.problem)
    missing = [
        name for name in (STAGES, STEPS, END_TO_END, *AVERAGES) if name not in block.sections | block.others
    ]
    if missing:
        raise RequestRefused(f"it has no {missing[0]}")
    try:
        _SCENARIO.validate_python(block.scenario)
    except ValidationError as error:
        raise RequestRefused("that is no scenario's id") from error


def _check_averages(block: Block, steps_ms: Sequence[float]) -> None:
    for name, average in AVERAGES.items():
        printed_ms = _number(name, block.others[name])
        expected_ms = average(steps_ms) if steps_ms else printed_ms
        if abs(printed_ms - expected_ms) > HONEST_GAP_MS:
            steps = f"that of its {len(steps_ms)} steps is {expected_ms:.2f}"
            raise RequestRefused(
                f"{name} is {printed_ms} but {steps}: not of one request", block.others[name].line
            )


def _number(what: str, value: Value) -> float:
    """Return a printed duration in milliseconds.

    Raises:
        RequestRefused: it is none; the refusal has its line.
    """
    try:
        return milliseconds(what, value.number)
    except RequestRefused as error:
        raise RequestRefused(str(error), value.line) from error


def _stages(block: Block) -> dict[str, Value]:
    return {name: value for name, value in block.sections[STAGES].items() if name not in PSEUDO_STAGES}


def _left_out(block: Block) -> Iterator[str]:
    """Yield the numbers of a block that a record has no place for, and that do not follow from the steps."""
    kept = {END_TO_END, *(AVERAGES if block.sections[STEPS] else ())}
    pseudo = {name: value for name, value in block.sections[STAGES].items() if name in PSEUDO_STAGES}
    for name, value in (pseudo | block.others).items():
        if value.number and name not in kept:
            yield f"{plain(name)} {value.number}"
