from contextlib import suppress

import pytest
import torch
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler
from tiny_workloads import workload


@pytest.fixture(autouse=True)
def two_threads():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


def threads_during(some: Workload, error: Exception | None = None) -> set[int]:
    """Return how many threads torch has in a forward pass of the request; `error` is raised there."""
    seen = set()

    def note(_module: object, _args: object) -> None:
        seen.add(torch.get_num_threads())
        if error is not None:
            raise error

    some.pipelines[0].towers.register_forward_pre_hook(note)
    with RequestProfiler() as request, suppress(RuntimeError):
        some.request(request)
    return seen


@pytest.mark.parametrize("error", [None, RuntimeError("out of memory")], ids=["fine", "failing"])
def test_a_builtin_request_runs_on_one_thread_and_gives_the_others_back(error: Exception | None):
    """What runs next in the process, such as a model at its real size, has all threads again."""
    some = workload(pipeline="dual_tower", width=8, height=8, frames=1, steps=1)
    assert threads_during(some, error) == {1}
    assert torch.get_num_threads() == 2
