"""The commands of `ratchet-profiler`: read what is given, do it, say what came of it."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ratchet_profiler.appending import appended
from ratchet_profiler.capture import capture, finished
from ratchet_profiler.environment import Watch
from ratchet_profiler.inputs import (
    MEASURING,
    BadInput,
    appendable_record,
    check_device,
    check_installed,
    check_options,
    check_replaceable,
    chosen_scenarios,
    hardware_name,
    known_scenarios,
    record_from_file,
)
from ratchet_profiler.ranks import Place, gathered, own_place, rank_file, slowest
from ratchet_profiler.record import RunRecord, record_schema, record_to_json
from ratchet_profiler.scenarios import Scenario, config_hash
from ratchet_profiler.text import dirty_line, environment_lines, measured_requests, run_lines, scenario_lines
from ratchet_profiler.timers import is_cpu

FINE: Final = 0
SCENARIO_FAILED: Final = 1
INTERRUPTED: Final = 130
"""As a shell says of a program that Ctrl-C ended: 128 and the number of the signal."""


def run(options: argparse.Namespace) -> int:
    """Measure scenarios and write the record; return 1 when a scenario failed, 130 after an interrupt.

    Raises:
        BadInput: an option or a file cannot be used; nothing was measured.
    """
    chosen = chosen_scenarios(options)
    if not chosen:
        _say(f"{options.only} names no scenario: there is nothing to measure")
        return FINE
    check_options(options, chosen)
    place = own_place()
    out = rank_file(options.out, place.rank) if place else options.out
    before = appendable_record(out, options, chosen) if options.append else None
    if before is None:
        for file in {options.out, out}:
            check_replaceable(file)
    kept = _Kept(out, before)
    try:
        record = _measured(options, chosen, kept, place)
    except KeyboardInterrupt:
        _say(kept.after_interrupt())
        return INTERRUPTED
    if place is not None:
        record = _slowest(record, place, options.out)
    if place is None or place.rank == 0:
        if record.source.dirty:
            sys.stderr.write(dirty_line(record.source) + "\n")
        _say(_summary(record, options.out))
    return SCENARIO_FAILED if any(scenario.error for scenario in record.scenarios) else FINE


class _Kept:
    """The record of a run at `out` while it grows."""

    def __init__(self, out: Path, before: RunRecord | None) -> None:
        """Append to what there was `before`, if anything."""
        self._out = out
        self._before = before
        self._is_written = False

    def whole(self, run: RunRecord) -> RunRecord:
        """Return all that there is. What an interrupt left nothing of takes nothing from what there was."""
        return appended(self._before, finished(run)) if self._before else run

    def keep(self, run: RunRecord) -> None:
        """Write what there is, unless there is nothing: an older record is worth more."""
        if finished(run).scenarios:
            _write(self._out, self.whole(run))
            self._is_written = True

    def after_interrupt(self) -> str:
        """Return what has become of the file."""
        if self._is_written:
            return f"interrupted: wrote {self._out} with what was finished"
        if self._out.exists():
            return f"interrupted; {self._out} keeps what it had"
        return f"interrupted; nothing was finished, {self._out} is not written"


def _measured(
    options: argparse.Namespace, chosen: Sequence[Scenario], kept: _Kept, place: Place | None
) -> RunRecord:
    """Measure, keep the record as it grows, and return all of it."""
    # Here and not above: the other commands do without the packages that measuring needs.
    from ratchet_profiler.progress import Display  # noqa: PLC0415

    is_heard = place is None or place.rank == 0
    with Display(len(chosen), keep=kept.keep, is_heard=is_heard) as display:
        record = capture(
            chosen,
            warmup=options.warmup,
            repeats=options.repeats,
            device=options.device,
            hardware=hardware_name(options),
            progress=display,
        )
    return kept.whole(record)


def _slowest(record: RunRecord, place: Place, out: Path) -> RunRecord:
    """Return the slowest of all ranks' records on rank 0, which writes it; on the others, their own.

    Raises:
        BadInput: a rank did not come; each has written its own record all the same.
    """
    try:
        ranks = gathered(record, place)
    except RuntimeError as error:
        raise BadInput(f"{rank_file(out, place.rank)}: written, but not all ranks came: {error}") from error
    if not ranks:
        return record
    _write(out, slowest(ranks))
    return slowest(ranks)


def list(options: argparse.Namespace) -> int:  # noqa: A001 - commands are called what a user types
    """Print the scenarios.

    Raises:
        BadInput: the file of scenarios cannot be used.
    """
    scenarios = known_scenarios(options.scenarios)
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
    _say("\n".join(run_lines(record_from_file(options.file))))
    return FINE


def bench(options: argparse.Namespace) -> int:
    """Measure what profiling costs whole requests, and whether its step times are true.

    Raises:
        BadInput: the device is not there, or has no chance.
    """
    # Read by torch when it is imported: its profiler announces each start and stop otherwise.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    check_installed(MEASURING)
    check_device(options.device)
    if options.size == "real" and is_cpu(options.device):
        raise BadInput("--size real: models of this size need an accelerator; use --size tiny")
    # Here and not above: it imports torch and diffusers.
    from ratchet_profiler.bench.accelerator import as_json, benches, lines  # noqa: PLC0415

    here = Watch(options.device.partition(":")[0], options.device)
    found = []
    for one in benches(options.size, options.device, options.steps):
        found.append(one)
        if options.format == "text":
            _say("\n".join(lines(one)))
    environment = here.look()
    if options.format == "text":
        _say("\n".join(environment_lines(environment)))
    else:
        document = {"version": 1, "environment": environment.model_dump(mode="json")}
        _say(json.dumps(document | {"models": [as_json(one) for one in found]}, indent=1))
    return FINE


def schema(_options: argparse.Namespace) -> int:
    """Print the JSON Schema of a run record."""
    _say(json.dumps(record_schema(), indent=1))
    return FINE


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
