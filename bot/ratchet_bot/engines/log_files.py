"""Engines' own files: which engine's reader reads a file, within bounds of size."""

from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Final

from ratchet_bot.data.errors import BadInput
from ratchet_bot.engines.readings import EngineReader, Reading
from ratchet_bot.engines.sglang import logs as sglang

MAX_DUMP_BYTES: Final = 4 * 1024 * 1024
"""Largest perf dump that is read. Chosen: 4096 steps, the most that a record can hold, have 0.3 MiB."""
MAX_LINE_BYTES: Final = 1024 * 1024
"""Longest line of a log that is read. Chosen: a request of 4096 steps has 0.1 MiB."""
ENGINES: Final[Sequence[EngineReader]] = (sglang,)
"""The readers, one module an engine; the first one that finds a request reads the file."""


def engine_reading(path: Path) -> Reading:
    """Return the requests in a dump or a log of any engine.

    A log of any size is read line by line.

    Raises:
        BadInput: there is no such file, or it holds more requests than can be kept.
    """
    try:
        with path.open("rb") as file:
            return _dump(path, file) or _log(path, file)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}; check the path") from error


def _dump(path: Path, file: BufferedReader) -> Reading | None:
    """Return what one JSON object holds, or None when the file is not such an object."""
    if b"{" not in file.peek(1)[:4]:  # a byte order mark has three bytes
        return None
    content = file.read(MAX_DUMP_BYTES + 1)
    if len(content) > MAX_DUMP_BYTES:
        return None
    readings = (engine.dump_reading(str(path), content) for engine in ENGINES)
    return next((reading for reading in readings if reading is not None), None)


def _log(path: Path, file: BufferedReader) -> Reading:
    """Return what the lines hold: the reading of the first engine that finds anything, else of the first."""
    readings = []
    for engine in ENGINES:
        file.seek(0)
        readings.append(engine.log_reading(str(path), _log_lines(file)))
        if readings[-1].requests or readings[-1].refusals:
            return readings[-1]
    return readings[0]


def _log_lines(file: BufferedReader) -> Iterator[bytes | None]:
    """Yield every line; None for one that is longer than `MAX_LINE_BYTES`."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        is_too_long = len(line) > MAX_LINE_BYTES
        while line and is_too_long and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)
        yield None if is_too_long else line
