"""The history: one line a scenario and run, kept on a branch of its own as `<hardware>/<YYYY-MM>.jsonl`.

Lines are added, never taken away. A bad sample is excluded by a flag; a run that said nothing leaves a line
that says why.

A line is kept for good, so every line that was ever written must load. A new field therefore has a default
that means "not known", is left out where it has it, and leaves the version as it is. A field that goes, or
comes to mean something else, takes a new version beside the old one. A release from before a field takes
the lines that have it for broken: it counts them, and leaves them as they are.

Version history of a line, newest first:
    1: the first.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AwareDatetime, Field, ValidationError
from ratchet_profiler.record import Count, Frozen, HardwareName, Milliseconds, RunId, ScenarioId, Sha

MAX_FIELDS: Final = 64
"""Most values of a line. Chosen: end to end, average, median, and five times the stages sglang has."""
MAX_LINE_CHARACTERS: Final = 32_768
"""Longest line that is read. Chosen: 64 values with names of 200 characters are half of it."""
MAX_REASON: Final = 300
"""Longest reason in characters. Chosen: a sentence."""
MAX_KEY: Final = 600
"""Longest comparability key and environment in characters. Chosen: names in them have up to 200."""
DECIMALS: Final = 3
"""Digits kept of a millisecond. Chosen: a microsecond, below what any clock of ours resolves."""

FieldName = Annotated[str, Field(min_length=1, max_length=220, pattern=r"^[^\x00-\x1f\x7f]*$")]
Key = Annotated[str, Field(max_length=MAX_KEY)]
Reason = Annotated[str, Field(max_length=MAX_REASON)]
Identity: TypeAlias = tuple[int, int, str]
Past: TypeAlias = Mapping[str, Mapping[str, Sequence[float]]]
"""Valid nightly values, oldest first: scenario -> field of a baseline file -> values.

A field is named by its place, such as "expected_e2e_ms" or "stages_ms.DenoisingStage".
"""
MONTHS_READ: Final = 2
"""Months of nights that anything is judged by: this one and the one before. Chosen: 30 nights at least, of an
engine much like today's, and a month of 67 scenarios costs a request of its own."""


class HistoryLine(Frozen):
    """What one run said of one scenario on one hardware."""

    version: Literal[1] = 1
    hardware: HardwareName
    scenario: ScenarioId | Literal[""] = ""
    """Its id; "" when an artifact could not be read, so that no scenario of it is known."""
    run_id: RunId
    """The Actions run, as the host numbers it: its page has the artifacts with the records."""
    run_attempt: Count = 1
    """The attempt of that run, from 1."""
    head_sha: Sha
    """The commit that was measured, as the host knows it."""
    captured_at: AwareDatetime
    """When the run began."""
    comparability: Key = ""
    """Lines of another key are another series: see `ratchet_profiler.record.comparability_key`."""
    environment: Key = ""
    """Whatever else of the machine may change without making another series: versions in full, image."""
    runner: Key | None = None
    """The machine, where the host names it."""
    requests: Count = 0
    """How many valid requests the values are of."""
    valid: bool
    """False when the run says nothing about the scenario."""
    reason: Reason = ""
    """Why it is not valid; "" when it is."""
    excluded: Reason = ""
    """Why a person does not want it counted; "" when it counts."""
    values: Annotated[Mapping[FieldName, Milliseconds], Field(max_length=MAX_FIELDS)] = {}
    """Milliseconds by place in a baseline file: lower medians over the valid requests. No single steps."""

    @property
    def identity(self) -> Identity:
        """What makes it a line of its own."""
        return self.run_id, self.run_attempt, self.scenario

    @property
    def counts(self) -> bool:
        """True when its values may be judged by."""
        return self.valid and not self.excluded

    @property
    def night(self) -> date:
        """The day of the run, in UTC."""
        return self.captured_at.astimezone(UTC).date()


@dataclass(frozen=True)
class History:
    """The lines that could be read, in the order of the files."""

    lines: tuple[HistoryLine, ...] = ()
    broken: int = 0
    """How many lines are none of ours."""

    def __add__(self, other: "History") -> "History":
        """Return the lines of both."""
        return History(self.lines + other.lines, self.broken + other.broken)


Series: TypeAlias = Sequence[HistoryLine]
"""Lines of one scenario and one comparability key that count, oldest first, one a run."""


