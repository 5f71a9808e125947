"""`make parity`: perf-ratchet beside sglang 0.5.23's own test, on random requests and on what it prints.

Prints what was compared, where the two disagree, by cause with the smallest request that shows it, what of
sglang's output is read, and nanoseconds a stage. Ends with 1 where a verdict or a limit is another, beyond
the last bit, or where a request is not read.
"""

import json
import site
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ratchet_bot.data.baselines import baselines_from_text

from parity import ours
from parity.fixtures import scenarios
from parity.intake import Source, sources
from parity.jobs import request
from parity.random_jobs import random_jobs
from parity.shard import shard_jobs
from parity.venv import Answers, Place, judged, program
from parity.verdicts import Disagreements

DATA: Final = Path(__file__).parents[1] / "data/sglang"
EACH: Final = 40
"""Random requests of each scenario of a file. Chosen: more than 5,000 in all."""
FEW: Final = 8
"""Of a scenario on one more runner or device."""
RUNNERS: Final = (
    "b200-cirrascale1-0123-a",
    "b200-cirrascale2-0123",
    "b200-cirrascale4-4567",
    "b200-di-7",
    "B200-di-7",
)
"""With an override, without one, and with an override but for its case."""
PLACES: Final[Mapping[Place, tuple[str, int]]] = {
    Place(): ("h100_2026-10", EACH),
    Place(platform="hip"): ("h100_2026-10", FEW),
    Place(file="b200"): ("b200_2026-10", EACH),
    **{Place(file="b200", runner=runner): ("b200_2026-10", FEW) for runner in RUNNERS},
    Place(file="5090"): ("5090_2026-10", EACH),
    Place(platform="xpu", file="xpu"): ("xpu_b60_2026-10", EACH),
    Place(platform="npu"): ("npu_2026-10", EACH),
    Place(platform="musa"): ("musa_2026-08-22", EACH),
}
"""The baselines by which each place is judged: those of the MUSA file are of August and unchanged."""
SHOWN: Final = 400
"""Characters of an example."""


def main() -> int:
    """Compare, print, and return 1 while anything differs."""
    disagreements, answers = Disagreements(), []
    for number, (place, (name, each)) in enumerate(PLACES.items()):
        text = (DATA / f"{name}.json").read_text()
        jobs = random_jobs(json.loads(text)["scenarios"], each, seed=number)
        answers.append(judged(jobs, place))
        file = baselines_from_text(text)
        for job, theirs in zip(jobs, answers[-1].of_jobs, strict=True):
            disagreements.add_request(job, theirs, ours.judged(file, job, place), place.label)
    read = _read(answers)
    print("\n".join((*_verdict_lines(disagreements), "", *_intake_lines(read), "", *_overhead_lines())))
    return 1 if disagreements.counts or any(source.unread for source in read) else 0


def _read(answers: Sequence[Answers]) -> list[Source]:
    h100 = scenarios("h100")
    recorded: list[Any] = [{"id": name} | request(values) for name, values in h100.items()]
    with tempfile.TemporaryDirectory() as folder:
        return list(sources(answers, shard_jobs(h100), recorded, Path(folder)))


def _verdict_lines(disagreements: Disagreements) -> Iterator[str]:
    """Yield what was compared, and each cause with how often and the smallest request that shows it."""
    yield f"{disagreements.requests} random requests, {disagreements.otherwise} of them judged otherwise"
    yield f"{disagreements.checks} limits that both compute; disagreements beyond the last bit, by cause:"
    for cause, count in disagreements.counts.most_common():
        yield f"{count:>7}  {cause}"
        yield f"         {disagreements.examples[cause][:SHOWN]}"


def _intake_lines(read: Sequence[Source]) -> Iterator[str]:
    """Yield how much of each kind of file is read, and why the rest is refused."""
    yield f"{'printed':>8} {'read':>8}  what sglang prints and writes"
    for source in read:
        yield f"{source.printed:>8} {source.read:>8}  {source.name}"
        for reason, count in source.refused.most_common():
            yield f"{count:>19} refused: {reason}"


def _overhead_lines() -> Iterator[str]:
    """Yield nanoseconds a stage and a step, theirs and ours in one process."""
    paths = (str(Path(__file__).parents[2] / "profiler"), *site.getsitepackages())
    taken = json.loads(program("overhead.py", *paths, given=None))
    yield f"{'':<28} {'theirs':>8} {'ours':>8}"
    for kind in ("stage", "step"):
        theirs, own = taken[f"theirs {kind}"], taken[f"ours {kind}"]
        yield f"{f'nanoseconds a {kind}':<28} {theirs:>8.0f} {own:>8.0f}  {theirs / own:.1f} times"


if __name__ == "__main__":
    sys.exit(main())
