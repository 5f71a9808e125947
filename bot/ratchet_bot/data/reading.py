"""Files from outside as checked data: records, baselines, scenarios and a checkout of the history."""

from pathlib import Path
from typing import Final

from ratchet_profiler.record import MAX_RECORD_BYTES, RecordRejected, RunRecord, record_from_json
from ratchet_profiler.scenarios import Scenario, ScenariosRejected, builtin_scenarios, scenarios_from_toml

from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected, baselines_from_text
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import bounded_bytes, bounded_text
from ratchet_bot.data.history import History, broken_lines, history_from_files

MAX_BASELINES_BYTES: Final = 8 * 1024 * 1024
"""Largest baseline file that is read. Chosen: sglang's with 67 scenarios has 0.15 MiB, 2048 would have 5."""
MAX_HISTORY_BYTES: Final = 64 * 1024 * 1024
"""Largest month of a history that is read. Chosen: 67 scenarios every night have 3 MiB."""
MAX_SCENARIOS_BYTES: Final = 4 * 1024 * 1024
"""Largest scenario file that is read. Chosen: a scenario has some 300 bytes, and no file has ten thousand."""

_BRANCH_WITHOUT_NIGHTS: Final = {".git", "README.md"}
"""What a checkout of the history branch contains before the first night."""


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


def _is_baselines(content: bytes) -> bool:
    try:
        return len(content) <= MAX_BASELINES_BYTES and bool(baselines_from_text(content.decode()).scenarios)
    except (BaselinesRejected, UnicodeDecodeError):
        return False


def baselines_from_file(path: Path) -> BaselineFile:
    """Return the baseline file at a path, with its line ends.

    Raises:
        BadInput: there is no such file, it is not UTF-8, or it is not a baseline file.
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


def _is_record(text: str) -> bool:
    try:
        return bool(record_from_json(text.encode()))
    except RecordRejected:
        return False


def scenarios_from_file(path: Path | None) -> tuple[Scenario, ...]:
    """Return the scenarios of a TOML file, or the built-in ones where there is no file.

    Raises:
        BadInput: it cannot be read, is not UTF-8, or holds no scenarios.
    """
    if path is None:
        return builtin_scenarios()
    try:
        return scenarios_from_toml(bounded_text(path, MAX_SCENARIOS_BYTES), str(path))
    except ScenariosRejected as error:
        raise BadInput(str(error)) from error


def require_history(folder: Path) -> None:
    """Accept a checkout of the history branch, also one from before the first night.

    Raises:
        BadInput: it is another folder.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: is not a folder; check out the history branch there")
    if hardware_in(folder) or {path.name for path in folder.iterdir()} <= _BRANCH_WITHOUT_NIGHTS:
        return
    raise BadInput(f"{folder}: there is no history; check out the history branch there")


def hardware_in(folder: Path) -> list[str]:
    """Return the kinds of hardware with lines in a checkout of the history branch."""
    return sorted({path.parent.name for path in folder.glob("*/*.jsonl")})


def broken_in(folder: Path, hardware: str) -> list[str]:
    """Return the places of a hardware's unreadable lines, such as "h100/2026-11.jsonl:21".

    Raises:
        BadInput: a file cannot be read.
    """
    return [
        f"{hardware}/{path.name}:{number}"
        for path in sorted((folder / hardware).glob("*.jsonl"))
        for number in broken_lines(bounded_bytes(path, MAX_HISTORY_BYTES))
    ]


def history_from_folder(folder: Path, hardware: str) -> History:
    """Return a hardware's lines in a checkout of the history branch, in the order of its months.

    Raises:
        BadInput: it is not a checkout of the history branch, or a file in it cannot be read.
    """
    require_history(folder)
    paths = sorted((folder / hardware).glob("*.jsonl"))
    return history_from_files(bounded_bytes(path, MAX_HISTORY_BYTES) for path in paths)
