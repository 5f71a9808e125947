"""The nights before, from a checkout of the history branch."""

from pathlib import Path
from typing import Final

from bot.errors import BadInput
from bot.history import History, history_from_text
from bot.intake.bounded import bounded_bytes

MAX_HISTORY_BYTES: Final = 64 * 1024 * 1024
"""Largest month of a history that is read. Chosen: 67 scenarios every night have 3 MiB."""


def history_from_folder(folder: Path, hardware: str) -> History:
    """Return the lines of a hardware in a checkout of the history branch; none when it has no such lines.

    Raises:
        BadInput: there is no such folder, or a file in it cannot be read.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: is no folder; check out the history branch there")
    files = sorted((folder / hardware).glob("*.jsonl"))
    texts = (bounded_bytes(file, MAX_HISTORY_BYTES).decode(errors="replace") for file in files)
    return sum(map(history_from_text, texts), History())
