import json
from typing import Any

from parity.ours import Ours
from parity.random_jobs import modality, random_jobs
from parity.verdicts import Disagreements, field_of

LIMIT_MS = 700.0
JOB = {"id": "r0"}


def disagreements(failure: str | None, checks: list[Any], ours: Ours) -> Disagreements:
    found = Disagreements()
    found.add_request(JOB, {"failure": failure, "missing": None, "checks": checks}, ours)
    return found


def check(limit_ms: float = LIMIT_MS) -> tuple[str, float, float, float, bool]:
    return ("E2E Latency", 600.0, 560.0, limit_ms, True)


def green() -> Ours:
    return Ours("unchanged", "", {"expected_e2e_ms": (LIMIT_MS, True)})


def test_a_check_of_sglang_is_named_by_its_place_in_the_baseline_file():
    assert field_of("Load Peak VRAM (allocated)") == "load_peak_allocated_mb"
    assert field_of("Stage 'DecodingStage'") == "stages_ms.DecodingStage"
    assert field_of("Denoise Step 12") == "denoise_step_ms.12"


def test_the_same_verdict_with_limits_apart_by_the_last_bit_is_no_disagreement():
    found = disagreements(None, [check(LIMIT_MS * (1 + 2**-52))], green())
    assert (found.requests, found.checks, found.counts) == (1, 1, {})


def test_another_limit_is_a_disagreement_and_shows_both():
    found = disagreements(None, [check(720.0)], green())
    assert found.counts == {"another limit: expected_e2e_ms": 1}
    shown = found.examples["another limit: expected_e2e_ms"]
    assert shown == 'expected_e2e_ms: 700.0 here, 720.0 there; {"id": "r0"}'


def test_a_red_request_that_is_green_here_is_a_false_green_by_what_failed():
    failure = "Validation failed for 'Load Latency (excluding warmup)'.\n  Actual: 900.0000ms"
    found = disagreements(failure, [check()], green())
    assert found.counts == {"false green: expected_load_ms": 1}


def test_what_is_not_judged_here_is_a_disagreement():
    found = disagreements(None, [check()], Ours("unguarded", "its baseline is a placeholder", {}))
    assert found.counts == {"not judged here (unguarded), green there": 1}


def test_of_two_examples_the_shorter_one_stays():
    found = disagreements(None, [check(720.0)], green())
    theirs = {"failure": None, "missing": None, "checks": [check(730.0)]}
    found.add_request({"id": "a longer one"}, theirs, green())
    assert found.counts.total() == 2
    assert "720.0" in next(iter(found.examples.values()))


def test_the_same_seed_gives_the_same_requests():
    values = {
        "stages_ms": {"DenoisingStage": 460.0},
        "denoise_step_ms": {"0": 50.0},
        "expected_e2e_ms": 560.0,
    }
    first, second = (json.dumps(random_jobs({"wan2_1_t2v": values}, each=5)) for _ in range(2))
    assert first == second
    assert modality("wan2_1_t2v") == "video"
