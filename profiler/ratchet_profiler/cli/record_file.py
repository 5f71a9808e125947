"""Run records as files: read, refused in one line, and written in one move."""

import json
from pathlib import Path

from ratchet_profiler.cli.parser import BadInput
from ratchet_profiler.record import (
    RecordRejected,
    RunRecord,
    may_give_way,
    record_from_json,
    record_to_json,
)


def record_from_file(file: Path) -> RunRecord:
    """Return the run record in a file.

    Raises:
        BadInput: it cannot be read or is not a run record; a baseline file is named as such.
    """
    content = content_of(file)
    try:
        return record_from_json(content)
    except RecordRejected as error:
        if _is_baseline_file(content):
            raise BadInput(f"{file}: a baseline file, not a run record; perf-ratchet audit {file}") from error
        raise BadInput(f"{file}: {error}") from error


def check_replaceable(out: Path) -> None:
    """Refuse to overwrite a file that is not a record: it may be the only copy of something else.

    Raises:
        BadInput: it is not a record, or it cannot be read.
    """
    if out.is_file() and not may_give_way(content_of(out)):
        raise BadInput(f"{out} is not a run record; name another --out")


def write_record(out: Path, record: RunRecord) -> None:
    """Put the record at `out` in one move: a reader finds the old file or the new one, never half of one.

    Raises:
        BadInput: it cannot be written.
    """
    partial = out.with_name(out.name + ".partial")
    try:
        partial.write_bytes(record_to_json(record))
        partial.replace(out)
    except OSError as error:
        raise BadInput(f"{out}: {error.strerror}") from error


def content_of(file: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}; check the path") from error


def _is_baseline_file(content: bytes) -> bool:
    """Return whether this is what records are compared with: scenarios by id, and not as a list."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and isinstance(document.get("scenarios"), dict)
