"""Runs a request on one CPU thread: torch's threads wait for each other by spinning."""

from collections.abc import Callable

import torch

from ratchet_profiler.stages import RequestProfiler


def on_one_thread(request: Callable[[RequestProfiler], object]) -> Callable[[RequestProfiler], object]:
    """Return the request, to be run on one thread; afterwards torch has as many as before.

    The built-in pipelines are too small to gain by a second thread, and where other processes keep both cores
    busy they lose by it: a run of all of them took 103 s of CPU time with two threads and 25 s with one.
    """

    def run(profiler: RequestProfiler) -> object:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return request(profiler)
        finally:
            torch.set_num_threads(threads)

    return run
