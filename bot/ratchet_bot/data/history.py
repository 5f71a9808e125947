"""The history: one line a scenario and run, kept on a branch of its own as `<hardware>/<YYYY-MM>.jsonl`.

Lines are added and never removed. A bad sample is excluded by a flag. A run without a usable measurement
leaves a line with the reason.

Lines are kept for good, so every line ever written must load. A new field therefore has a default that means
"not known", is left out of a line at that default, and does not change the version. A field that is removed,
or whose meaning changes, needs a new version beside the old one. Older releases count lines with newer fields
as broken and leave them untouched.

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

from ratchet_bot.data.baselines import MAX_KEY

MAX_FIELDS: Final = 64
"""Most values of a line. Chosen: end to end, average, median, and five times the stages sglang has."""
MAX_LINE_CHARACTERS: Final = 32_768
"""Longest line that is read. Chosen: 64 values with names of 200 characters are half of it."""
MAX_REASON: Final = 300
"""Longest reason in characters. Chosen: a sentence."""
HISTORY_DECIMALS: Final = 3
"""Decimals of a millisecond that a line keeps. Chosen: a microsecond, below what our clocks resolve."""

FieldName = Annotated[str, Field(min_length=1, max_length=220, pattern=r"^[^\x00-\x1f\x7f]*$")]
Key = Annotated[str, Field(max_length=MAX_KEY)]
Reason = Annotated[str, Field(max_length=MAX_REASON)]
Identity: TypeAlias = tuple[int, int, str]
Past: TypeAlias = Mapping[str, Mapping[str, Sequence[float]]]
"""Valid nightly values, oldest first: scenario -> field of a baseline file -> values.

A field is named by its place, such as "expected_e2e_ms" or "stages_ms.DenoisingStage".
"""
MONTHS_READ: Final = 2
"""Months of nights that a verdict uses: this one and the one before. Chosen: at least 30 nights of an engine
much like today's; each month of 67 scenarios costs one more API request."""


class HistoryLine(Frozen):
    """The result of one run for one scenario on one hardware."""

    version: Literal[1] = 1
    hardware: HardwareName
    scenario: ScenarioId | Literal[""] = ""
    """Its id; "" when an artifact could not be read and its scenarios are unknown."""
    run_id: RunId
    """The Actions run, by its number on the host; its page has the artifacts with the records."""
    run_attempt: Count = 1
    """The attempt of that run, from 1."""
    head_sha: Sha
    """The measured commit, according to the host."""
    captured_at: AwareDatetime
    """When the run began."""
    comparability: Key = ""
    """Lines with another key belong to another series: see `ratchet_profiler.record.comparability_key`."""
    environment: Key = ""
    """What may change on the machine within a series: full versions, image."""
    runner: Key | None = None
    """The machine's name, where the host gives it."""
    requests: Count = 0
    """How many valid requests the values summarize."""
    valid: bool
    """False when the run has no usable measurement of the scenario."""
    reason: Reason = ""
    """Why it is not valid; "" when it is valid."""
    excluded: Reason = ""
    """Why a person excluded it; "" when it is not excluded."""
    values: Annotated[Mapping[FieldName, Milliseconds], Field(max_length=MAX_FIELDS)] = {}
    """Milliseconds by place in a baseline file: lower medians over the valid requests. No single steps."""

    @property
    def identity(self) -> Identity:
        """What distinguishes it from every other line of its hardware."""
        return self.run_id, self.run_attempt, self.scenario

    @property
    def counts(self) -> bool:
        """True when verdicts may use its values."""
        return self.valid and not self.excluded

    @property
    def night(self) -> date:
        """The day of the run, in UTC."""
        return self.captured_at.astimezone(UTC).date()


@dataclass(frozen=True)
class History:
    """The readable lines, in the order of the files."""

    lines: tuple[HistoryLine, ...] = ()
    broken: int = 0
    """How many lines could not be read."""


Series: TypeAlias = Sequence[HistoryLine]
"""Lines of one scenario and one comparability key that count, oldest first, one a run."""


def path_of(hardware: str, moment: datetime) -> str:
    """Return the file that holds a hardware's lines of the month of a moment, in UTC."""
    return f"{hardware}/{moment.astimezone(UTC):%Y-%m}.jsonl"


