"""Files of ours, written whole or not at all. No library is loaded."""

import os
import tempfile
from pathlib import Path
from typing import Final

NEW_FILE_MODE: Final = 0o644
"""Permissions of a new file: everybody may read it, as when git checks files out."""


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
