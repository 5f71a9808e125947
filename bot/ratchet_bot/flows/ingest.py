"""`perf-ratchet ingest`: make a run record of what an engine's own files measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ratchet_profiler.record import MAX_RECORD_BYTES, may_give_way, record_to_json

from ratchet_bot.data.bounded import bounded_bytes
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import replace_file
from ratchet_bot.engines.ingest import Given, ingested
from ratchet_bot.engines.log_files import engine_reading
from ratchet_bot.engines.sglang.logs import Reading
from ratchet_bot.telling import words

__all__ = ["Given", "run"]


def run(files: Sequence[Path], given: Given, *, out: Path, form: str) -> int:
    """Write the record of these files, and print what was found in each. Returns 0.

    Raises:
        BadInput: a file cannot be read, there is nothing in them, or `out` is there and no record; nothing
            is written then.
    """
    _check_replaceable(out)
    readings = [engine_reading(file) for file in files]
    taken = ingested(readings, given)
    _write(out, record_to_json(taken.record))
    told: dict[str, Any] = {
        "path": str(out),
        "hardware": taken.record.environment.hardware,
        "source": taken.record.source,
        "files": [_summary(reading) for reading in readings],
        "scenarios": {one.id: len(one.requests) for one in taken.record.scenarios},
        "notes": taken.notes,
    }
    print(words.to_json(**told) + "\n" if form == "json" else words.printed("ingest", **told), end="")
    return 0


def _summary(reading: Reading) -> dict[str, Any]:
    return {
        "file": reading.file,
        "kind": reading.kind,
        "requests": len(reading.requests),
        "refused": reading.refusals,
        "more_refused": reading.more_refusals,
        "other_lines": reading.other_lines,
        "long_lines": reading.long_lines,
    }


def _check_replaceable(out: Path) -> None:
    if out.is_file() and not may_give_way(bounded_bytes(out, MAX_RECORD_BYTES)):
        raise BadInput(f"{out} is no run record; name another --out")


def _write(path: Path, content: bytes) -> None:
    if len(content) > MAX_RECORD_BYTES:
        raise BadInput(
            f"{path}: the record is larger than {MAX_RECORD_BYTES} bytes; ingest fewer files at once"
        )
    try:
        replace_file(path, content)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; choose another --out") from error
