"""Where an engine writes down what it measured of a request, and how that is read back once it is over."""

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from ratchet_profiler.pipelines.perf_log import EngineRequest, NotMeasured, request_of_dump, requests_of_log
from ratchet_profiler.scenario_keys import SERVED_ARGUMENTS

MAX_LOG_BYTES: Final = 16 * 1024 * 1024
"""How much of a log one request may add. Chosen: a request of 4096 steps is about 100 KiB."""


class EngineTimes(Protocol):
    """Stages and steps that the engine measured itself."""

    def begin(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Be ready for one request, and return its JSON with what makes the engine write."""

    def read(self, request_id: str | None) -> EngineRequest | None:
        """Return what was written of the request; None as long as that is not whole.

        Raises:
            NotMeasured: it is whole, and no measurement.
            OSError: it cannot be read.
        """

    def how_to(self) -> str:
        """Return what to do where nothing is written."""


class LogTimes:
    """A `performance.log` that the engine adds a line a request to."""

    def __init__(self, file: Path) -> None:
        """Read `file`, from the end that it has when a request begins."""
        self._file = file
        self._begin = 0

    def begin(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Note where the log ends. The JSON needs nothing."""
        self._begin = self._file.stat().st_size if self._file.exists() else 0
        return body

    def read(self, request_id: str | None) -> EngineRequest | None:
        """Return the request of this id; where the engine names none, the only one since it began."""
        found = tuple(requests_of_log(_text(self._file, self._begin), request_id))
        if len(found) > 1:
            raise NotMeasured(f"{len(found)} requests at once; no other client may use the engine meanwhile")
        return found[0] if found else None

    def how_to(self) -> str:
        """Return how sglang is made to write its log."""
        return (
            f"perf_log: {self._file} has no line about the request; start the engine with "
            "SGLANG_DIFFUSION_STAGE_LOGGING=1, and with the log's folder as SGLANG_PERF_LOG_DIR"
        )


class DumpTimes:
    """A file of its own for each request, which the request asks for."""

    def __init__(self) -> None:
        """Make a folder for the file; it is removed with this object."""
        folder = tempfile.mkdtemp(prefix="perf-ratchet-dump-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._file = Path(folder) / "request.json"

    def begin(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask for the file, and remove that of the last request."""
        self._file.unlink(missing_ok=True)
        return {**body, SERVED_ARGUMENTS["perf_dump"]: str(self._file)}

    def read(self, request_id: str | None) -> EngineRequest | None:  # noqa: ARG002 - the file is of one request
        """Return the request of the file."""
        return request_of_dump(_text(self._file, 0))

    def how_to(self) -> str:
        """Return what sglang needs to write a dump."""
        return (
            "perf_dump: the engine wrote no whole file; it has to run on this machine and to know the member "
            "perf_dump_path (else use perf_log)"
        )


def _text(file: Path, begin: int) -> str:
    """Return what is in a file from byte `begin` on; nothing without a file. A shorter file is a new one."""
    if not file.exists():
        return ""
    with file.open("rb") as content:
        content.seek(begin if begin <= file.stat().st_size else 0)
        return content.read(MAX_LOG_BYTES).decode(errors="replace")
