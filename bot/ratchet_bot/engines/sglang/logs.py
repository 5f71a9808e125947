"""What sglang's own files measured: its performance log, its perf dump, and the log of its CI. Pure.

All three come from one recorder (`multimodal_gen/runtime/utils/perf_logger.py` and
`multimodal_gen/test/server/test_server_common.py` in sgl-project/sglang):

* `performance.log`: one JSON object a line with `stages` [{name, execution_time_ms}] and `steps` [ms];
* `--perf-dump-path`: one JSON object with `steps` [{name, duration_ms}], which are the stages, and
  `denoise_steps_ms` [{step, duration_ms}];
* a CI log: see `performance_logs.py` and `printed_blocks.py` here; its numbers have two decimals. A request
  that a test printed in both forms is one request.

All times are the host's. When a stage began is in none of them: `start_ms` is 0, and the order of the stages
is the file's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.formatting import plain
from ratchet_bot.data.json_text import JsonRejected, parsed_json
from ratchet_bot.engines.sglang.log_lines import BYTE_ORDER_MARK, LogLine, log_line, run_id
from ratchet_bot.engines.sglang.objects import from_object, is_request
from ratchet_bot.engines.sglang.performance_logs import TOTALS, PerformanceLogReader
from ratchet_bot.engines.sglang.printed_blocks import STEPS, Block, BlockReader
from ratchet_bot.engines.sglang.printed_requests import from_block
from ratchet_bot.engines.sglang.requests import Measurement, RequestRefused, named_place

Kind = Literal["performance log", "perf dump", "CI log", "nothing"]

MAX_REQUESTS: Final = 10_000
"""Most requests of one file. Chosen: far above a record's 256 of a scenario."""
MAX_REFUSALS: Final = 1000
"""Most refusals that are kept of one file; the others are counted."""

MAX_STREAMS: Final = 256
"""Most jobs and workers of one log. Chosen: that many jobs has the largest matrix of GitHub."""
MAX_RUN_IDS: Final = 8
"""Most runs that are kept of one file: more than one is already too many."""
OBJECT_START: Final = '{"request_id"'
"""How a line of a performance log begins: its first key."""


@dataclass(frozen=True)
class Refusal:
    """Something that looked like a measurement and is none."""

    place: str
    """`file:line`."""
    what: str
    """The scenario or the request."""
    reason: str


@dataclass
class Reading:
    """What one file gave."""

    file: str
    kind: Kind = "nothing"
    requests: list[Measurement] = field(default_factory=list)
    """In the file's order."""
    refusals: list[Refusal] = field(default_factory=list)
    more_refusals: int = 0
    """Those beyond `MAX_REFUSALS`."""
    other_lines: int = 0
    """Lines that are neither empty nor of a request."""
    long_lines: int = 0
    """Lines that were too long to be read."""
    began: datetime | None = None
    """The first time that the file names."""
    run_ids: set[int] = field(default_factory=set)
    """The Actions runs that the file names."""

    def refuse(self, place: str, what: str, reason: str) -> None:
        """Keep or count a refusal."""
        if len(self.refusals) < MAX_REFUSALS:
            self.refusals.append(Refusal(place, plain(what), reason))
        else:
            self.more_refusals += 1

    def add(self, measured: Measurement) -> None:
        """Keep a request.

        Raises:
            BadInput: they are more than `MAX_REQUESTS`.
        """
        self.make_room(len(self.requests))
        self.requests.append(measured)
        self.begin(measured.at)

    def make_room(self, count: int) -> None:
        """Allow one more of something of which there are so many.

        Raises:
            BadInput: they would be more than `MAX_REQUESTS`.
        """
        if count >= MAX_REQUESTS:
            raise BadInput(f"{self.file}: more than {MAX_REQUESTS} requests; split the file")

    def name_run(self, run: int | None) -> None:
        """Note a run that the file names."""
        if run is not None and len(self.run_ids) < MAX_RUN_IDS:
            self.run_ids.add(run)

    def begin(self, at: datetime | None) -> None:
        """Note a time; the earliest one stays."""
        if at is not None and (self.began is None or at < self.began):
            self.began = at


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

    def close(self) -> list[Block]:
        """Return what was printed; a baseline that repeats a log of the same request is left out."""
        logs = self.logs.close()
        known = {_content(block) for block in logs if block.is_whole}
        return logs + [block for block in self.baselines.close() if _content(block) not in known]


def _content(block: Block) -> tuple[object, ...]:
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
