"""sglang's own files: its performance log, its perf dump, and the log of its CI. Pure.

All three come from one recorder (`multimodal_gen/runtime/utils/perf_logger.py` and
`multimodal_gen/test/server/test_server_common.py` in sgl-project/sglang):

* `performance.log`: one JSON object a line with `stages` [{name, execution_time_ms}] and `steps` [ms];
* `--perf-dump-path`: one JSON object with `steps` [{name, duration_ms}], which are the stages, and
  `denoise_steps_ms` [{step, duration_ms}];
* a CI log: see `performance_logs.py` and `printed_blocks.py` here; its numbers have two decimals. A request
  that a test printed in both forms is one request.

All times are the host's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from ratchet_profiler.record import ScenarioId

from ratchet_bot.data.baselines import END_TO_END, PSEUDO_STAGES
from ratchet_bot.data.formatting import plain
from ratchet_bot.data.json_text import JsonRejected, parsed_json
from ratchet_bot.engines.log_lines import BYTE_ORDER_MARK, LogLine, log_line, run_id
from ratchet_bot.engines.readings import Reading
from ratchet_bot.engines.requests import (
    MeasuredRequest,
    RequestRefused,
    milliseconds,
    named_place,
    request_of,
)
from ratchet_bot.engines.sglang.json_objects import from_object, is_request
from ratchet_bot.engines.sglang.performance_logs import TOTALS, PerformanceLogReader
from ratchet_bot.engines.sglang.printed_blocks import STAGES, STEPS, BlockReader, PrintedBlock, PrintedValue
from ratchet_bot.judging.metrics import HONEST_GAP_MS

MAX_STREAMS: Final = 256
"""Most jobs and workers of one log. Chosen: GitHub's largest matrix has as many jobs."""
OBJECT_START: Final = '{"request_id"'
"""How a line of a performance log begins: its first key."""
AVERAGES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "expected_avg_denoise_ms": fmean,
    "expected_median_denoise_ms": median,
}
"""What is printed of the steps, and how it is computed of them."""

_SCENARIO: Final[TypeAdapter[str]] = TypeAdapter(ScenarioId)


def dump_reading(file: str, content: bytes) -> Reading | None:
    """Return what a file holds that is one JSON object, or None when it is no object with a request."""
    try:
        document, repeated = parsed_json(content.decode(errors="replace").removeprefix(BYTE_ORDER_MARK))
    except JsonRejected:
        return None
    if not isinstance(document, dict) or not is_request(document):
        return None
    is_line = "stages" in document and "denoise_steps_ms" not in document
    reading = Reading(file, kind="performance log" if is_line else "perf dump")
    _add_object(reading, 1, document, repeated)
    return reading


def log_reading(file: str, lines: Iterable[bytes | None]) -> Reading:
    """Return what a file of lines holds: a performance log, or a CI log.

    Args:
        file: Its name, for whoever reads about it.
        lines: Each line, with or without its end; None for one that is too long.

    Raises:
        BadInput: it holds more than `MAX_REQUESTS`.
    """
    reading = Reading(file)
    streams: dict[str, _Stream] = {}
    for number, raw in enumerate(lines, start=1):
        if raw is None:
            reading.long_lines += 1
            continue
        line = log_line(number, raw)
        reading.begin(line.stamp)
        if line.text and not (_read_object(reading, line) or _read_block(reading, streams, line)):
            reading.other_lines += 1
            reading.name_run(run_id(line.text))
    _add_blocks(reading, streams.values())
    return reading


class _Stream:
    """What one worker prints: each line is offered to both forms."""

    def __init__(self) -> None:
        self.baselines = BlockReader()
        self.logs = PerformanceLogReader()

    def read(self, line: LogLine) -> bool:
        return self.logs.read(line) or self.baselines.read(line)

    def count(self) -> int:
        return len(self.logs.blocks) + len(self.baselines.blocks)

    def close(self) -> list[PrintedBlock]:
        """Return what was printed; a baseline that repeats a log of the same request is left out."""
        logs = self.logs.close()
        known = {_content(block) for block in logs if block.is_whole}
        return logs + [block for block in self.baselines.close() if _content(block) not in known]


