import logging
import pickle

import pytest
from clocks import Clock
from ratchet_profiler.engine import StageProfiler, attached
from ratchet_profiler.record import RequestRecord
from ratchet_profiler.stages import RequestProfiler
from ratchet_profiler.timers import HostTimer

LOGGER = logging.getLogger(__name__)


class Metrics:
    """An engine's own request object."""

    def __init__(self) -> None:
        """Begin empty."""
        self.stages: dict[str, float] = {}


def run_engine(clock: Clock, metrics: Metrics | None) -> None:
    """Go through two stages as sglang does, with the arguments that it passes."""
    with StageProfiler(
        "DenoisingStage",
        logger=LOGGER,
        metrics=metrics,
        log_stage_start_end=True,
        perf_dump_path_provided=True,
    ):
        for number in range(2):
            with StageProfiler(f"mova_{number}", logger=LOGGER, metrics=metrics, record_as_step=True):
                clock.pass_ms(20)
    with StageProfiler("DecodingStage", LOGGER, metrics, capture_memory=True):
        clock.pass_ms(5)


def names_of(record: RequestRecord) -> list[tuple]:
    return [(stage.name, stage.host_ms) for stage in record.stages]


def test_an_engine_records_into_the_request_that_is_attached():
    """Its calls are unchanged; its own object carries the request to them."""
    clock, metrics = Clock(), Metrics()
    with attached(metrics, RequestProfiler(HostTimer(clock))) as request:
        run_engine(clock, metrics)
    record = request.record("r")
    assert names_of(record) == [("DenoisingStage", 40.0), ("DecodingStage", 5.0)]
    assert [(step.stage_id, step.host_ms) for step in record.steps] == [(0, 20.0), (0, 20.0)]
    assert record.total.host_ms == 45.0


@pytest.mark.parametrize("metrics", [None, Metrics()])
def test_nothing_is_recorded_unless_a_request_is_attached(metrics: Metrics | None):
    """Off by default: no clock is read, nothing is made, the object stays as it is."""
    run_engine(Clock(), metrics)
    assert metrics is None or vars(metrics) == {"stages": {}}
    with StageProfiler("A", LOGGER, metrics) as first, StageProfiler("B", LOGGER, metrics) as second:
        assert not first
        assert not second


def test_what_a_stage_raises_goes_on_when_off():
    """Being off swallows nothing."""
    with pytest.raises(ValueError, match="bad prompt"), StageProfiler("A", LOGGER, Metrics()):
        raise ValueError("bad prompt")


def test_another_request_is_not_recorded():
    """Two requests at once: what has no profiler attached stays out of the record of the other."""
    clock, watched, other = Clock(), Metrics(), Metrics()
    with attached(watched, RequestProfiler(HostTimer(clock))) as request:
        run_engine(clock, other)
    assert request.record("r").stages == ()


def test_the_object_is_as_before_afterwards():
    """Engines pickle it and send it to another process."""
    clock, metrics = Clock(), Metrics()
    with attached(metrics, RequestProfiler(HostTimer(clock))):
        run_engine(clock, metrics)
    assert vars(metrics) == {"stages": {}}
    assert pickle.dumps(metrics)


def test_the_object_is_as_before_after_an_error_too():
    """And the record has the error, in its stage."""
    clock, metrics = Clock(), Metrics()
    with (
        pytest.raises(ValueError, match="bad prompt"),
        attached(metrics, RequestProfiler(HostTimer(clock))) as request,
        StageProfiler("TextEncodingStage", LOGGER, metrics),
    ):
        raise ValueError("bad prompt")
    assert vars(metrics) == {"stages": {}}
    assert [stage.error for stage in request.record("r").stages] == ["ValueError: bad prompt"]
