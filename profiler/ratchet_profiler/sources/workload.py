"""A scenario that is ready to run: what every source makes of it."""

from collections.abc import Callable
from dataclasses import dataclass

from ratchet_profiler.record import RequestRecord
from ratchet_profiler.stages import RequestProfiler


def unchanged(record: RequestRecord) -> RequestRecord:
    """Return the record: this process has measured all of the request."""
    return record


@dataclass(frozen=True, slots=True)
class Workload:
    """The pipelines of a scenario, and how one request runs through them."""

    pipelines: tuple[object, ...]
    """Its diffusers pipelines, in the order in which a request calls them: what `prepare` is called with."""
    request: Callable[[RequestProfiler], object]
    """Runs one request, observed by the profiler, and returns its output. Each call does the same work."""
    complete: Callable[[RequestRecord], RequestRecord] = unchanged
    """Called with each request's record after its end, so that nothing here is measured: it adds what another
    process has measured of the request."""
    is_here: bool = True
    """Whether this process does the work. The device's clock does not see what another process does."""
