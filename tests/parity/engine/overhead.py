"""Nanoseconds a stage and a step: sglang's `StageProfiler` beside ours, in one process and interleaved.

Runs in the environment of sglang: `python overhead.py FOLDER...`, where ours and what it needs are.
"""

import json
import sys
from statistics import median
from time import thread_time_ns

import standins

sys.path += sys.argv[1:]  # behind sglang's own
from ratchet_profiler.stages import RequestProfiler

standins.install("cuda")

from sglang.multimodal_gen.runtime.utils.logging_utils import init_logger  # noqa: E402
from sglang.multimodal_gen.runtime.utils.perf_logger import RequestMetrics, StageProfiler  # noqa: E402

ROUNDS = 25
BOUNDARIES = 2000
logger = init_logger("overhead")


def theirs(*, is_step: bool) -> int:
    """Return the nanoseconds that so many of sglang's take, recording as with a dump path."""
    metrics = RequestMetrics("overhead")
    begin = thread_time_ns()
    for _ in range(BOUNDARIES):
        with StageProfiler("Stage", logger, metrics, perf_dump_path_provided=True, record_as_step=is_step):
            pass
    return thread_time_ns() - begin


def ours(*, is_step: bool) -> int:
    """Return the nanoseconds that so many of ours take."""
    with RequestProfiler() as request:
        begin = thread_time_ns()
        for _ in range(BOUNDARIES):
            with request.stage("Stage", record_as_step=is_step):
                pass
        return thread_time_ns() - begin


ways = {
    (whose.__name__, kind): (whose, kind == "step") for whose in (theirs, ours) for kind in ("stage", "step")
}
taken = {way: [] for way in ways}
for _ in range(ROUNDS + 1):
    for way, (whose, is_step) in ways.items():
        taken[way].append(whose(is_step=is_step) / BOUNDARIES)
json.dump({f"{whose} {kind}": median(times[1:]) for (whose, kind), times in taken.items()}, sys.stdout)
