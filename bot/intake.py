"""What comes from outside: bytes that are untrusted until they are a record or a baseline file."""

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

from bot.baselines import BaselineFile, BaselinesRejected, baselines_from_text
from bot.engine_logs import Reading, dump_reading, log_reading
from bot.errors import BadInput
from bot.events import MAX_EVENT_BYTES, EventRejected, Said, run_in, said_in
from bot.history import History, history_from_text
from bot.settings import Settings, SettingsRejected, settings_from_yaml
from profiler.record import MAX_RECORD_BYTES, RecordRejected, RunRecord, record_from_json
from profiler.scenarios import Scenario, ScenariosRejected, builtin_scenarios, scenarios_from_toml

MAX_SETTINGS_BYTES: Final = 64 * 1024
"""Largest configuration file that is read. Chosen: a long one has a hundred lines."""
MAX_BASELINES_BYTES: Final = 8 * 1024 * 1024
"""Largest baseline file that is read. Chosen: sglang's with 67 scenarios has 0.15 MiB, 2048 would have 5."""
MAX_SCENARIOS_BYTES: Final = 4 * 1024 * 1024
"""Largest scenario file that is read. Chosen: a scenario has some 300 bytes, and no file has ten thousand."""
MAX_HISTORY_BYTES: Final = 64 * 1024 * 1024
"""Largest month of a history that is read. Chosen: 67 scenarios every night have 3 MiB."""
MAX_DUMP_BYTES: Final = 4 * 1024 * 1024
"""Largest perf dump that is read. Chosen: 4096 steps, the most that a record can hold, have 0.3 MiB."""
MAX_LINE_BYTES: Final = 1024 * 1024
"""Longest line of a log that is read. Chosen: a request of 4096 steps has 0.1 MiB."""


def record_from_file(path: Path) -> RunRecord:
    """Return the run record in a file.

    Raises:
        BadInput: there is no such file, or it holds no record of this version.
    """
    content = _content(path, MAX_RECORD_BYTES)
    try:
        return record_from_json(content)
    except RecordRejected as error:
        if _is_baselines(content):
            raise BadInput(f"{path}: a baseline file, not a run record; exchange the two") from error
        raise BadInput(f"{path}: {error}; ratchet-profiler run writes such a file") from error


def baselines_from_file(path: Path) -> BaselineFile:
    """Return the baseline file at a path, with its line ends as they are.

    Raises:
        BadInput: there is no such file, it is no UTF-8, or it is no baseline file.
    """
    text = _text(path, MAX_BASELINES_BYTES)
    try:
        return baselines_from_text(text)
    except BaselinesRejected as error:
        if _is_record(text):
            raise BadInput(f"{path}: a run record, not a baseline file; exchange the two") from error
        raise BadInput(f"{path}: {error}") from error


def settings_from_file(path: Path) -> Settings:
    """Return the configuration in a file.

    Raises:
        BadInput: there is no such file, it is no UTF-8, or it is no configuration.
    """
    try:
        return settings_from_yaml(_text(path, MAX_SETTINGS_BYTES))
    except SettingsRejected as error:
        raise BadInput(f"{path}: {error}") from error


def history_from_folder(folder: Path, hardware: str) -> History:
    """Return the lines of a hardware in a checkout of the history branch; none when it has no such lines.

    Raises:
        BadInput: there is no such folder, or a file in it cannot be read.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: is no folder; check out the history branch there")
    files = sorted((folder / hardware).glob("*.jsonl"))
    texts = (_content(file, MAX_HISTORY_BYTES).decode(errors="replace") for file in files)
    return sum(map(history_from_text, texts), History())


def scenarios_from_file(path: Path | None) -> tuple[Scenario, ...]:
    """Return the scenarios of a TOML file, or the built-in ones where there is no file.

    Raises:
        BadInput: it cannot be read, is no UTF-8, or holds no scenarios.
    """
    if path is None:
        return builtin_scenarios()
    try:
        return scenarios_from_toml(_text(path, MAX_SCENARIOS_BYTES), str(path))
    except ScenariosRejected as error:
        raise BadInput(str(error)) from error


def said_from_file(path: Path) -> Said | None:
    """Return what a person has just said on a pull request, from the payload of an `issue_comment` event.

    Raises:
        BadInput: there is no such file, or it is no such payload.
    """
    try:
        return said_in(_content(path, MAX_EVENT_BYTES))
    except EventRejected as error:
        raise BadInput(f"{path}: {error}; give the payload of an issue_comment event") from error


def run_from_file(path: Path) -> tuple[str, int]:
    """Return repository and id of the run that the payload of a `workflow_run` event is about.

    Raises:
        BadInput: there is no such file, or it is no such payload.
    """
    try:
        return run_in(_content(path, MAX_EVENT_BYTES))
    except EventRejected as error:
        raise BadInput(f"{path}: {error}; give the payload of a workflow_run event, or --run-id") from error


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


def _text(path: Path, most: int) -> str:
    try:
        return _content(path, most).decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: byte {error.start}: not UTF-8; save the file as UTF-8") from error


def _content(path: Path, most: int) -> bytes:
    """Return a file's bytes, at most `most` of them.

    Raises:
        BadInput: it cannot be read, or is larger.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; check the path") from error
    if len(content) > most:
        raise BadInput(f"{path}: larger than {most} bytes; that is no file of ours")
    return content
