import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_profiler.ranks import Place, own_place, rank_file, slowest
from ratchet_profiler.record import (
    Environment,
    MachineState,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    Total,
    record_from_json,
    record_to_json,
)

ENGINE = """
from torch import distributed, ones

def request(profiler):
    with profiler.stage("DenoisingStage"):
        if distributed.is_initialized():
            distributed.all_reduce(ones(1))

def fail_on_rank_1(profiler):
    import os
    if os.environ["RANK"] == "1":
        raise RuntimeError("out of memory")
"""
SCENARIOS = """
[scenario.one]
source = "callable"
call = "my_engine:request"

[scenario.failing]
source = "callable"
call = "my_engine:fail_on_rank_1"
"""
WORKER = """
import os, sys
from torch import distributed
from ratchet_profiler.__main__ import main
rank = int(os.environ["RANK"])
store = "file://" + os.path.abspath("store")
distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
status = main(sys.argv[1:])
assert distributed.is_initialized(), "the engine's group is the engine's to end"
sys.exit(status)
"""
RUN = ("run", "--scenarios", "my.toml", "--warmup", "0", "--repeats", "2")


def run(*scenarios: ScenarioRecord, **state: object) -> RunRecord:
    return RunRecord(
        source=Source(created_at=datetime(2026, 11, 22, tzinfo=UTC)),
        environment=Environment(hardware="h100", python="3.11.7", state=MachineState(**state)),
        scenarios=scenarios,
    )


def scenario(*totals_ms: float, error: str | None = None, name: str = "one") -> ScenarioRecord:
    """Return a scenario whose first request is a warm-up of a thousand seconds."""
    warmup = RequestRecord(request_id="w", clock="host", warmup=True, total=Total(host_ms=1e6))
    requests = [
        RequestRecord(request_id=f"r{number}", clock="host", total=Total(host_ms=ms))
        for number, ms in enumerate(totals_ms)
    ]
    return ScenarioRecord(id=name, requests=(warmup, *requests), error=error)


def test_the_slowest_rank_speaks_and_all_totals_are_kept():
    """By the middle of its requests: rank 1 has 20, rank 0 has 12; each request names all ranks' times."""
    whole = slowest([run(scenario(10.0, 12.0, 90.0)), run(scenario(21.0, 20.0, 19.0))])
    assert [
        (r.rank, r.total.host_ms, [total.host_ms for total in r.rank_totals])
        for r in whole.scenarios[0].requests
    ] == [(1, 1e6, [1e6, 1e6]), (1, 21.0, [10.0, 21.0]), (1, 20.0, [12.0, 20.0]), (1, 19.0, [90.0, 19.0])]
    assert record_from_json(record_to_json(whole)) == whole


def test_warmups_make_no_rank_slow():
    """Rank 0 has a lower middle of 10, and 30 with its warm-up; rank 1 has 20."""
    (found,) = slowest([run(scenario(10.0, 30.0)), run(scenario(20.0, 21.0))]).scenarios
    assert found.requests[0].rank == 1


def test_equal_ranks_give_the_first():
    """Whoever reads two runs reads the same rank."""
    assert slowest([run(scenario(5.0)), run(scenario(5.0))]).scenarios[0].requests[1].rank == 0


def test_a_rank_that_failed_is_the_slowest():
    """However fast it was until then: the scenario did not run."""
    whole = slowest([run(scenario(50.0)), run(scenario(error="RuntimeError: out of memory"))])
    assert whole.scenarios[0].error == "rank 1: RuntimeError: out of memory"
    assert [(r.rank, r.rank_totals[1].host_ms) for r in whole.scenarios[0].requests] == [(1, 1e6)]


def test_a_rank_without_the_scenario_has_failed_it():
    """A rank that was killed has no record of what came later."""
    whole = slowest([run(scenario(5.0), scenario(5.0, name="two")), run(scenario(5.0))])
    assert [s.error for s in whole.scenarios] == [None, "rank 1: this rank has no record of it"]


def test_one_throttled_device_spoils_the_run():
    """The ranks waited for it."""
    whole = slowest([run(temperature_celsius=40.0), run(throttle_reasons=("hw_slowdown",))])
    state = whole.environment.state
    assert (state.temperature_celsius, state.throttle_reasons) == (40.0, ("hw_slowdown",))


@given(st.lists(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), min_size=1, max_size=4))
def test_no_rank_is_slower_than_the_slowest(ranks: list[list[float]]):
    """The middle end to end of the record is the highest of the ranks' middles."""
    (found,) = slowest([run(scenario(*totals_ms)) for totals_ms in ranks]).scenarios
    middle = sorted(request.total.host_ms for request in found.requests[1:])[1]
    assert middle == max(sorted(totals_ms)[1] for totals_ms in ranks)


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({}, None),
        ({"RANK": "0", "WORLD_SIZE": "1"}, None),
        ({"RANK": "3", "WORLD_SIZE": "8"}, Place(3, 8)),
    ],
)
def test_ranks_are_those_of_the_launcher(variables: dict[str, str], place: Place | None):
    """One process alone is no rank."""
    assert own_place(variables) == place


def test_a_rank_has_a_file_beside_the_record():
    """With the rank before what says the format."""
    assert rank_file(Path("out/run-record.json"), 1) == Path("out/run-record.rank1.json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my.toml").write_text(SCENARIOS)
    (tmp_path / "my_engine.py").write_text(ENGINE)
    (tmp_path / "worker.py").write_text(WORKER)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


def records(folder: Path) -> tuple[RunRecord, list[RunRecord]]:
    """Return the run's record, and each rank's."""
    files = [folder / "run-record.rank0.json", folder / "run-record.rank1.json"]
    ranks = [record_from_json(file.read_bytes()) for file in files]
    return record_from_json((folder / "run-record.json").read_bytes()), ranks


def two_processes(folder: Path, *arguments: str) -> Sequence[tuple[int, str, str]]:
    """Run two ranks whose engine has begun a group of its own; return (status, stdout, stderr) of each."""
    processes = [
        subprocess.Popen(
            [sys.executable, "worker.py", *arguments],
            cwd=folder,
            env=os.environ | {"RANK": str(rank), "WORLD_SIZE": "2"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in processes]
    return [(process.returncode, *output) for process, output in zip(processes, outputs, strict=True)]


def test_two_processes_make_one_record_and_keep_both(folder: Path):
    """A real group of gloo: rank 0 speaks and writes the slowest, each rank keeps its own."""
    first, second = two_processes(folder, *RUN, "--scenario", "one")
    assert first[0] == 0, first
    assert first[1] == (
        "wrote run-record.json: scenarios: 1 measured, requests: 2; "
        "next: ratchet-profiler show run-record.json\n"
    )
    assert second == (0, "", "")
    whole, ranks = records(folder)
    assert whole == slowest(ranks)
    assert [len(request.rank_totals) for request in whole.scenarios[0].requests] == [2, 2]
    assert [len(rank.scenarios[0].requests) for rank in ranks] == [2, 2]


def test_torchrun_starts_the_ranks(folder: Path):
    """Without a group of the engine's; a scenario that fails on rank 1 only has failed."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, "-m", "ratchet_profiler", *RUN], cwd=folder, check=False, capture_output=True, text=True
    )
    whole, ranks = records(folder)
    assert whole == slowest(ranks)
    assert [scenario.error for scenario in whole.scenarios] == [
        None,
        "rank 1: request-0: RuntimeError: out of memory",
    ]
    assert done.stdout.startswith("wrote run-record.json: scenarios: 1 of 2 failed")
    assert done.returncode == 1
