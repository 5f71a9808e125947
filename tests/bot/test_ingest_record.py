"""From what files hold to one run record: nothing made up, everything that is missing said."""

from datetime import UTC, datetime

import pytest
from engine_files import STAGES, line
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.data.errors import BadInput
from ratchet_bot.engines.ingest import GivenSource, IngestedRun, ingested
from ratchet_bot.engines.sglang.logs import log_reading
from ratchet_bot.judging.evidence import Evidence, RecordedScenario, evidence
from ratchet_profiler.record import record_from_json, record_to_json

GIVEN = GivenSource(hardware="h100", scenario="flux", created_at=datetime(2026, 5, 17, tzinfo=UTC))


def take(*lines: str, given: GivenSource = GIVEN) -> IngestedRun:
    """Return what a performance log of these lines gives."""
    return ingested([log_reading("performance.log", [one.encode() for one in lines])], given)


def test_a_file_without_a_time_needs_one():
    """Without a timestamp nothing is made up: the option is asked for, and taken."""
    undated = line(timestamp="yesterday")
    without = GivenSource(hardware="h100", scenario="flux")

    with pytest.raises(
        BadInput, match=r"performance\.log:1: the file has no time of its own: pass --created-at TIME"
    ):
        take(undated, given=without)
    assert take(undated).record.source.created_at == GIVEN.created_at


def test_two_commits_are_two_runs():
    """Requests of two commits are not one run, and the line says where both are."""
    with pytest.raises(BadInput) as error:
        take(line(), line("r2", commit_hash="fedcba9"))

    assert str(error.value) == (
        "performance.log:1: commit 0123456789abcdef, performance.log:2: commit fedcba9: "
        "ingest each commit's requests apart"
    )


def test_only_a_single_run_is_named():
    """Two runs in one log name none of them, and that is said."""
    lines = [b"GITHUB_RUN_ID: 7", b"GITHUB_RUN_ID: 8", line().encode()]
    taken = ingested([log_reading("ci.log", lines)], GIVEN)

    assert taken.record.source.run_id is None
    assert [note.text for note in taken.notes] == [
        "several runs are named, 7, 8: none is taken, pass --run-id"
    ]


def test_the_same_request_is_kept_once():
    """What a test printed twice is one request; another request with the same id goes by its place."""
    taken = take(line(), line(), line(total_duration_ms=570.0))
    (scenario,) = taken.record.scenarios

    assert [one.request_id for one in scenario.requests] == ["r1", "performance.log:3"]
    assert [(note.text, note.places) for note in taken.notes] == [
        ("the same values as at performance.log:1: kept once", ("performance.log:2",))
    ]


def test_unassigned_steps_are_said():
    """Steps of two denoising stages without proof are said to be unassigned, once for all requests."""
    stages = [
        {"name": name, "execution_time_ms": 500.0} for name in ("LTX2AVDenoisingStage", "LTX2RefinementStage")
    ]
    taken = take(line(stages=stages), line("r2", stages=stages))

    assert [(note.text, note.places) for note in taken.notes] == [
        (
            "steps of flux stay unassigned: they fit into 2 denoising stages in more than one way",
            ("performance.log:1", "performance.log:2"),
        )
    ]
    assert {step.stage_id for one in taken.record.scenarios[0].requests for step in one.steps} == {None}


def test_proven_steps_are_assigned():
    """Where one split fits, each step has its stage, with indices of its own."""
    stages = [
        {"name": "LTX2AVDenoisingStage", "execution_time_ms": 262.0},
        {"name": "LTX2UpsampleStage", "execution_time_ms": 3.2},
        {"name": "LTX2RefinementStage", "execution_time_ms": 195.0},
    ]
    (request,) = take(line(stages=stages)).record.scenarios[0].requests

    assert [(step.stage_id, step.index) for step in request.steps] == [(0, 0), (0, 1), (0, 2), (2, 0), (2, 1)]


def test_too_many_requests_are_refused(monkeypatch: pytest.MonkeyPatch):
    """More requests than a record holds are a mistake with its line."""
    monkeypatch.setattr("ratchet_bot.engines.ingest.MAX_REQUESTS", 1)

    with pytest.raises(
        BadInput, match=r"performance\.log:2: more than 1 requests of flux: ingest a part of the file"
    ):
        take(line(), line("r2"))


def test_nothing_but_refusals_says_the_first():
    """Where every request is refused, the line says where the first is and why."""
    with pytest.raises(BadInput) as error:
        take(line(total_duration_ms=-1), line(steps=3))

    assert str(error.value) == (
        "performance.log:1: r1: total_duration_ms is -1: no duration from 0 to 604800000 ms (and 1 more): "
        "no request can be used"
    )


def test_the_evidence_of_a_log_is_that_of_a_record():
    """Judgement sees the log's own numbers: the stages, the steps, end to end."""
    record = take(line()).record
    seen = evidence([RecordedScenario(record, record.scenarios[0])], "host")

    assert isinstance(seen, Evidence)
    assert seen.snapshots[0].values() == {
        "stages_ms": STAGES,
        "denoise_step_ms": {"0": 50.0, "1": 100.0, "2": 110.0, "3": 100.0, "4": 90.0},
        "expected_e2e_ms": 560.0,
        "expected_avg_denoise_ms": 90.0,
        "expected_median_denoise_ms": 100.0,
    }


@given(st.binary(max_size=300))
def test_any_bytes_around_a_request_leave_it(content: bytes):
    """Whatever else a file holds, the request in it is in the record, which reads back equal."""
    lines = [*content.split(b"\n"), line().encode()]
    record = ingested([log_reading("any", lines)], GIVEN).record

    assert record_from_json(record_to_json(record)) == record
    assert [one.request_id for one in record.scenarios[0].requests] == ["r1"]


@given(st.binary(max_size=300))
def test_any_bytes_alone_are_one_line(content: bytes):
    """A file without a request is bad input, in one line."""
    with pytest.raises(BadInput, match="no request") as error:
        ingested([log_reading("any", content.split(b"\n"))], GIVEN)

    assert "\n" not in str(error.value)
