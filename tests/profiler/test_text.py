from datetime import UTC, datetime

import pytest
from ratchet_profiler.cli.text import dirty_line, outcome_line, run_lines
from ratchet_profiler.record import (
    Accelerator,
    Environment,
    MachineState,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    StageTiming,
    Total,
)

H100 = Accelerator(name="NVIDIA H100 80GB HBM3", count=2)
NO_NVML = "no NVML on this machine: NVML Shared Library Not Found"


def shown(environment: Environment, *scenarios: ScenarioRecord) -> list[str]:
    source = Source(created_at=datetime(2026, 11, 22, 6, tzinfo=UTC), installed_sha="abcdef0")
    return list(run_lines(RunRecord(source=source, environment=environment, scenarios=scenarios)))[1:]


@pytest.mark.parametrize(
    ("state", "lines"),
    [
        (MachineState(), ["NVIDIA H100 80GB HBM3 x2, driver 570.86.15"]),
        (
            MachineState(clock_mhz=1755, max_clock_mhz=1980, temperature_celsius=61.4, other_processes=0),
            ["NVIDIA H100 80GB HBM3 x2, driver 570.86.15, 1755 of 1980 MHz, 61 C"],
        ),
        (
            MachineState(clock_mhz=345, throttle_reasons=("hw_slowdown", "sw_power_cap")),
            [
                "NVIDIA H100 80GB HBM3 x2, driver 570.86.15, 345 of ? MHz, hw_slowdown, sw_power_cap",
                "invalid: the device was throttled: hw_slowdown",
            ],
        ),
    ],
)
def test_the_device_and_its_state_are_shown(state: MachineState, lines: list[str]):
    """And that times of a throttled one are invalid."""
    environment = Environment(
        hardware="h100", accelerator=H100, driver="570.86.15", python="3.11.7", state=state
    )
    assert shown(environment) == lines


def test_what_is_unknown_is_shown_once_a_reason():
    """What has nothing to do with the device is left to the file."""
    absent = {"clock_mhz": NO_NVML, "temperature_celsius": NO_NVML, "other_processes": "why", "image": "x"}
    assert shown(Environment(hardware="h100", python="3.11.7", absent=absent)) == [
        f"{NO_NVML} (clock_mhz, temperature_celsius)",
        "why (other_processes)",
    ]


def test_without_an_accelerator_its_values_are_not_listed():
    """The reason says it all."""
    absent = dict.fromkeys(("accelerator", "clock_mhz", "temperature_celsius"), "cpu has no accelerator")
    assert shown(Environment(hardware="cpu", python="3.11.7", absent=absent)) == ["cpu has no accelerator"]


def test_a_request_of_several_ranks_shows_all_of_them():
    """Which rank it is, and every rank's end to end in its place."""
    request = RequestRecord(
        request_id="request-0",
        clock="host",
        warmup=True,
        total=Total(host_ms=40.0),
        rank=1,
        rank_totals=(Total(host_ms=39.5), Total(host_ms=40.0)),
    )
    lines = shown(
        Environment(hardware="h100", python="3.11.7"), ScenarioRecord(id="flux", requests=(request,))
    )
    assert lines == [
        "",
        "flux",
        "  request-0                               40.00 ms  warm-up, rank 1, by rank: 39.50 40.00",
    ]


def test_uncommitted_changes_are_told():
    """The record names a commit that is not quite what ran."""
    source = Source(created_at=datetime(2026, 11, 22, 6, tzinfo=UTC), installed_sha="c129778" * 5, dirty=True)
    run = RunRecord(source=source, environment=Environment(hardware="cpu", python="3.11.7"))
    assert next(run_lines(run)) == (
        f"cpu, 2026-11-22 06:00 UTC, commit {'c129778' * 5} with uncommitted changes"
    )
    assert dirty_line(source) == (
        "tracked files have uncommitted changes: the record names c129778, which is not quite what ran"
    )


def scenario_of(*totals_ms: float) -> ScenarioRecord:
    """Return a scenario of a slow warm-up, and then requests of one stage that took so long."""
    stage = StageTiming(id=0, name="DenoisingStage", occurrence=0, start_ms=0.0, host_ms=1.0)
    requests = [
        RequestRecord(
            request_id=f"request-{number}",
            clock="host",
            warmup=number == 0,
            total=Total(host_ms=ms),
            stages=(stage,),
        )
        for number, ms in enumerate((90_000.0, *totals_ms))
    ]
    return ScenarioRecord(id="flux", requests=tuple(requests))


def test_requests_of_a_machine_that_was_not_quiet_are_warned_of():
    """They do the same work, so that 4.1 times the time is other work; the warm-up is none of them."""
    noisy = scenario_of(7175.0, 11891.0, 2893.0)
    unrest = "the 3 requests differ by 4.1x: this machine was not quiet"
    assert outcome_line(noisy) == f"flux: 7175.0 ms end to end, median of 3; warning: {unrest}"
    assert f"  {unrest}" in shown(Environment(hardware="cpu", python="3.11.7"), noisy)


@pytest.mark.parametrize("totals_ms", [(100.0,), (100.0, 125.0), (0.0, 0.0), (0.0, 1.0)])
def test_a_quiet_machine_is_not_warned_of(totals_ms: tuple[float, ...]):
    """One request cannot differ; a quarter is the most; nothing is a multiple of no time."""
    assert "quiet" not in outcome_line(scenario_of(*totals_ms))
