"""What a run adds to the history."""

import pytest
from builders import HEAD_SHA, make_record, make_request, make_run, make_scenario
from pydantic import ValidationError
from ratchet_bot.flows.history_branch import lines_of, rejected_line
from ratchet_profiler.record import StageTiming, comparability_key

RUN = make_run(run_id=4711, attempt=2, head_sha="c" * 40)


def test_a_line_has_the_lower_medians_of_the_valid_requests():
    """Each value is the lower median over the requests; warm-ups do not count, single steps are not kept."""
    requests = [
        make_request("w", scale=9.0, warmup=True),
        *(make_request(f"r{scale}", scale=scale) for scale in (1.2, 1.0, 1.1, 1.3)),
    ]
    record = make_record(make_scenario("flux", *requests))
    [line] = lines_of(RUN, "h100", [record], "host")

    assert (line.scenario, line.valid, line.requests, line.reason) == ("flux", True, 4, "")
    assert line.values == {
        "expected_e2e_ms": 616.0,
        "expected_avg_denoise_ms": 99.0,
        "expected_median_denoise_ms": 110.0,
        "stages_ms.TextEncodingStage": 33.0,
        "stages_ms.DenoisingStage": 506.0,
        "stages_ms.DecodingStage": 66.0,
    }


def test_a_line_says_what_the_host_says():
    """Run, attempt, commit and time are the host's; the record's claims are not looked at."""
    record = make_record(make_scenario("flux"), run_id=666, head_sha=HEAD_SHA, run_attempt=9)
    [line] = lines_of(RUN, "h100", [record], "host")

    assert (line.run_id, line.run_attempt, line.head_sha) == (4711, 2, "c" * 40)
    assert line.captured_at == RUN.created_at
    assert line.comparability == comparability_key(record.environment, "host")
    assert line.environment == "driver 570.86.15, cuda 12.8, torch 2.13.0, python 3.11.7"


@pytest.mark.parametrize(
    ("runners", "told"), [(["gpu-07"], "gpu-07"), (["gpu-07", "gpu-03"], None), ([None], None)]
)
def test_a_line_names_the_one_runner(runners: list[str | None], told: str | None):
    """Where the records of a scenario are of several runners, none of them is its own."""
    records = [
        one.model_copy(update={"environment": one.environment.model_copy(update={"runner": name})})
        for name in runners
        for one in [make_record(make_scenario("flux"))]
    ]
    [line] = lines_of(RUN, "h100", records, "host")

    assert (line.valid, line.runner) == (True, told)


def test_what_failed_leaves_a_line_that_says_so():
    """A scenario without a valid request is told with the reason, and does not count."""
    record = make_record(
        make_scenario("crashed", error="CUDA out of memory"), make_scenario("flux"), hardware="h100"
    )
    crashed, fine = lines_of(RUN, "h100", [record], "host")

    assert (crashed.valid, crashed.reason, crashed.values) == (False, "CUDA out of memory", {})
    assert (crashed.counts, fine.counts) == (False, True)


def test_shards_are_pooled():
    """Scenarios of several records of a run stand side by side; one that two of them have is pooled."""
    first = make_record(make_scenario("flux", make_request("a", scale=1.0)))
    second = make_record(make_scenario("flux", make_request("b", scale=3.0)), make_scenario("wan"))

    assert [
        (line.scenario, line.requests, line.values["expected_e2e_ms"])
        for line in lines_of(RUN, "h100", [first, second], "host")
    ] == [("flux", 2, 560.0), ("wan", 1, 560.0)]


def test_shards_of_different_machines_do_not_mix():
    """Requests of one scenario from machines that do not compare are no value."""
    first = make_record(make_scenario("flux"))
    other = make_record(make_scenario("flux", make_request("b")))
    other = other.model_copy(update={"environment": other.environment.model_copy(update={"cuda": "13.0"})})
    [line] = lines_of(RUN, "h100", [first, other], "host")

    assert (line.valid, line.values) == (False, {})
    assert line.reason == "its requests do not compare: cuda 12.8 -> cuda 13.0"


def test_what_could_not_be_read_back_is_not_written():
    """Two stages of one name are within a week each, and over it in all: no line can have that."""
    half_ms, week_ms = 303_000_000.0, 604_800_000.0
    stages = tuple(
        StageTiming(id=index, name="DenoisingStage", occurrence=index, start_ms=0.0, host_ms=half_ms)
        for index in range(2)
    )
    request = make_request(e2e_ms=week_ms, steps=()).model_copy(update={"stages": stages})

    with pytest.raises(ValidationError, match="values"):
        lines_of(RUN, "h100", [make_record(make_scenario("flux", request))], "host")


def test_an_artifact_that_cannot_be_read_leaves_a_line():
    """The line of an artifact that failed validation has no scenario, does not count, and says why."""
    line = rejected_line(RUN, "h100", ["perf-records-h100: not a zip", "x" * 1000])

    assert (line.scenario, line.counts, line.run_id) == ("", False, 4711)
    assert line.reason.startswith("perf-records-h100: not a zip; xxx")
    assert len(line.reason) == 300
