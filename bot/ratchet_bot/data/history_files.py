"""The nights before, from a checkout of the history branch."""

from pathlib import Path
from typing import Final

from ratchet_bot.data.bounded import bounded_bytes
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.history import History, broken_lines, history_from_text

MAX_HISTORY_BYTES: Final = 64 * 1024 * 1024
"""Largest month of a history that is read. Chosen: 67 scenarios every night have 3 MiB."""

_BRANCH_WITHOUT_NIGHTS: Final = {".git", "README.md"}
"""What a checkout has of a branch that no night was added to yet."""


def require_history(folder: Path) -> None:
    """Accept a checkout of the history branch, also one from before the first night.

    Raises:
        BadInput: it is another folder.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: is no folder; check out the history branch there")
    if hardware_in(folder) or {path.name for path in folder.iterdir()} <= _BRANCH_WITHOUT_NIGHTS:
        return
    raise BadInput(f"{folder}: there is no history; check out the history branch there")


def hardware_in(folder: Path) -> list[str]:
    """Return the kinds of hardware that a checkout has lines of."""
    return sorted({path.parent.name for path in folder.glob("*/*.jsonl")})


def broken_in(folder: Path, hardware: str) -> list[str]:
    """Return where lines of a hardware cannot be read, such as "h100/2026-11.jsonl:21".

    Raises:
        BadInput: a file cannot be read.
    """
    files = sorted((folder / hardware).glob("*.jsonl"))
    return [
        f"{hardware}/{file.name}:{number}"
        for file in files
        for number in broken_lines(bounded_bytes(file, MAX_HISTORY_BYTES).decode(errors="replace"))
    ]


def history_from_folder(folder: Path, hardware: str) -> History:
    """Return the lines of a hardware in a checkout of the history branch; none when it has no such lines.

    Raises:
        BadInput: it is no such checkout, or a file in it cannot be read.
    """
    require_history(folder)
    files = sorted((folder / hardware).glob("*.jsonl"))
    texts = (bounded_bytes(file, MAX_HISTORY_BYTES).decode(errors="replace") for file in files)
    return sum(map(history_from_text, texts), History())
