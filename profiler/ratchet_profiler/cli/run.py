"""`ratchet-profiler run`: measure scenarios and write a run record."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ratchet_profiler.cli.parser import (
    EXAMPLES,
    FINE,
    INTERRUPTED,
    SCENARIO_FAILED,
    BadInput,
    Parser,
    at_least,
    device_name,
    write,
)

if TYPE_CHECKING:
    from ratchet_profiler.ranks import Place
    from ratchet_profiler.record import RunRecord
    from ratchet_profiler.scenarios import Scenario


def add_to(add_parser: Callable[..., Parser]) -> None:
    """Add the command to the program."""
    parser = add_parser("run", help="measure scenarios and write a run record", epilog=EXAMPLES)
    parser.set_defaults(run=run)
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="which ids; default: all")
    parser.add_argument("--repeats", type=at_least(1), default=3, metavar="N", help="measured; default: 3")
    parser.add_argument("--warmup", type=at_least(0), default=1, metavar="N", help="before them; default: 1")
    parser.add_argument("--out", type=Path, default=Path("run-record.json"), metavar="FILE")
    parser.add_argument(
        "--device", type=device_name, default="cpu", metavar="NAME", help="as torch names it; default: cpu"
    )
    parser.add_argument(
        "--hardware", metavar="NAME", help="as your configuration calls it; default: the device"
    )
    parser.add_argument("--only", type=Path, metavar="FILE", help="a file with one scenario id a line")
    parser.add_argument("--append", action="store_true", help="add the requests to the record in --out")
    parser.add_argument("--scenarios", type=Path, metavar="FILE", help="TOML; default: the built-in ones")


def run(options: argparse.Namespace) -> int:
    """Measure scenarios and write the record; return 1 when a scenario failed, 130 after an interrupt.

    Raises:
        BadInput: an option or a file cannot be used; nothing was measured.
    """
    from ratchet_profiler.cli.inputs import check_options, chosen_scenarios
    from ratchet_profiler.cli.record_file import check_replaceable
    from ratchet_profiler.cli.text import dirty_line
    from ratchet_profiler.ranks import own_place, rank_file

    chosen = chosen_scenarios(options)
    if not chosen:
        write(f"{options.only} names no scenario: there is nothing to measure")
        return FINE
    check_options(options, chosen)
    place = own_place()
    out = rank_file(options.out, place.rank) if place else options.out
    before = _appendable_record(out, options, chosen) if options.append else None
    if before is None:
        for file in {options.out, out}:
            check_replaceable(file)
    record = _measured(options, chosen, _GrowingRecord(out, before), is_shown=not (place and place.rank))
    if record is None:
        return INTERRUPTED
    if place is not None:
        record = _slowest(record, place, options.out)
    if place is None or place.rank == 0:
        if record.source.dirty:
            sys.stderr.write(dirty_line(record.source) + "\n")
        write(_summary(record, options.out))
    return SCENARIO_FAILED if any(scenario.error for scenario in record.scenarios) else FINE


def _appendable_record(out: Path, options: argparse.Namespace, chosen: "Sequence[Scenario]") -> "RunRecord":
    """Return the record that requests of these scenarios are appended to.

    Raises:
        BadInput: there is none, or they would not belong to it.
    """
    from ratchet_profiler.appending import NotAppendable, check_appendable
    from ratchet_profiler.cli.inputs import hardware_name
    from ratchet_profiler.cli.record_file import record_from_file
    from ratchet_profiler.environment import Watch, source
    from ratchet_profiler.scenarios import config_hash

    record = record_from_file(out)
    hashes = {scenario.id: config_hash(scenario) for scenario in chosen}
    environment = Watch(hardware_name(options), options.device).environment()
    try:
        check_appendable(record, environment, source(), hashes, options.warmup + options.repeats)
    except NotAppendable as error:
        raise BadInput(f"{out}: cannot append: {error}; run without --append") from error
    return record


class _GrowingRecord:
    """The record at `out` while a run adds to it."""

    def __init__(self, out: Path, before: "RunRecord | None") -> None:
        """Append to what there was `before`, if anything."""
        self._out = out
        self._before = before
        self._is_written = False

    def whole(self, run: "RunRecord") -> "RunRecord":
        """Return all that there is. What an interrupt left nothing of takes nothing from what there was."""
        from ratchet_profiler.appending import appended, finished

        return appended(self._before, finished(run)) if self._before else run

    def keep(self, run: "RunRecord") -> None:
        """Write what there is, unless there is nothing: an older record is worth more."""
        from ratchet_profiler.appending import finished
        from ratchet_profiler.cli.record_file import write_record

        if finished(run).scenarios:
            write_record(self._out, self.whole(run))
            self._is_written = True

    def after_interrupt(self) -> str:
        """Return what has become of the file."""
        if self._is_written:
            return f"interrupted: wrote {self._out} with what was finished"
        if self._out.exists():
            return f"interrupted; {self._out} keeps what it had"
        return f"interrupted; nothing was finished, {self._out} is not written"


def _measured(
    options: argparse.Namespace, chosen: "Sequence[Scenario]", growing: _GrowingRecord, *, is_shown: bool
) -> "RunRecord | None":
    """Measure, keep the record as it grows, and return all of it; None after an interrupt."""
    from ratchet_profiler.capture import capture
    from ratchet_profiler.cli.inputs import hardware_name
    from ratchet_profiler.cli.progress import Display

    try:
        with Display(len(chosen), keep=growing.keep, is_heard=is_shown) as display:
            record = capture(
                chosen,
                warmup=options.warmup,
                repeats=options.repeats,
                device=options.device,
                hardware=hardware_name(options),
                progress=display,
            )
    except KeyboardInterrupt:
        write(growing.after_interrupt())
        return None
    return growing.whole(record)


def _slowest(record: "RunRecord", place: "Place", out: Path) -> "RunRecord":
    """Return the slowest of all ranks' records on rank 0, which writes it; on the others, their own.

    Raises:
        BadInput: a rank did not come; each has written its own record all the same.
    """
    from ratchet_profiler.cli.record_file import write_record
    from ratchet_profiler.ranks import gathered, rank_file, slowest

    try:
        ranks = gathered(record, place)
    except RuntimeError as error:
        raise BadInput(f"{rank_file(out, place.rank)}: written, but not all ranks came: {error}") from error
    if not ranks:
        return record
    write_record(out, slowest(ranks))
    return slowest(ranks)


def _summary(record: "RunRecord", out: Path) -> str:
    from ratchet_profiler.cli.text import measured_requests

    failed = sum(scenario.error is not None for scenario in record.scenarios)
    requests = sum(len(measured_requests(scenario)) for scenario in record.scenarios)
    count = f"{failed} of {len(record.scenarios)} failed" if failed else f"{len(record.scenarios)} measured"
    return f"wrote {out}: scenarios: {count}, requests: {requests}; next: ratchet-profiler show {out}"