def paths_until(hardware: str, moment: datetime, months: int) -> list[str]:
    """Return the files of the last `months` months, oldest first, up to the month of the moment."""
    last = moment.astimezone(UTC)
    counted = range(last.year * 12 + last.month - months, last.year * 12 + last.month)
    return [f"{hardware}/{month // 12:04d}-{month % 12 + 1:02d}.jsonl" for month in counted]


def text_of(content: bytes | None) -> str:
    """Return a file of the history as text, whatever its bytes; "" where there is no file."""
    return (content or b"").decode(errors="replace")


def history_from_files(contents: Iterable[bytes | None]) -> History:
    """Return the lines of files of the history, in order.

    Args:
        contents: The bytes of each file; None for a file that does not exist.
    """
    raw_lines = [line for content in contents for line in text_of(content).split("\n") if line.strip()]
    lines = tuple(line for line in map(_line, raw_lines) if line is not None)
    return History(lines, broken=len(raw_lines) - len(lines))


def broken_lines(content: bytes) -> list[int]:
    """Return the numbers, from 1, of a file's lines that are not lines of the history."""
    numbered = enumerate(text_of(content).split("\n"), start=1)
    return [number for number, line in numbered if line.strip() and _line(line) is None]


def line_to_text(line: HistoryLine) -> str:
    """Return a line as JSON, without fields at their defaults and without a line end."""
    values = line.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"version": line.version, **values}, ensure_ascii=False, separators=(",", ":"))


def appended(text: str, lines: Iterable[HistoryLine]) -> str:
    """Return a file's text with the missing ones of these lines added; doing it again changes nothing."""
    present = {line.identity for line in history_from_files([text.encode()]).lines}
    new = {line.identity: line_to_text(line) for line in lines if line.identity not in present}
    if not new:
        return text
    return (text if not text or text.endswith("\n") else f"{text}\n") + "\n".join([*new.values(), ""])


def flagged(text: str, is_meant: Callable[[HistoryLine], bool], reason: str) -> tuple[str, int]:
    """Return a file's text with lines excluded, and how many; every other line stays byte for byte.

    A line that is already excluded keeps its reason.

    Args:
        text: The file.
        is_meant: Whether a line is to be excluded.
        reason: Why.
    """
    flags = 0
    raw_lines = text.split("\n")
    for index, raw_line in enumerate(raw_lines):
        line = _line(raw_line) if raw_line.strip() else None
        if line is not None and is_meant(line) and not line.excluded:
            raw_lines[index] = line_to_text(line.model_copy(update={"excluded": reason}))
            flags += 1
    return "\n".join(raw_lines), flags


def latest_keys(lines: Iterable[HistoryLine], hardware: str) -> dict[str, str]:
    """Return the latest comparability key of each scenario of a hardware."""
    counted = [line for line in lines if line.hardware == hardware and line.counts]
    ordered = sorted(counted, key=lambda line: (line.captured_at, line.run_id))
    return {line.scenario: line.comparability for line in ordered}


def series_of(lines: Iterable[HistoryLine], hardware: str, keys: Mapping[str, str]) -> dict[str, Series]:
    """Return the series of each scenario in `keys`.

    Args:
        lines: Of any hardware, in any order.
        hardware: Only its lines count.
        keys: Comparability key by scenario; lines with another key belong to another series.
    """
    runs: dict[str, dict[int, HistoryLine]] = {}
    for line in sorted(lines, key=lambda line: line.run_attempt):
        if line.counts and line.hardware == hardware and keys.get(line.scenario) == line.comparability:
            runs.setdefault(line.scenario, {})[line.run_id] = line
    return {
        scenario: sorted(by_run.values(), key=lambda line: (line.captured_at, line.run_id))
        for scenario, by_run in runs.items()
    }


def past(lines: Iterable[HistoryLine], hardware: str, keys: Mapping[str, str]) -> Past:
    """Return the values for the noise floor: valid ones, oldest first, one a run.

    Args:
        lines: Of any hardware, in any order, without those of the run that is judged.
        hardware: Only its lines count.
        keys: Comparability key by scenario; lines with another key are left out.
    """
    return {
        scenario: values_by_field(series) for scenario, series in series_of(lines, hardware, keys).items()
    }


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