def _content(block: PrintedBlock) -> tuple[object, ...]:
    """Return what a block says of its request, but not where."""
    steps = [value.number for value in block.sections.get(STEPS, {}).values()]
    totals = [value.number for name, value in block.others.items() if name in TOTALS.values()]
    return (block.scenario, block.problem, *steps, *totals)


def _read_block(reading: Reading, streams: dict[str, _Stream], line: LogLine) -> bool:
    """Take a line of a printed block; return whether it is one. A stream too many shares that of no name."""
    name = line.stream if line.stream in streams or len(streams) < MAX_STREAMS else ""
    stream = streams.get(name) or streams.setdefault(name, _Stream())
    is_taken = stream.read(line)
    reading.make_room(stream.count() - 1)
    return is_taken


def _read_object(reading: Reading, line: LogLine) -> bool:
    """Take a line of a performance log; return whether it is one."""
    if not (line.text.startswith("{") and '"request_id"' in line.text):
        return False
    try:
        document, repeated = parsed_json(line.text)
    except JsonRejected:
        is_cut_off = line.text.startswith(OBJECT_START)
        if is_cut_off:
            reading.refuse(named_place(reading.file, line.number), "request", "cut off, or no JSON")
        return is_cut_off
    if not isinstance(document, dict) or not is_request(document):
        return False
    reading.kind = "performance log"
    _add_object(reading, line.number, document, repeated)
    return True


def _add_object(reading: Reading, line: int, document: Mapping[str, Any], repeated: Sequence[str]) -> None:
    request_id, place = document.get("request_id"), named_place(reading.file, line)
    what = request_id if isinstance(request_id, str) else "request"
    if repeated:
        reading.refuse(place, what, f"the key {plain(repeated[0])} stands twice")
        return
    try:
        reading.add(from_object(reading.file, line, document))
    except RequestRefused as error:
        reading.refuse(place, what, str(error))


def _add_blocks(reading: Reading, streams: Iterable[_Stream]) -> None:
    found = sorted((block for stream in streams for block in stream.close()), key=lambda block: block.line)
    for block in found:
        reading.kind = "CI log"
        try:
            reading.add(from_block(reading.file, block))
        except RequestRefused as error:
            place = named_place(reading.file, error.line or block.line)
            reading.refuse(place, block.scenario, str(error))


def from_block(file: str, block: PrintedBlock) -> MeasuredRequest:
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
    return MeasuredRequest(
        place=place,
        scenario=block.scenario,
        record=request,
        at=block.stamp,
        commit=None,
        unassigned=unassigned,
        left_out=tuple(_left_out(block)),
    )


def _check(block: PrintedBlock) -> None:
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
        raise RequestRefused("that is not a scenario id") from error


def _check_averages(block: PrintedBlock, steps_ms: Sequence[float]) -> None:
    for name, average in AVERAGES.items():
        printed_ms = _number(name, block.others[name])
        expected_ms = average(steps_ms) if steps_ms else printed_ms
        if abs(printed_ms - expected_ms) > HONEST_GAP_MS:
            steps = f"that of its {len(steps_ms)} steps is {expected_ms:.2f}"
            raise RequestRefused(
                f"{name} is {printed_ms} but {steps}: not of one request", block.others[name].line
            )


def _number(what: str, value: PrintedValue) -> float:
    """Return a printed duration in milliseconds.

    Raises:
        RequestRefused: it is none; the refusal has its line.
    """
    try:
        return milliseconds(what, value.number)
    except RequestRefused as error:
        raise RequestRefused(str(error), value.line) from error


def _stages(block: PrintedBlock) -> dict[str, PrintedValue]:
    return {name: value for name, value in block.sections[STAGES].items() if name not in PSEUDO_STAGES}


def _left_out(block: PrintedBlock) -> Iterator[str]:
    """Yield the numbers of a block that a record has no place for, and that do not follow from the steps."""
    kept = {END_TO_END, *(AVERAGES if block.sections[STEPS] else ())}
    pseudo = {name: value for name, value in block.sections[STAGES].items() if name in PSEUDO_STAGES}
    for name, value in (pseudo | block.others).items():
        if value.number and name not in kept:
            yield f"{plain(name)} {value.number}"
