"""`make bench`: what the bot's own commands cost, in process and as programs, beside what importing costs.

Times are of the processor, so that what else runs on the machine counts little.
"""

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.data.file_diff import file_diff
from ratchet_bot.data.history import Past
from ratchet_bot.data.settings import Terms
from ratchet_bot.flows.judged import judge_hardware
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.comparability import PastNights
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.tighten import propose, tightened
from ratchet_bot.telling import render
from ratchet_bot.telling.hardware_report import HardwareReport
from ratchet_bot.telling.report import report_on
from ratchet_profiler.record import record_from_json, record_to_json
from sglang_files import sglang_text

from bench.workload import MEASURED, SCENARIOS, WARMUPS, Workload, shifted, workload

SGLANG_FILE: Final = "h100_2026-05-17_after_25510"
"""sglang's baselines on H100 of 2026-05-17: 46 scenarios, of which 20 contradict themselves."""
ROUNDS: Final = 7
"""Times of which the least is told: what else the machine does only adds to it."""
WIDTH: Final = 52
KIBIBYTE: Final = 1024

READ_AND_AUDIT: Final = "read and audit a baseline file"
REPORT: Final = "judge, audit, propose and render two hardwares"
AUDIT: Final = "perf-ratchet audit h100.json"
HELP: Final = "perf-ratchet --help"
MISTAKE: Final = "perf-ratchet audit --agianst old.json"
BUDGETS_MS: Final[Mapping[str, float]] = {
    READ_AND_AUDIT: 20.0,
    REPORT: 1000.0,
    AUDIT: 450.0,
    HELP: 150.0,
    MISTAKE: 150.0,
}
"""Source: design, "Budgets"."""
FLOORS: Final[Mapping[str, str]] = {
    "python -c pass": "pass",
    "python, importing pydantic": "import pydantic",
    "python, importing the audit": "import ratchet_bot.judging.audit, ratchet_bot.telling.words",
}
"""What is there before a command does anything."""
COMMANDS: Final = (
    HELP,
    MISTAKE,
    AUDIT,
    "perf-ratchet audit h100.json --against old.json",
    "perf-ratchet compare run-record.json --baselines h100.json",
    "perf-ratchet tighten run-record.json --baselines h100.json",
    "perf-ratchet plan h100.json --shards 4",
)


class Row(NamedTuple):
    """One line of the table."""

    name: str
    took_ms: float


def in_process(on: Workload, rounds: int) -> list[Row]:
    """Return what each piece of work takes when everything is loaded, in milliseconds.

    The nights are others in each round, so that no level of theirs is known from the round before.
    """
    text, data = on.file.text, record_to_json(on.record)
    sglang = sglang_text(SGLANG_FILE)
    proposals = propose(on.file, [on.record], past=on.past)
    after = tightened(on.file, proposals)
    nights = count()

    def past() -> Past:
        return shifted(on.past, next(nights))

    work: dict[str, Callable[[], object]] = {
        READ_AND_AUDIT: lambda: audit(baselines_from_text(text)),
        "the same against an older file": lambda: audit(baselines_from_text(after.text), against=on.file),
        "read a record": lambda: record_from_json(data),
        "compare, 30 nights of history": lambda: compare(on.file, [on.record], nights=PastNights(past())),
        "propose all, 30 nights of history": lambda: propose(on.file, [on.record], past=past()),
        "write all of them": lambda: tightened(on.file, proposals),
        "tell the difference": lambda: file_diff("h100.json", text, after.text),
        REPORT: lambda: render.comment(report_on([_section(on, past()), _section(on, past())])),
        "read and audit sglang's own file": lambda: audit(baselines_from_text(sglang)),
    }
    return [Row(name, _least_ms(one, time.process_time, rounds)) for name, one in work.items()]


def as_programs(on: Workload, rounds: int) -> list[Row]:
    """Return what each command takes as a process of its own, and what importing takes, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "h100.json").write_text(on.file.text, encoding="utf-8")
        (Path(folder) / "old.json").write_text(on.file.text, encoding="utf-8")
        (Path(folder) / "run-record.json").write_bytes(record_to_json(on.record))
        calls = {name: ["-c", code] for name, code in FLOORS.items()}
        calls |= {name: ["-m", "ratchet_bot", *name.split()[1:]] for name in COMMANDS}
        return [
            Row(name, _least_ms(partial(_run, call, folder), _spent_on_children_s, rounds))
            for name, call in calls.items()
        ]


def table_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the rows."""
    for row in rows:
        yield f"{row.name:<{WIDTH}} {row.took_ms:>8.1f} ms"


def budget_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield each budget with what was measured: ok or MISSED."""
    for row in rows:
        most_ms = BUDGETS_MS.get(row.name)
        if most_ms is not None:
            verdict = "ok" if row.took_ms <= most_ms else "MISSED"
            yield f"budget: {row.name}: {row.took_ms:.1f} ms of at most {most_ms:.0f}: {verdict}"


def lines(scenarios: int = SCENARIOS, rounds: int = ROUNDS) -> Iterator[str]:
    """Yield everything."""
    on = workload(scenarios)
    kib = len(on.file.text) // KIBIBYTE, len(record_to_json(on.record)) // KIBIBYTE
    requests = WARMUPS + MEASURED
    yield f"the bot's own cost, Python {platform.python_version()}: {scenarios} scenarios, a baseline file"
    yield f"of {kib[0]} KiB, a record of {kib[1]} KiB with {requests} requests of each;"
    yield f"processor time, the least of {rounds}"
    yield ""
    rows = [*in_process(on, rounds), *as_programs(on, rounds)]
    yield from table_lines(rows)
    yield ""
    yield from budget_lines(rows)


def main() -> None:
    """Print the table and the budgets."""
    for line in lines():
        sys.stdout.write(line + "\n")


def _section(on: Workload, past: Past) -> HardwareReport:
    return judge_hardware("h100.json", on.file, [on.record], Terms(), PastNights(past))


def _least_ms(work: Callable[[], object], spent_s: Callable[[], float], rounds: int) -> float:
    """Return the least of several times, after one that does not count."""
    work()
    taken = []
    for _ in range(rounds):
        begin_s = spent_s()
        work()
        taken.append(spent_s() - begin_s)
    return min(taken) * 1000.0


def _run(call: Sequence[str], folder: str) -> None:
    """Run it as what pip has installed runs: with byte code, which the first of several runs compiles."""
    compiled = {"PYTHONPYCACHEPREFIX": f"{folder}/bytecode", "PYTHONDONTWRITEBYTECODE": ""}
    environment = {**os.environ, **compiled}
    subprocess.run([sys.executable, *call], cwd=folder, env=environment, capture_output=True, check=False)


def _spent_on_children_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
