"""Reading a file of at most so many bytes."""

from pathlib import Path

from ratchet_bot.data.errors import BadInput


def bounded_text(path: Path, most: int) -> str:
    """Return a file's text, as it is, of at most so many bytes.

    Raises:
        BadInput: it cannot be read, is larger, or is no UTF-8.
    """
    try:
        return bounded_bytes(path, most).decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: byte {error.start}: not UTF-8; save the file as UTF-8") from error


def bounded_bytes(path: Path, most: int) -> bytes:
    """Return a file's bytes, at most so many.

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
