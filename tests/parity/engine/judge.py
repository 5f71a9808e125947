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
        """Take the place of the comparison, which still runs for every check."""
        self._compare, self._bound = utils.PerformanceValidator._assert_le, utils.calculate_upper_bound
        self.made, self.failure, self._limit = [], None, None
        utils.calculate_upper_bound = self._remembered_bound
        checks = self
        utils.PerformanceValidator._assert_le = lambda validator, *args, **named: checks._check(
            validator, args, named
        )

    def begin(self):
        """Forget the request before."""
        self.made, self.failure = [], None

    def _remembered_bound(self, *args: float) -> float:
        self._limit = self._bound(*args)
        return self._limit

    def _check(self, validator: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Compare as sglang does; a failure is kept, so that the checks behind it are seen too."""
        failed = None
        try:
            self._compare(validator, *args, **named)
        except AssertionError as failure:
            failed = str(failure)
        name, actual, expected = args[:3]
        self.made.append([name, actual, expected, self._limit, failed is None])
        self.failure = self.failure or failed


def answer(checks: Checks, job: dict[str, Any]):
    """Return the verdict on one job, its checks and what sglang printed."""
    checks.begin()
    printed, logged = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(logged)
    for logger in LOGGERS:
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.ERROR)
    failure = None
    try:
        with contextlib.redirect_stdout(printed):
            cases.judge(job)
    except (AssertionError, pytest.fail.Exception) as error:
        failure = str(error)
    return {
        "id": job["id"],
        "failure": checks.failure or failure,
        "then_missing": failure,
        "checks": checks.made,
        "printed": printed.getvalue(),
        "logged": logged.getvalue(),
    }


def main():
    """Answer every job."""
    assert len(utils.VALIDATOR_REGISTRY) == 4  # a stand-in answers to every name: see that this is the engine
    assert len(common.BASELINE_CONFIG.scenarios) > SCENARIOS_OF_THE_NPU_AND_MUSA_FILES
    if PLATFORM == "npu":  # as the fixture of sglang's NPU folder does
        utils.PerformanceValidator.validate_load = lambda *_: None
    checks = Checks()
    answers = [answer(checks, job) for job in json.load(sys.stdin)]
    json.dump({"printed_at_import": printed_at_import.getvalue(), "answers": answers}, sys.stdout)


main()
