"""Run records and baseline files from outside: bytes that are untrusted until they are one.

What else is read is in the modules beside this one, so that a command loads no more than it needs.
"""

from pathlib import Path
from typing import Final

from ratchet_profiler.record import MAX_RECORD_BYTES, RecordRejected, RunRecord, record_from_json

from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected, baselines_from_text
from ratchet_bot.data.bounded import bounded_bytes, bounded_text
from ratchet_bot.data.errors import BadInput

MAX_BASELINES_BYTES: Final = 8 * 1024 * 1024
"""Largest baseline file that is read. Chosen: sglang's with 67 scenarios has 0.15 MiB, 2048 would have 5."""


def record_from_file(path: Path) -> RunRecord:
    """Return the run record in a file.

    Raises:
        BadInput: there is no such file, or it holds no record of this version.
    """
    content = bounded_bytes(path, MAX_RECORD_BYTES)
    try:
        return record_from_json(content)
    except RecordRejected as error:
        if _is_baselines(content):
            raise BadInput(f"{path}: a baseline file; give a run record in its place") from error
        raise BadInput(f"{path}: {error}; ratchet-profiler run writes such a file") from error


def baselines_from_file(path: Path) -> BaselineFile:
    """Return the baseline file at a path, with its line ends as they are.

    Raises:
        BadInput: there is no such file, it is no UTF-8, or it is no baseline file.
    """
    text = bounded_text(path, MAX_BASELINES_BYTES)
    if not text.strip():
        raise BadInput(f"{path}: is empty; delete it, and perf-ratchet tighten --add --write makes one")
    try:
        return baselines_from_text(text)
    except BaselinesRejected as error:
        if _is_record(text):
            raise BadInput(f"{path}: a run record; give a baseline file in its place") from error
        raise BadInput(f"{path}: {error}") from error


def _is_baselines(content: bytes) -> bool:
    try:
        return len(content) <= MAX_BASELINES_BYTES and bool(baselines_from_text(content.decode()).scenarios)
    except (BaselinesRejected, UnicodeDecodeError):
        return False


def _is_record(text: str) -> bool:
    try:
        return bool(record_from_json(text.encode()))
    except RecordRejected:
        return False
