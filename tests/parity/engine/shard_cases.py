"""A shard of sglang's test suite with servers and requests that take the times they are given.

sglang's own fixture starts the server, its own test runs, prints and judges, its own logger writes the record
of each request; what a request would have measured comes from `PARITY_SHARD`.
"""

import os
import signal
import time
import types
from collections.abc import Callable
from typing import Any

import cases
import pytest
import shard_hooks
from sglang.multimodal_gen.runtime.utils.perf_logger import PerformanceLogger
from sglang.multimodal_gen.test.server import test_server_common as common
from sglang.multimodal_gen.test.server import test_server_utils as utils
from sglang.multimodal_gen.test.server.common.case_fixtures import diffusion_case_fixture
from sglang.multimodal_gen.test.server.test_server_common import diffusion_server

__all__ = ["TestDiffusionServerShard", "diffusion_server"]

JOBS = {job["scenario"]: job for job in shard_hooks.jobs()}
requests_left = {name: list(job["requests"]) for name, job in JOBS.items()}
cooldown = types.SimpleNamespace(**vars(time) | {"sleep": lambda _: None})
"""sglang waits two seconds after each server."""


def engine_request(**_: object) -> Callable[[str, Any], tuple[str, bytes]]:
    """Return what sends a case's next request: sglang's own logger writes what it measured."""

    def send(scenario: str, _client: Any) -> tuple[str, bytes]:
        request = JOBS[scenario] | requests_left[scenario].pop(0)
        if "chunks" in request:
            cases.hand_over_chunks(request)
        PerformanceLogger.log_request_summary(cases.metrics(request))
        return request["id"], b""

    return send


@pytest.fixture(autouse=True)
def _without_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send requests of our own, and end a server without psutil."""
    monkeypatch.setattr(common, "get_generate_fn", engine_request)
    monkeypatch.setattr(utils, "kill_process_tree", lambda pid: os.kill(pid, signal.SIGKILL))
    monkeypatch.setattr(utils, "time", cooldown)


class TestDiffusionServerShard(common.DiffusionServerBase):
    """The test of sglang over the shard's cases."""

    case = diffusion_case_fixture([cases.case(job) for job in JOBS.values()])