def path_of(hardware: str, moment: datetime) -> str:
    """Return the file of the branch that holds the lines of a hardware and of a month, in UTC."""
    return f"{hardware}/{moment.astimezone(UTC):%Y-%m}.jsonl"


def paths_until(hardware: str, moment: datetime, months: int) -> list[str]:
    """Return the files of the last months, the oldest first; the last one is that of the moment."""
    last = moment.astimezone(UTC)
    counted = range(last.year * 12 + last.month - months, last.year * 12 + last.month)
    return [f"{hardware}/{month // 12:04d}-{month % 12 + 1:02d}.jsonl" for month in counted]


def history_from_text(text: str) -> History:
    """Return the lines of a file; one that is broken is counted, and harms no other."""
    read = [_line(line) for line in text.split("\n") if line.strip()]
    lines = tuple(line for line in read if line is not None)
    return History(lines, len(read) - len(lines))


def broken_lines(text: str) -> list[int]:
    """Return the numbers, from 1, of the lines of a file that are none of ours."""
    told = enumerate(text.split("\n"), start=1)
    return [number for number, line in told if line.strip() and _line(line) is None]


def line_to_text(line: HistoryLine) -> str:
    """Return a line as it stands in a file, without what is as always, and without the line's end."""
    told = line.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"version": line.version, **told}, ensure_ascii=False, separators=(",", ":"))


def appended(text: str, lines: Iterable[HistoryLine]) -> str:
    """Return a file's text with those lines added that it does not have: doing it again changes nothing."""
    known = {line.identity for line in history_from_text(text).lines}
    new = {line.identity: line_to_text(line) for line in lines if line.identity not in known}
    if not new:
        return text
    return (text if not text or text.endswith("\n") else f"{text}\n") + "\n".join([*new.values(), ""])


def flagged(text: str, is_meant: Callable[[HistoryLine], bool], reason: str) -> tuple[str, int]:
    """Return a file's text with lines excluded, and how many; every other line stays byte for byte.

    A line that is excluded already keeps its reason.

    Args:
        text: The file.
        is_meant: Which lines are to be excluded.
        reason: Why, for whoever wonders later.
    """
    flags = 0
    told = text.split("\n")
    for index, raw in enumerate(told):
        line = _line(raw) if raw.strip() else None
        if line is not None and is_meant(line) and not line.excluded:
            told[index] = line_to_text(line.model_copy(update={"excluded": reason}))
            flags += 1
    return "\n".join(told), flags


def latest_keys(lines: Iterable[HistoryLine], hardware: str) -> dict[str, str]:
    """Return the comparability key that each scenario of a hardware had last."""
    counted = [line for line in lines if line.hardware == hardware and line.counts]
    ordered = sorted(counted, key=lambda line: (line.captured_at, line.run_id))
    return {line.scenario: line.comparability for line in ordered}


def series_of(lines: Iterable[HistoryLine], hardware: str, keys: Mapping[str, str]) -> dict[str, Series]:
    """Return the series of each scenario whose key is asked for.

    Args:
        lines: Of any hardware, in any order.
        hardware: Only lines of it are taken.
        keys: Comparability key by scenario; lines of another key are another series.
    """
    runs: dict[str, dict[int, HistoryLine]] = {}
    for line in sorted(lines, key=lambda line: line.run_attempt):
        if line.counts and line.hardware == hardware and keys.get(line.scenario) == line.comparability:
            runs.setdefault(line.scenario, {})[line.run_id] = line
    return {
        scenario: sorted(found.values(), key=lambda line: (line.captured_at, line.run_id))
        for scenario, found in runs.items()
    }


def past(lines: Iterable[HistoryLine], hardware: str, keys: Mapping[str, str]) -> Past:
    """Return what the noise floor is made of: values that count, oldest first, one a run.

    Args:
        lines: Of any hardware, in any order; without those of the run that is to be judged.
        hardware: Only lines of it are taken.
        keys: Comparability key by scenario; lines of another key are left out.
    """
    return {scenario: values_by_field(found) for scenario, found in series_of(lines, hardware, keys).items()}


def values_by_field(series: Series) -> Mapping[str, Sequence[float]]:
    """Return the values of each field, in the order of the lines that have it."""
    fields = dict.fromkeys(field for line in series for field in line.values)
    return {field: [line.values[field] for line in series if field in line.values] for field in fields}


def _line(text: str) -> HistoryLine | None:
    if len(text) > MAX_LINE_CHARACTERS:
        return None
    try:
        return HistoryLine.model_validate_json(text)
    except ValidationError:
        return None
