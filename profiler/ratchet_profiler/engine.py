"""For an engine that carries a request object of its own from stage to stage, as sglang does.

Its stages keep saying `with StageProfiler(name, logger=..., metrics=request_object, ...)` and import the name
from here. What they record goes to the request profiler that is attached to that object. Unless one is, a
stage costs a function call:

    with attached(metrics, RequestProfiler(timer_for("cuda"))) as request:
        run(batch)
    record = request.record(batch.request_id)
    request.release()
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from ratchet_profiler.stages import RequestProfiler
from ratchet_profiler.stages import StageProfiler as RecordedStage

ATTRIBUTE: Final = "perf_ratchet_request"
"""Where the request profiler is found on the engine's object."""
_ATTACHED: Final[list[RequestProfiler]] = []
"""Every request that is attached now, in any thread: while there is none, no object is looked at."""


@contextmanager
def attached(owner: object, request: RequestProfiler) -> Iterator[RequestProfiler]:
    """Switch profiling on for what the engine does for one of its request objects.

    Afterwards the object is as before: engines pickle it and send it on.

    Args:
        owner: The engine's own object, such as sglang's `batch.metrics`; it must take attributes.
        request: Not yet begun; its block is this one.
    """
    with request:
        setattr(owner, ATTRIBUTE, request)
        _ATTACHED.append(request)
        try:
            yield request
        finally:
            _ATTACHED.remove(request)
            delattr(owner, ATTRIBUTE)


def StageProfiler(  # noqa: N802 - it takes the place of an engine's class of this name
    stage_name: str,
    logger: object = None,  # noqa: ARG001 - see the docstring
    metrics: object = None,
    log_stage_start_end: bool = False,  # noqa: ARG001, FBT001, FBT002 - see the docstring
    perf_dump_path_provided: bool = False,  # noqa: ARG001, FBT001, FBT002 - see the docstring
    capture_memory: bool = False,  # noqa: ARG001, FBT001, FBT002 - see the docstring
    record_as_step: bool = False,  # noqa: FBT001, FBT002 - as in the engine's class
) -> AbstractContextManager[object]:
    """Return a context manager that records its block, or does nothing unless a request is attached.

    It has the parameters of sglang's class, in its order; most of them have no use here.

    Args:
        stage_name: The stage; it is a denoising step when it begins with `denoising_step_`.
        logger: Not used: what is recorded is not logged as well.
        metrics: The engine's request object.
        log_stage_start_end: Not used.
        perf_dump_path_provided: Not used: only `attached` switches it on.
        capture_memory: Not used: the attached request says whether memory is recorded.
        record_as_step: Whether the block is a denoising step whatever its name.
    """
    request = getattr(metrics, ATTRIBUTE, None) if _ATTACHED else None
    if request is None:
        return _OFF
    return RecordedStage(stage_name, request, record_as_step=record_as_step)


class _Off:
    """A context manager that does nothing, without a call into Python.

    Both are a C function that takes whatever it is given and returns something false, so that what the block
    raises goes on.
    """

    __slots__ = ()
    __enter__: Callable[..., object] = "".format
    __exit__: Callable[..., Any] = "".format


_OFF: Final = _Off()
