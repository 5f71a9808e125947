from datetime import UTC, datetime

import pytest

from profiler.record import (
    Accelerator,
    Environment,
    MachineState,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    Total,
)
from profiler.text import dirty_line, run_lines

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
