"""Files: which paths may be taken from others, and writing whole or not at all."""

import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import Final

NEW_FILE_MODE: Final = 0o644
"""Permissions of a file that was not there: all may read it, as git checks files out."""


def is_plain_path(path: str) -> bool:
    """Return whether a path is plainly a file below the top of a repository, and not of git's own."""
    parts = PurePosixPath(path).parts
    strange = not parts or ".." in parts or any(part.lower() == ".git" for part in parts)
    return not strange and "/".join(parts) == path and "\\" not in path and path.isprintable()


def replace_file(path: Path, content: bytes) -> None:
    """Make a file hold these bytes: a reader never sees half of it, and a crash leaves the old one.

    Its folder is made where it is missing; its permissions stay.

    Raises:
        OSError: it cannot be written; what was there is still there.
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
