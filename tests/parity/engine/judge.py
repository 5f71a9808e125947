"""What sglang's own test says of requests: JSON jobs on standard input, one JSON answer on standard output.

Runs in the environment of sglang: `python judge.py PLATFORM < jobs.json`. sglang reads the baseline file and
the runner's name when it is imported, from `SGLANG_DIFFUSION_PERF_BASELINE_PLATFORM` and `RUNNER_NAME`.
"""

import contextlib
import io
import json
import logging
import sys
from typing import Any

import standins

PLATFORM = sys.argv[1]
standins.install(PLATFORM)
printed_at_import = io.StringIO()
with contextlib.redirect_stdout(printed_at_import):
    import cases
    import pytest
    from sglang.multimodal_gen.test.server import test_server_common as common
    from sglang.multimodal_gen.test.server import test_server_utils as utils

SCENARIOS_OF_THE_NPU_AND_MUSA_FILES = 23
LOGGERS = (common.logger, utils.logger)


class Checks:
    """Every limit that sglang computes for a request, also those behind the first that fails."""

    def __init__(self) -> None:
        """Keep the engine's comparison and its limit."""
        self._compare, self._bound = utils.PerformanceValidator._assert_le, utils.calculate_upper_bound
        self._made: list[tuple[Any, ...]] = []
        self._limit = 0.0

    def of(self, job: dict[str, Any]):
        """Return (name, actual, expected, limit, passed) of each check, and what was missing at the end."""
        self._made, checks = [], self
        utils.calculate_upper_bound = self._remembered_bound
        utils.PerformanceValidator._assert_le = lambda validator, *args, **named: checks._check(
            validator, args, named
        )
        _, missing, _ = outcome(job)
        utils.PerformanceValidator._assert_le, utils.calculate_upper_bound = self._compare, self._bound
        return self._made, missing

    def _remembered_bound(self, *args: float) -> float:
        self._limit = self._bound(*args)
        return self._limit

    def _check(self, validator: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        passed = True
        try:
            self._compare(validator, *args, **named)
        except AssertionError:
            passed = False
        self._made.append((*args[:3], self._limit, passed))


def outcome(job: dict[str, Any]):
    """Return what sglang printed of the job, why the test failed or None, and what it logged."""
    printed, logged = io.StringIO(), io.StringIO()
    for logger in LOGGERS:
        logger.handlers, logger.propagate = [logging.StreamHandler(logged)], False
        logger.setLevel(logging.ERROR)
    failure = None
    try:
        with contextlib.redirect_stdout(printed):
            cases.judge(job)
    except (AssertionError, pytest.fail.Exception) as error:
        failure = str(error)
    return printed.getvalue(), failure, logged.getvalue()


def answer(checks: Checks, job: dict[str, Any]):
    """Return the verdict on one job as it is, and all of its checks."""
    printed, failure, logged = outcome(job)
    made, missing = checks.of(job)
    return {"failure": failure, "missing": missing, "checks": made, "printed": printed, "logged": logged}


def main():
    """Answer every job."""
    assert len(utils.VALIDATOR_REGISTRY) == 4  # a stand-in answers to every name: see that this is the engine
    assert len(common.BASELINE_CONFIG.scenarios) > SCENARIOS_OF_THE_NPU_AND_MUSA_FILES
    if PLATFORM == "npu":  # as the fixture of sglang's NPU folder does
        utils.PerformanceValidator.validate_load = lambda *_: None
    checks = Checks()
    answers = [answer(checks, job) for job in json.load(sys.stdin)]
    json.dump({"printed_at_import": printed_at_import.getvalue(), "of_jobs": answers}, sys.stdout)


main()
