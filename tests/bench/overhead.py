"""`make bench`: nanoseconds per stage and per step, ours beside others', measured in one run.

Nothing here is asserted: a budget that is missed is said to be missed, and a busy machine misses it.
"""

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Final

from bench.contenders import (
    FLOOR,
    OURS,
    OURS_LOOP,
    OURS_OFF,
    SGLANG,
    Contender,
    Loop,
    contenders,
    empty_loop,
    missing,
)

ROUNDS: Final = 25
"""Rounds; each contender runs once in each, so that a slow moment hits all of them alike."""
BOUNDARIES: Final = 2000
"""Boundaries in a round. Chosen: a long request; setting up does not count among so many."""
BOUNDARY_BUDGET_NS: Final = 1500
OFF_BUDGET_NS: Final = 300
"""Source: design, "Budgets"."""
EMPTY: Final = ("an empty loop", "")
NAME_WIDTH: Final = 46
"""Characters of the column of names: the longest has 45."""


@dataclass(frozen=True)
class Row:
    """What one contender took: nanoseconds a stage and a step, None for what it does not have."""

    name: str
    stage_ns: float | None
    step_ns: float | None


def measured(
    ways: Sequence[Contender],
    rounds: int = ROUNDS,
    boundaries: int = BOUNDARIES,
    going_round: Loop = empty_loop,
) -> list[Row]:
    """Return the medians over interleaved rounds, after one that does not count.

    What it takes to go round the loop is subtracted.
    """
    loops = {(way.name, kind): loop for way in ways for kind, loop in _loops(way)}
    loops[EMPTY] = going_round
    taken: dict[tuple[str, str], list[float]] = {key: [] for key in loops}
    for number in range(rounds + 1):
        for key, loop in loops.items():
            each_ns = loop(boundaries) / boundaries
            if number:
                taken[key].append(each_ns)
    empty_ns = median(taken[EMPTY])
    middle = {key: median(values) - empty_ns for key, values in taken.items()}
    return [Row(way.name, middle.get((way.name, "stage")), middle.get((way.name, "step"))) for way in ways]


def table_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the table, with what a step takes as a multiple of the floor."""
    floor_ns = _row(rows, FLOOR).step_ns
    yield f"{'enter and exit':<{NAME_WIDTH}} {'a stage':>9} {'a step':>9} {'of floor':>9}"
    for row in rows:
        ratio = f"{row.step_ns / floor_ns:.1f}x" if row.step_ns and floor_ns else "-"
        yield f"{row.name:<{NAME_WIDTH}} {_ns(row.stage_ns):>9} {_ns(row.step_ns):>9} {ratio:>9}"


def budget_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield each budget with what was measured: ok or MISSED."""
    ours, off, sglang = _row(rows, OURS), _row(rows, OURS_OFF), _row(rows, SGLANG)
    shared_ns = _row(rows, OURS_LOOP).step_ns or 0.0
    for what, found_ns, most_ns in (
        ("a step that shares boundaries", shared_ns, BOUNDARY_BUDGET_NS),
        ("a step of its own, two boundaries", ours.step_ns or 0.0, 2 * BOUNDARY_BUDGET_NS),
        ("a stage, two boundaries", ours.stage_ns or 0.0, 2 * BOUNDARY_BUDGET_NS),
        ("a step of its own, below sglang's equivalent", ours.step_ns or 0.0, sglang.step_ns or 0.0),
        ("a stage, below sglang's equivalent", ours.stage_ns or 0.0, sglang.stage_ns or 0.0),
        ("off", max(off.stage_ns or 0.0, off.step_ns or 0.0), OFF_BUDGET_NS),
    ):
        verdict = "ok" if found_ns <= most_ns else "MISSED"
        yield f"budget: {what}: {found_ns:.0f} ns of at most {most_ns:.0f}: {verdict}"


def machine_line() -> str:
    """Return the machine, how busy it is, and the versions: a time without them means nothing."""
    load = f"load {os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "load unknown"
    packages = [f"{name} {found}" for name in ("torch", "opentelemetry-sdk") if (found := _version(name))]
    python = f"Python {platform.python_version()}"
    return ", ".join([_processor(), f"{os.cpu_count()} cores", load, python, *packages])


def main(rounds: int = ROUNDS, boundaries: int = BOUNDARIES) -> None:
    """Print the table and the budgets."""
    machine = machine_line()
    rows = measured(tuple(contenders()), rounds, boundaries)
    how = f"nanoseconds of the thread, medians of {rounds} interleaved rounds of {boundaries}"
    how += ", less an empty loop"
    lines = (machine, how, "", *table_lines(rows), *missing(), "", *budget_lines(rows))
    sys.stdout.write("\n".join(lines) + "\n")


def _loops(way: Contender) -> Iterator[tuple[str, Loop]]:
    if way.stage:
        yield "stage", way.stage
    if way.step:
        yield "step", way.step


def _row(rows: Sequence[Row], name: str) -> Row:
    return next(row for row in rows if row.name == name)


def _ns(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


if __name__ == "__main__":
    main()
