"""Files, written whole or not at all."""

import os
import tempfile
from pathlib import Path
from typing import Final

NEW_FILE_MODE: Final = 0o644
"""Permissions of a file that was not there: all may read it, as git checks files out."""


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
