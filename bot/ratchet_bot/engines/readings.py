"""What a reader of an engine's files returns, and what such a reader is."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.formatting import plain
from ratchet_bot.engines.requests import MeasuredRequest

NOTHING: Final = "nothing"
"""Kind of a file without any request."""
MAX_REQUESTS: Final = 10_000
"""Most requests of one file. Chosen: far above a record's 256 of a scenario."""
MAX_REFUSALS: Final = 1000
"""Most refusals that are kept of one file; the others are counted."""
MAX_RUN_IDS: Final = 8
"""Most runs that are kept of one file: more than one is already too many."""


@dataclass(frozen=True)
class Refusal:
    """Something that looked like a measurement and is not one."""

    place: str
    """`file:line`."""
    what: str
    """The scenario or the request."""
    reason: str


@dataclass
class Reading:
    """The requests of one file, and what else was found in it."""

    file: str
    kind: str = NOTHING
    """The format of the file, in words."""
    requests: list[MeasuredRequest] = field(default_factory=list)
    """In the file's order."""
    refusals: list[Refusal] = field(default_factory=list)
    more_refusals: int = 0
    """Those beyond `MAX_REFUSALS`."""
    other_lines: int = 0
    """Lines that are neither empty nor of a request."""
    long_lines: int = 0
    """Lines that were too long to be read."""
    began: datetime | None = None
    """The first time that the file names."""
    run_ids: set[int] = field(default_factory=set)
    """The Actions runs that the file names."""

    def refuse(self, place: str, what: str, reason: str) -> None:
        """Keep or count a refusal."""
        if len(self.refusals) < MAX_REFUSALS:
            self.refusals.append(Refusal(place, plain(what), reason))
        else:
            self.more_refusals += 1

    def add(self, measured: MeasuredRequest) -> None:
        """Keep a request.

        Raises:
            BadInput: they are more than `MAX_REQUESTS`.
        """
        self.make_room(len(self.requests))
        self.requests.append(measured)
        self.begin(measured.at)

    def make_room(self, count: int) -> None:
        """Allow one more of something of which there are so many.

        Raises:
            BadInput: they would be more than `MAX_REQUESTS`.
        """
        if count >= MAX_REQUESTS:
            raise BadInput(f"{self.file}: more than {MAX_REQUESTS} requests; split the file")

    def name_run(self, run: int | None) -> None:
        """Note a run that the file names."""
        if run is not None and len(self.run_ids) < MAX_RUN_IDS:
            self.run_ids.add(run)

    def begin(self, at: datetime | None) -> None:
        """Note a time; the earliest one stays."""
        if at is not None and (self.began is None or at < self.began):
            self.began = at


class EngineReader(Protocol):
    """One engine's formats. A module with these functions is one; `log_files.ENGINES` lists them."""

    def dump_reading(self, file: str, content: bytes) -> Reading | None:
        """Return the reading of a file that is one JSON object, or None when it is not the engine's."""

    def log_reading(self, file: str, lines: Iterable[bytes | None]) -> Reading:
        """Return the reading of a file of lines.

        Args:
            file: Its name, for messages.
            lines: Each line, with or without its end; None for one that is too long.

        Raises:
            BadInput: it holds more requests than a reading keeps.
        """
