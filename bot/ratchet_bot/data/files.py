"""Files: untrusted ones are read up to a size, ours are written whole or not at all. No library is loaded."""

import os
import tempfile
from pathlib import Path
from typing import Final

from ratchet_bot.data.errors import BadInput

NEW_FILE_MODE: Final = 0o644
"""Permissions of a new file: everybody may read it, as when git checks files out."""


def bounded_bytes(path: Path, most: int) -> bytes:
    """Return the bytes of a file that has at most `most` bytes.

    Raises:
        BadInput: it cannot be read, or is larger.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; check the path") from error
    if len(content) > most:
        raise BadInput(f"{path}: larger than {most} bytes; perf-ratchet does not write such files")
    return content


def bounded_text(path: Path, most: int) -> str:
    """Return the text of a UTF-8 file that has at most `most` bytes, with its line ends.

    Raises:
        BadInput: it cannot be read, is larger, or is not UTF-8.
    """
    try:
        return bounded_bytes(path, most).decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: byte {error.start}: not UTF-8; save the file as UTF-8") from error


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one step: no reader sees half of it, and a crash leaves the old content.

    A missing folder is made. An existing file keeps its permissions.

    Raises:
        OSError: it cannot be written; the old content is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.chmod(path.stat().st_mode & 0o777 if path.exists() else NEW_FILE_MODE)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
