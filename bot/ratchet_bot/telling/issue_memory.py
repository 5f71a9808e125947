"""An issue about regressions that began together: what it is found by, and what it remembers."""

import re
from collections.abc import Sequence
from typing import Final

from ratchet_bot.judging.regressions import Regression, Remembered, remembered_from_json

REGRESSION_LABEL: Final = "perf-regression"
"""Of every issue about regressions."""
LOOSEN_LABEL: Final = "perf-loosen"
"""A person puts it on such an issue to have looser baselines proposed; the proposal has it too."""
MOST_REMEMBERED: Final = 40
"""Regressions that an issue remembers, the largest. Chosen: half of what an issue can hold."""
_MARKER: Final = re.compile(
    r"<!-- perf-ratchet:regressions (?P<hardware>\S+) since run (?P<run>[0-9]{1,16}) -->"
)
_MEMORY: Final = re.compile(r"<!-- perf-ratchet:memory (.*) -->")


def marker_of(hardware: str, beginning: int) -> str:
    """Return how an issue begins, and is found again, as long as it is open.

    Args:
        hardware: Its name, without a blank.
        beginning: The run with which the regressions began when they were first told.
    """
    return f"<!-- perf-ratchet:regressions {hardware} since run {beginning} -->"


def beginning_of(body: str, hardware: str) -> int | None:
    """Return the run in the marker of an issue; None where it is no issue about this hardware."""
    found = _MARKER.match(body)
    return int(found["run"]) if found and found["hardware"] == hardware else None


def memory_of(regressions: Sequence[Regression], accepted: Sequence[str] | None = None) -> str:
    """Return what an issue remembers, as an HTML comment on one line that nothing in it can end.

    Args:
        regressions: What holds; the largest are remembered.
        accepted: The scenarios that a person has accepted as slower; None: nobody has.
    """
    largest = sorted(regressions, key=lambda one: -one.change_ratio)[:MOST_REMEMBERED]
    kept = [one for one in regressions if one in largest]
    memory = Remembered(regressions=tuple(kept), accepted=None if accepted is None else tuple(accepted))
    text = memory.model_dump_json(exclude_defaults=True)
    return f"<!-- perf-ratchet:memory {text.replace('>', chr(92) + 'u003e')} -->"


def remembered_in(body: str) -> Remembered:
    """Return what an issue remembers; nothing where it does not, or was edited beyond recognition."""
    found = _MEMORY.search(body)
    return remembered_from_json(found[1]) if found else Remembered()
