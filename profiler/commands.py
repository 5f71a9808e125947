"""The commands of `ratchet-profiler`: read what is given, do it, say what came of it."""

import argparse
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from profiler.capture import capture
from profiler.record import (
    MAX_REQUESTS,
    Environment,
    RecordRejected,
    RunRecord,
    record_from_json,
    record_schema,
    record_to_json,
)
from profiler.scenarios import (
    Scenario,
    ScenariosRejected,
    builtin_scenarios,
    config_hash,
    scenarios_from_toml,
    select,
)
from profiler.text import measured_requests, run_lines, scenario_lines

FINE: Final = 0
SCENARIO_FAILED: Final = 1
PACKAGES: Final = ("torch", "diffusers", "transformers", "rich")
"""What only `run` needs: the extra `profiler`."""


class BadInput(Exception):
    """Input that cannot be used. The message is one line: file, place, what is wrong, how to mend it."""


def run(options: argparse.Namespace) -> int:
    """Measure scenarios and write the record; return 1 when a scenario failed.

    Raises:
        BadInput: an option or a file cannot be used; nothing was measured.
    """
    chosen = _chosen(options)
    _check_options(options)
    # Here and not above: the other commands do without the packages that measuring needs.
    from profiler.progress import Display  # noqa: PLC0415

    with Display(len(chosen), keep=lambda run: _write(options.out, run)) as display:
        record = capture(
            chosen,
            warmup=options.warmup,
            repeats=options.repeats,
            device=options.device,
            hardware=options.hardware or options.device,
            progress=display,
        )
    _say(_summary(record, options.out))
    return SCENARIO_FAILED if any(scenario.error for scenario in record.scenarios) else FINE


def list(options: argparse.Namespace) -> int:  # noqa: A001 - commands are called what a user types
    """Print the scenarios.

    Raises:
        BadInput: the file of scenarios cannot be used.
    """
    scenarios = _scenarios(options.scenarios)
    if options.format == "json":
        items = [s.model_dump(mode="json") | {"config_hash": config_hash(s)} for s in scenarios]
        _say(json.dumps({"version": 1, "scenarios": items}, indent=1))
    else:
        _say("\n".join(scenario_lines(scenarios)))
    return FINE


def show(options: argparse.Namespace) -> int:
    """Print a run record for a person.

    Raises:
        BadInput: the file cannot be read or is no run record.
    """
    try:
        record = record_from_json(options.file.read_bytes())
    except OSError as error:
        raise BadInput(f"{options.file}: {error.strerror}") from error
    except RecordRejected as error:
        raise BadInput(f"{options.file}: {error}") from error
    _say("\n".join(run_lines(record)))
    return FINE


def schema(_options: argparse.Namespace) -> int:
    """Print the JSON Schema of a run record."""
    _say(json.dumps(record_schema(), indent=1))
    return FINE


def _chosen(options: argparse.Namespace) -> tuple[Scenario, ...]:
    try:
        return select(_scenarios(options.scenarios), options.scenario)
    except ScenariosRejected as error:
        raise BadInput(f"--scenario: {error}") from error


def _scenarios(file: Path | None) -> tuple[Scenario, ...]:
    if file is None:
        return builtin_scenarios()
    try:
        return scenarios_from_toml(file.read_text(encoding="utf-8"), str(file))
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file}: not UTF-8: {error.reason} at byte {error.start}") from error
    except ScenariosRejected as error:
        raise BadInput(str(error)) from error


def _check_options(options: argparse.Namespace) -> None:
    """Refuse, before minutes of measuring, what would fail after them."""
    if options.warmup + options.repeats > MAX_REQUESTS:
        raise BadInput(f"--warmup and --repeats: a record holds {MAX_REQUESTS} requests a scenario")
    try:
        Environment(hardware=options.hardware or "x", python="3")
    except ValidationError as error:
        raise BadInput(f"--hardware: {options.hardware!r} is not 1 to 40 of a-z, 0-9, _ . -") from error
    if options.out.is_dir() or not os.access(options.out.parent, os.W_OK):
        raise BadInput(f"--out: {options.out} cannot be written; name a file in an existing folder")
    for package in PACKAGES:
        if find_spec(package) is None:
            raise BadInput(f"{package} is not installed; pip install 'perf-ratchet[profiler]'")


def _write(out: Path, record: RunRecord) -> None:
    """Put the record at `out` in one move: a reader finds the old file or the new one, never half of one."""
    partial = out.with_name(out.name + ".partial")
    try:
        partial.write_bytes(record_to_json(record))
        partial.replace(out)
    except OSError as error:
        raise BadInput(f"{out}: {error.strerror}") from error


def _summary(record: RunRecord, out: Path) -> str:
    failed = sum(scenario.error is not None for scenario in record.scenarios)
    requests = sum(len(measured_requests(scenario)) for scenario in record.scenarios)
    count = f"{failed} of {len(record.scenarios)} failed" if failed else f"{len(record.scenarios)} measured"
    return f"wrote {out}: scenarios: {count}, requests: {requests}; next: ratchet-profiler show {out}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    # Now, so that a reader that has gone is noticed where it is handled.
    sys.stdout.flush()
