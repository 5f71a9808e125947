"""What an engine's own files measured: its performance log, its dumps, and logs of CI."""

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

from ratchet_bot.data.errors import BadInput
from ratchet_bot.engines.sglang.logs import Reading, dump_reading, log_reading

MAX_DUMP_BYTES: Final = 4 * 1024 * 1024
"""Largest perf dump that is read. Chosen: 4096 steps, the most that a record can hold, have 0.3 MiB."""
MAX_LINE_BYTES: Final = 1024 * 1024
"""Longest line of a log that is read. Chosen: a request of 4096 steps has 0.1 MiB."""


def engine_reading(path: Path) -> Reading:
    """Return the requests in a performance log, a perf dump or a CI log, whichever the file is.

    A log of any size is read line by line.

    Raises:
        BadInput: there is no such file, or it holds more requests than can be kept.
    """
    try:
        with path.open("rb") as file:
            return _dump(path, file) or log_reading(str(path), _log_lines(file))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}; check the path") from error


def _dump(path: Path, file: BufferedReader) -> Reading | None:
    """Return what one JSON object holds, or None, with the file at its start, when it is no such object."""
    if b"{" not in file.peek(1)[:4]:  # a byte order mark has three bytes
        return None
    content = file.read(MAX_DUMP_BYTES + 1)
    reading = dump_reading(str(path), content) if len(content) <= MAX_DUMP_BYTES else None
    if reading is None:
        file.seek(0)
    return reading


def _log_lines(file: BufferedReader) -> Iterator[bytes | None]:
    """Yield every line; None for one that is longer than `MAX_LINE_BYTES`."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        is_too_long = len(line) > MAX_LINE_BYTES
        while line and is_too_long and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)
        yield None if is_too_long else line
