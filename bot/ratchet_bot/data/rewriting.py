"""Changes of a baseline file: whole scenarios and its date, and no other byte. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ratchet_profiler.record import Clock, RunRecord

from ratchet_bot.data.baselines import (
    DEFAULT_TOLERANCES,
    PSEUDO_STAGES,
    BaselineFile,
    Sampling,
    Tolerances,
    baselines_from_text,
)
from ratchet_bot.data.json_text import DEFAULT_INDENT, edited_json

_ISO_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")


def with_scenarios(
    file: BaselineFile, scenarios: Mapping[str, Mapping[str, Any]], captured_on: date
) -> BaselineFile:
    """Return the file with whole scenarios replaced or added, and its date moved.

    Every byte outside of `metadata` and of these scenarios stays, whatever the indentation; so does every
    number that keeps its value. A scenario's other keys (`estimated_full_test_time_s`, unknown ones) stay.

    Args:
        file: What to change.
        scenarios: New values by scenario id.
        captured_on: The day on which they were measured.
    """
    document = json.loads(file.text)
    document["metadata"] = _redated(document.get("metadata", {}), captured_on)
    for name, values in scenarios.items():
        document["scenarios"][name] = _replaced(document["scenarios"].get(name, {}), values)
    return baselines_from_text(edited_json(file.text, document))


def new_baselines(
    hardware: str, clock: Clock, profiles: Mapping[str, Tolerances] = DEFAULT_TOLERANCES
) -> BaselineFile:
    """Return a file without scenarios, with these tolerance profiles and the default sampling."""
    document = {
        "metadata": {
            "model": "Diffusion Server",
            "hardware": hardware,
            "description": f"Reference numbers captured by perf-ratchet on {hardware}",
            "clock": clock,
        },
        "tolerances": {name: profile.model_dump() for name, profile in profiles.items()},
        "sampling": {"step_fractions": list(Sampling().step_fractions)},
        "scenarios": {},
    }
    return baselines_from_text(json.dumps(document, indent=DEFAULT_INDENT) + "\n")


def clock_of(records: Iterable[RunRecord]) -> Clock:
    """Return the clock of new baselines from these records: the device's where every request has it."""
    clocks = {
        request.clock for record in records for scenario in record.scenarios for request in scenario.requests
    }
    return "device-events" if clocks == {"device-events"} else "host"


def _replaced(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario with new values, its stages in the old order where they stay."""
    old_stages, new_stages = old.get("stages_ms", {}), new["stages_ms"]
    kept = {
        name: new_stages.get(name)
        for name in old_stages
        if name in new_stages or (name in PSEUDO_STAGES and old_stages[name] is None)
    }
    return {**old, **new, "stages_ms": {**kept, **new_stages}}


def _redated(metadata: Mapping[str, Any], day: date) -> dict[str, Any]:
    """Return metadata whose description and `last_updated` name this day."""
    redated, description = {**metadata, "last_updated": day.isoformat()}, metadata.get("description")
    if isinstance(description, str):
        moved, dates = _ISO_DATE.subn(day.isoformat(), description)
        redated["description"] = moved if dates else f"{description} ({day.isoformat()})"
    return redated
