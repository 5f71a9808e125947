"""A log's lines without what a CI service and a terminal put around them. Pure.

GitHub puts a timestamp before each line, `gh run view --log` also the job and the step, pytest-xdist
sometimes the worker; programs put colours inside. All that is taken off, and kept where it tells something.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"

_PREFIX = re.compile(
    r"(?P<job>[^\t]{1,200}\t[^\t]{0,200}\t)?\ufeff?"
    r"(?P<stamp>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z)(?: |$)"
)
"""Job and step as `gh run view --log` shows them, and GitHub's timestamp, of up to nanoseconds."""
_WORKER = re.compile(r"\[gw\d{1,4}\] ")
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
"""Colours and cursor movements (CSI), titles and links (OSC), single escapes. Source: ECMA-48."""
_RUN_ID = re.compile(r"(?:GITHUB_RUN_ID['\"]?\s{0,4}[:=]\s{0,4}['\"]?|/actions/runs/)(\d{1,15})(?!\d)")


@dataclass(frozen=True)
class LogLine:
    """One line of a log."""

    number: int
    """From 1."""
    stamp: datetime | None
    """When the CI service got it; None where it does not say."""
    stream: str
    """Who wrote it, as far as the log says: job, step, worker. Two streams' lines never belong together."""
    text: str
    """What was written, with its indentation, without colours and line end."""


def log_line(number: int, raw: bytes) -> LogLine:
    """Return a line of a log; bytes that are no UTF-8 become replacement characters."""
    text = raw.decode(errors="replace").removeprefix(BYTE_ORDER_MARK).rstrip()
    prefix = _PREFIX.match(text)
    if prefix:
        text = text[prefix.end() :]
    text = _ESCAPE.sub("", text) if "\x1b" in text else text
    worker = _WORKER.match(text)
    if worker:
        text = text[worker.end() :]
    return LogLine(
        number=number,
        stamp=moment(prefix["stamp"]) if prefix else None,
        stream=f"{prefix['job'] or '' if prefix else ''}{worker[0] if worker else ''}",
        text=text.rpartition("\r")[2].rstrip(),
    )


def moment(text: object) -> datetime | None:
    """Return the time that an ISO 8601 string names, or None: also when it names no time zone."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is not None and at.utcoffset() is not None else None


def run_id(text: str) -> int | None:
    """Return the Actions run that a line names: `GITHUB_RUN_ID`, or the address of a run."""
    found = _RUN_ID.search(text) if "GITHUB_RUN_ID" in text or "/actions/runs/" in text else None
    return int(found[1]) if found else None
