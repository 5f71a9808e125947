"""What run records say to an audit: requests of every source, and whether a scenario is one of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from audit_cases import measured, subject, told
from builders import make_baselines, make_record, make_request, make_scenario
from engine_files import line
from ratchet_bot.engines.ingest import GivenSource, ingested
from ratchet_bot.engines.sglang.logs import log_reading
from ratchet_bot.judging.audit import audit, audit_record, requests_by_scenario
from ratchet_bot.judging.rules.changes import mixed_snapshot
from ratchet_profiler.record import RequestRecord, RunRecord

STEPS = (98.7612, 101.3701, 103.4499, 99.1204, 100.5087)
STAGES = {"TextEncodingStage": 31.4102, "DenoisingStage": 505.6199, "DecodingStage": 61.2703}


def request(request_id: str = "r0", **fields: Any) -> RequestRecord:
    """Return the request that `measured()` is the rounding of."""
    return make_request(request_id, **{"e2e_ms": 612.3441, "stages": STAGES, "steps": STEPS, **fields})


def record(*requests: RequestRecord, **source: Any) -> RunRecord:
    """Return a run of scenario "s"."""
    return make_record(make_scenario("s", *requests), **source)


def mixed(values: dict[str, Any], *requests: RequestRecord, old: dict[str, Any] | None = None) -> list[Any]:
    """Return what `mixed-snapshot` says of a scenario beside these requests."""
    found = requests_by_scenario([record(*requests, run_id=25963872007)], "host")["s"]
    return list(mixed_snapshot(subject(values, old=old, requests=found, has_records=True)))


def test_a_rounded_request_is_one_snapshot():
    """Values that are those of one request, to two decimals, are proved."""
    assert mixed(measured(), request("r1", e2e_ms=700.0), request()) == []


def test_sampled_values_of_a_request_are_one_snapshot():
    """What the scenario does not store cannot be mixed: sampled steps, fewer stages."""
    values = measured(stages={"DenoisingStage": 505.62}) | {"denoise_step_ms": {"0": 98.76, "4": 100.51}}

    assert mixed(values, request()) == []


def test_values_of_two_requests_are_an_error():
    """The finding names the closest request, what differs, and what would be right."""
    faster = request("r1", e2e_ms=598.0, stages={**STAGES, "DecodingStage": 50.0})
    [finding] = mixed(measured(stages={**measured()["stages_ms"], "DecodingStage": 50.0}), request(), faster)

    assert (finding.severity, finding.field, finding.actual, finding.expected) == (
        "error",
        "stages_ms.DecodingStage",
        50.0,
        61.2703,
    )
    assert finding.message == (
        "the values are those of no request; the closest, r0 of run 25963872007, has other values in 1 of 11 "
        "fields: stages_ms.DecodingStage 50.00 (61.27): take all values from that one request"
    )


@pytest.mark.parametrize(("e2e_ms", "fires"), [(612.355, False), (612.356, True)])
def test_a_value_may_be_rounded_and_no_more(e2e_ms: float, *, fires: bool):
    """Up to 0.011 ms are rounding."""
    assert bool(mixed(measured(e2e_ms=e2e_ms), request())) == fires


def test_a_warmup_proves_nothing():
    """A warm-up is no measurement, so its values are no snapshot."""
    [finding] = mixed(measured(), request(warmup=True), request("r1", e2e_ms=700.0))

    assert "the closest, r1" in finding.problem


def test_a_changed_scenario_must_be_in_the_records():
    """With an older file, what changed and is in no record is not proved; what stayed need not be."""
    file, old = make_baselines({"s": measured()}), make_baselines({"s": measured(e2e_ms=700.12)})
    elsewhere = make_record(make_scenario("other", request()))

    assert [(one.rule, one.problem) for one in audit(file, against=old, records=[elsewhere])][-1] == (
        "mixed-snapshot",
        "the records have no request of it",
    )
    assert audit(file, against=file, records=[elsewhere]) == []
    assert audit(file, records=[elsewhere]) == []


def test_without_an_older_file_what_the_records_have_is_looked_at():
    """Scenarios that the records have are held against them."""
    assert told(mixed(measured(e2e_ms=613.37), request())) == [("mixed-snapshot", "error")]
    assert mixed(measured(e2e_ms=613.37), request(), old=measured(e2e_ms=613.37)) == []


def test_the_clock_of_the_file_is_that_of_the_values():
    """A file on the device's clock holds the device's stages and steps; end to end is the host's."""
    device = {name: round(0.9 * ms, 2) for name, ms in STAGES.items()}
    values = measured(stages=device, steps=[round(0.9 * ms, 2) for ms in STEPS])
    file = make_baselines({"s": values}, metadata={"clock": "device-events"})

    assert audit(file, records=[record(request(clock="device-events"))]) == []
    assert told(audit(make_baselines({"s": values}), records=[record(request(clock="device-events"))])) == [
        ("mixed-snapshot", "error")
    ]


@pytest.mark.parametrize("clock", ["host", "device-events"])
def test_the_requests_of_a_run_are_audited_on_their_clocks(clock: Any):
    """A request of either clock that holds together has no finding."""
    assert audit_record(record(request(clock=clock), request("w", warmup=True, e2e_ms=1.0))) == []


def test_a_request_that_contradicts_itself_says_where():
    """The finding names scenario, request and clock, for each clock on which it is so."""
    found = audit_record(record(request(clock="device-events", e2e_ms=100.0)))

    assert [(one.rule, one.severity, one.scenario) for one in found] == [
        ("stages-exceed-e2e", "error", "s r0 (host)"),
        ("stages-exceed-e2e", "error", "s r0 (device-events)"),
    ]
    assert found[0].message == (
        "stages sum to 598.30 ms, longer than the whole request (100.00 ms): measure again, this request is "
        "not evidence"
    )


def test_a_measured_request_is_not_typed():
    """Round values of a request are chance, nobody typed them; and two equal requests are no copy."""
    round_values = make_request("r0", steps=(110.0, 120.0, 120.0, 100.0))

    assert audit_record(make_record(make_scenario("a", round_values), make_scenario("b", round_values))) == []


def test_a_served_request_without_stages_is_no_error():
    """An engine that reports end to end only is measured all the same."""
    assert audit_record(record(request(stages={}, steps=[]))) == []


def test_a_record_without_requests_has_no_finding():
    """A scenario that failed has nothing to contradict itself."""
    assert (
        audit_record(
            make_record(make_scenario("s", error="out of memory").model_copy(update={"requests": ()}))
        )
        == []
    )


def ingest(stages: Sequence[tuple[str, float]]) -> RunRecord:
    """Return the record of a performance log with these stages."""
    parts = [{"name": name, "execution_time_ms": ms} for name, ms in stages]
    given = GivenSource(hardware="h100", scenario="flux", created_at=datetime(2026, 5, 17, tzinfo=UTC))
    return ingested(
        [log_reading("performance.log", [line(stages=parts, total_duration_ms=1100.0).encode()])], given
    ).record


def test_an_ingested_record_passes():
    """Steps of two denoising stages that the log does not assign are steps of the request all the same."""
    unassigned = ingest([("LTX2AVDenoisingStage", 500.0), ("LTX2RefinementStage", 500.0)])

    assert {step.stage_id for step in unassigned.scenarios[0].requests[0].steps} == {None}
    assert [one.rule for one in audit_record(unassigned) if one.severity == "error"] == []
    assert [
        one.rule for one in audit_record(ingest([("DenoisingStage", 460.0)])) if one.severity == "error"
    ] == []
