"""What `perf-ratchet ingest` reads of what the engine's own code printed and wrote."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ratchet_bot.data.errors import BadInput
from ratchet_bot.engines.log_files import engine_reading

from parity.fixtures import without_source
from parity.jobs import Job
from parity.shard import ATTEMPTS, run_shard
from parity.venv import Answers, program

BLOCK: Final = re.compile(r"^--- Performance Log: (.+) ---\n  e2e=(.+?)ms", re.MULTILINE)
DUMP: Final = re.compile(r"^(?:add|update) this baseline in ", re.MULTILINE)
SHOWN: Final = 90
"""Characters of a refusal that make it a class of its own."""


@dataclass(frozen=True)
class Source:
    """A kind of file, how many requests it holds, and what is read of it."""

    name: str
    printed: int
    read: int
    refused: Counter[str]
    """By reason, without the numbers of the place."""

    @property
    def unread(self) -> int:
        """How many requests are not read; more than were printed is as wrong."""
        return abs(self.printed - self.read)


def sources(
    places: Sequence[Answers], shard: list[Job], requests: list[Job], folder: Path
) -> Iterator[Source]:
    """Yield each kind of file that sglang writes, as our readers read it."""
    answers = [answer for place in places for answer in place.of_jobs]
    blocks = "".join(place.printed_at_import for place in places)
    blocks += "".join(answer["printed"] for answer in answers)
    dumps = "".join(answer["logged"] for answer in answers)
    yield _source("request blocks", blocks, len(BLOCK.findall(blocks)), folder)
    yield _source("dumps of red requests", dumps, len(DUMP.findall(dumps)), folder)
    yield from _shard_sources(shard, folder)
    logs = folder / "records"
    logs.mkdir()
    program("record.py", logs, given=requests)
    yield _source("performance.log", (logs / "performance.log").read_text(), len(requests), folder)
    yield _source("a server's dump", (logs / "dump.json").read_text(), 1, folder)


def _shard_sources(shard: list[Job], folder: Path) -> Iterator[Source]:
    place = folder / "shard"
    place.mkdir()
    log = without_source(run_shard(shard, place))
    name = f"a shard of {len(shard)} cases, {log.count('Starting pytest attempt')} of {ATTEMPTS} attempts"
    yield _source(name, log, len(BLOCK.findall(log)), folder)
    data = log.partition(" Performance Data JSON ")[2].partition("[CONFTEST]")[0]
    whole = f"==== Performance Data JSON {data}"
    yield _source("Performance Data JSON", whole, whole.count('"test_name"'), folder)
    results = (place / "diffusion-results.json").read_text()
    yield _source("diffusion-results.json", results, results.count('"test_name"'), folder)


def _source(name: str, text: str, printed: int, folder: Path) -> Source:
    """Return how many requests are read; of blocks, those with their scenario and end to end."""
    path = folder / "file"
    path.write_text(text)
    try:
        reading = engine_reading(path)
    except BadInput as error:
        return Source(name, printed, 0, Counter({_class(str(error)): printed}))
    read = Counter(
        (measured.scenario, f"{measured.record.total.host_ms:.2f}") for measured in reading.requests
    )
    blocks = Counter(BLOCK.findall(text))
    refused = Counter(_class(refusal.reason) for refusal in reading.refusals)
    if reading.more_refusals:
        refused["further ones, counted only"] = reading.more_refusals
    if not reading.requests and not refused:
        refused["not recognised"] = printed
    return Source(name, printed, (read & blocks).total() if blocks else read.total(), refused)


def _class(reason: str) -> str:
    return re.sub(r"\d[\d.]*|'[^']*'", "N", reason)[:SHOWN]
