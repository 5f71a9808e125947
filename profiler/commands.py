"""The commands of `ratchet-profiler`: read what is given, do it, say what came of it."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from profiler.appending import NotAppendable, appended, check_appendable
from profiler.capture import capture
from profiler.environment import Watch, present_module, source
from profiler.ranks import Place, gathered, own_place, rank_file, slowest
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
    ServedScenario,
    builtin_scenarios,
    config_hash,
    scenarios_from_toml,
    select,
)
from profiler.text import measured_requests, run_lines, scenario_lines
from profiler.timers import is_cpu

FINE: Final = 0
SCENARIO_FAILED: Final = 1
SHOWING: Final = ("rich",)
"""What shows how a run goes on."""
MEASURING: Final = ("torch", "diffusers", "transformers")
"""What runs a pipeline in this process."""


class BadInput(Exception):
    """Input that cannot be used. The message is one line: file, place, what is wrong, how to mend it."""


def run(options: argparse.Namespace) -> int:
    """Measure scenarios and write the record; return 1 when a scenario failed.

    Raises:
        BadInput: an option or a file cannot be used; nothing was measured.
    """
    chosen = _chosen(options)
    if not chosen:
        _say(f"{options.only} names no scenario: there is nothing to measure")
        return FINE
    _check_options(options, chosen)
    place = own_place()
    out = rank_file(options.out, place.rank) if place else options.out
    before = _appendable(out, options, chosen) if options.append else None
    record = _measured(options, chosen, out, before, place)
    if place is not None:
        record = _slowest(record, place, options.out)
    if place is None or place.rank == 0:
        _say(_summary(record, options.out))
    return SCENARIO_FAILED if any(scenario.error for scenario in record.scenarios) else FINE


def _measured(
    options: argparse.Namespace,
    chosen: Sequence[Scenario],
    out: Path,
    before: RunRecord | None,
    place: Place | None,
) -> RunRecord:
    """Measure, keep the record at `out` as it grows, and return all of it."""

    def whole(run: RunRecord) -> RunRecord:
        return appended(before, run) if before else run

    # Here and not above: the other commands do without the packages that measuring needs.
    from profiler.progress import Display  # noqa: PLC0415

    is_heard = place is None or place.rank == 0
    with Display(len(chosen), keep=lambda run: _write(out, whole(run)), is_heard=is_heard) as display:
        record = capture(
            chosen,
            warmup=options.warmup,
            repeats=options.repeats,
            device=options.device,
            hardware=_hardware(options),
            progress=display,
        )
    return whole(record)


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
    _say("\n".join(run_lines(_record(options.file))))
    return FINE


def schema(_options: argparse.Namespace) -> int:
    """Print the JSON Schema of a run record."""
    _say(json.dumps(record_schema(), indent=1))
    return FINE


def _chosen(options: argparse.Namespace) -> tuple[Scenario, ...]:
    try:
        chosen = select(_scenarios(options.scenarios), options.scenario)
    except ScenariosRejected as error:
        raise BadInput(f"--scenario: {error}") from error
    if options.only is None:
        return chosen
    known = {scenario.id: scenario for scenario in chosen}
    return tuple(dict.fromkeys(_known(known, options.only, *line) for line in _ids(options.only)))


def _ids(file: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, id) of a file with one id a line, as `ratchet compare --suspects` writes it."""
    for number, line in enumerate(_content(file).decode(errors="replace").splitlines(), start=1):
        if line.strip():
            yield number, line.strip()


def _known(scenarios: Mapping[str, Scenario], file: Path, line: int, name: str) -> Scenario:
    if name not in scenarios:
        raise BadInput(f"{file}: line {line}: no scenario {name!r}; there are: {', '.join(scenarios)}")
    return scenarios[name]


def _record(file: Path) -> RunRecord:
    try:
        return record_from_json(_content(file))
    except RecordRejected as error:
        raise BadInput(f"{file}: {error}") from error


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from error


def _appendable(out: Path, options: argparse.Namespace, chosen: Sequence[Scenario]) -> RunRecord:
    """Return the record that requests may be appended to."""
    record = _record(out)
    hashes = {scenario.id: config_hash(scenario) for scenario in chosen}
    here = Watch(_hardware(options), options.device).environment()
    try:
        check_appendable(record, here, source(), hashes, options.warmup + options.repeats)
    except NotAppendable as error:
        raise BadInput(f"{out}: cannot append: {error}; run without --append") from error
    return record


def _hardware(options: argparse.Namespace) -> str:
    return str(options.hardware or options.device.partition(":")[0])


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


def _check_options(options: argparse.Namespace, chosen: Sequence[Scenario]) -> None:
    """Refuse, before minutes of measuring, what would fail after them."""
    if options.warmup + options.repeats > MAX_REQUESTS:
        raise BadInput(f"--warmup and --repeats: a record holds {MAX_REQUESTS} requests a scenario")
    try:
        Environment(hardware=_hardware(options), python=platform.python_version())
    except ValidationError as error:
        raise BadInput(f"--hardware: {options.hardware!r} is not 1 to 40 of a-z, 0-9, _ . -") from error
    if options.out.is_dir() or not os.access(options.out.parent, os.W_OK):
        raise BadInput(f"--out: {options.out} cannot be written; name a file in an existing folder")
    is_served = all(isinstance(scenario, ServedScenario) for scenario in chosen)
    check_installed(SHOWING if is_served else (*SHOWING, *MEASURING))
    if not is_served:
        check_device(options.device)


def check_installed(packages: Iterable[str]) -> None:
    """Refuse what needs a package that is not there."""
    for package in packages:
        if find_spec(package) is None:
            raise BadInput(f"{package} is not installed; pip install 'perf-ratchet[profiler]'")


def check_device(device: str) -> None:
    """Refuse a device that torch does not find here."""
    if not is_cpu(device) and present_module(device) is None:
        raise BadInput(f"--device: torch finds no {device!r} on this machine; use cpu")


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
