"""Zips as an attacker packs them."""

import io
import warnings
import zipfile
from typing import Any

RECORD_NAME = "run-record.json"


def make_zip(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of these files, in this order; a name may stand twice."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "Duplicate name", which is the point
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def make_member(content: bytes, **fields: Any) -> bytes:
    """Return a zip of a record, with these fields of its directory entry as told."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(RECORD_NAME, content)
        for field, value in fields.items():
            setattr(archive.infolist()[0], field, value)
    return packed.getvalue()


def make_overlapping(content: bytes) -> bytes:
    """Return a zip whose two directory entries share one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(RECORD_NAME, content)
        archive.writestr("other", b"")
        archive.infolist()[1].header_offset = 0
    return packed.getvalue()
