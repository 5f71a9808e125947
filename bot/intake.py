"""What comes from outside: bytes that are untrusted until they are a record or a baseline file."""

from pathlib import Path
from typing import Final

from bot.baselines import BaselineFile, BaselinesRejected, baselines_from_text
from bot.errors import BadInput
from bot.settings import Settings, SettingsRejected, settings_from_yaml
from profiler.record import MAX_RECORD_BYTES, RecordRejected, RunRecord, record_from_json

MAX_SETTINGS_BYTES: Final = 1024 * 1024
"""Largest configuration file that is read. Chosen: a long one has a hundred lines."""
MAX_BASELINES_BYTES: Final = 16 * 1024 * 1024
"""Largest baseline file that is read. Chosen: sglang's with 67 scenarios has 0.15 MiB."""


def record_from_file(path: Path) -> RunRecord:
    """Return the run record in a file.

    Raises:
        BadInput: there is no such file, or it holds no record of this version.
    """
    try:
        return record_from_json(_content(path, MAX_RECORD_BYTES))
    except RecordRejected as error:
        raise BadInput(f"{path}: {error}; ratchet-profiler run writes such a file") from error


def baselines_from_file(path: Path) -> BaselineFile:
    """Return the baseline file at a path, with its line ends as they are.

    Raises:
        BadInput: there is no such file, it is no UTF-8, or it is no baseline file.
    """
    try:
        return baselines_from_text(_text(path, MAX_BASELINES_BYTES))
    except BaselinesRejected as error:
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


def _text(path: Path, most: int) -> str:
    try:
        return _content(path, most).decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: byte {error.start}: no UTF-8; save the file as UTF-8") from error


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
