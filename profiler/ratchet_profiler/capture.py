"""Runs scenarios: warm-up, repeats, one record, and never a lost run.

A scenario that fails is recorded with its error and keeps the requests it finished; the others still run.
"""

import gc
from collections.abc import Sequence
from typing import Protocol

from ratchet_profiler.appending import NOT_RUN, UNFINISHED
from ratchet_profiler.environment import Watch, source
from ratchet_profiler.record import MAX_MESSAGE, RequestRecord, RunRecord, ScenarioRecord
from ratchet_profiler.scenarios import Scenario, config_hash, runs_already
from ratchet_profiler.sources import build
from ratchet_profiler.sources.callables import module_named
from ratchet_profiler.sources.engine_process import release
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.spans import memory_for
from ratchet_profiler.stages import RequestProfiler, error_line
from ratchet_profiler.timers import timer_for


class Progress(Protocol):
    """Follows a run."""

    def begins(self, scenario: Scenario, requests: int) -> None:
        """A scenario begins; it is going to make so many requests, warm-ups among them."""

    def measured(self, scenario: Scenario, request: RequestRecord) -> None:
        """A request has ended."""

    def ends(self, run: RunRecord) -> None:
        """A scenario has ended, well or not: it is the last of the run so far."""


class Silence:
    """Progress that nobody watches."""

    def begins(self, scenario: Scenario, requests: int) -> None:
        """Say nothing."""

    def measured(self, scenario: Scenario, request: RequestRecord) -> None:
        """Say nothing."""

    def ends(self, run: RunRecord) -> None:
        """Say nothing."""


class RequestFailed(RuntimeError):
    """A request raised; the message says which request, in which stage, and what."""


def capture(
    scenarios: Sequence[Scenario],
    *,
    warmup: int = 1,
    repeats: int = 3,
    device: str = "cpu",
    hardware: str = "cpu",
    progress: Progress | None = None,
) -> RunRecord:
    """Run scenarios one after the other and return what they took.

    Args:
        scenarios: What to run; ids are unique.
        warmup: Requests before the measured ones, kept and marked.
        repeats: Measured requests.
        device: As torch names it, such as "cpu" or "cuda:0"; on an accelerator times are the device's own.
        hardware: The hardware of the configuration file.
        progress: Follows the run; None for nobody.

    Returns:
        One record with every scenario.

    Raises:
        KeyboardInterrupt: the user wants it to end. The progress has received a record that is as
            complete as it could be: the scenario that ran keeps the requests that it finished, and those
            after it are recorded as not run.
    """
    progress = progress or Silence()
    watch = Watch(hardware, device, has_guest=any(map(runs_already, scenarios)))
    run = RunRecord(source=source(), environment=watch.environment())
    interrupted = False
    for scenario in scenarios:
        measurement = _Measurement(scenario, progress)
        if interrupted:
            measurement.error = NOT_RUN
        else:
            interrupted = measurement.take(device, warmup, repeats)
        run = RunRecord(
            source=run.source,
            environment=watch.look(),
            scenarios=(*run.scenarios, measurement.record()),
        )
        progress.ends(run)
    release()
    if interrupted:
        raise KeyboardInterrupt
    return run


class _Measurement:
    """One scenario while it runs: what it has so far outlives whatever stops it."""

    def __init__(self, scenario: Scenario, progress: Progress) -> None:
        self._scenario = scenario
        self._progress = progress
        self._requests: list[RequestRecord] = []
        self.error: str | None = None

    def take(self, device: str, warmup: int, repeats: int) -> bool:
        """Run the scenario; return whether the user interrupted it."""
        self._progress.begins(self._scenario, warmup + repeats)
        try:
            self._run(device, warmup, repeats)
        except RequestFailed as failure:
            self.error = str(failure)[:MAX_MESSAGE]
        except KeyboardInterrupt:
            self.error = UNFINISHED if all(request.warmup for request in self._requests) else None
            return True
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an engine raises, the others run
            self.error = error_line(error)
        finally:
            # A pipeline is full of cycles: its weights must be gone before the next one is built.
            gc.collect()
        return False

    def record(self) -> ScenarioRecord:
        """Return what the scenario has."""
        return ScenarioRecord(
            id=self._scenario.id,
            config_hash=config_hash(self._scenario),
            requests=tuple(self._requests),
            error=self.error,
        )

    def _run(self, device: str, warmup: int, repeats: int) -> None:
        module, _, function = (self._scenario.prepare or "").partition(":")
        prepare = getattr(module_named(module), function) if module else None
        workload = build(self._scenario, device)
        for pipeline in workload.pipelines:
            if prepare:
                prepare(pipeline)
        # One timer for all requests: each uses the events of the one before.
        clock = device if workload.is_here else "cpu"
        timer, memory = timer_for(clock), memory_for(clock)
        # What building gave the device is done before the first request begins: its leads count from there.
        built = timer.mark()
        timer.release([built, timer.settle(built)])
        for number in range(warmup + repeats):
            profiler = RequestProfiler(timer, memory)
            request = self._request(workload, profiler, f"request-{number}", warmup=number < warmup)
            self._requests.append(request)
            self._progress.measured(self._scenario, request)

    def _request(
        self, workload: Workload, profiler: RequestProfiler, request_id: str, *, warmup: bool
    ) -> RequestRecord:
        try:
            with profiler:
                workload.request(profiler)
            record = profiler.record(request_id, warmup=warmup, frames=self._scenario.frames)
            return workload.complete(record)
        except (Exception, SystemExit) as error:
            stage = profiler.failed_stage
            place = request_id if stage is None else f"{request_id}, {stage}"
            raise RequestFailed(f"{place}: {error_line(error)}") from error
        finally:
            profiler.release()
