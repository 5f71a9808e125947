"""The plugin of a shard's pytest: stand-ins first, then what sglang's own conftest has.

It counts the attempts of sglang's retry runner, each of which is a pytest of its own.
"""

import json
import os
from pathlib import Path
from typing import Any

import standins

standins.install("cuda")

from sglang.multimodal_gen.test.server.conftest import perf_results, pytest_sessionfinish  # noqa: E402

__all__ = ["perf_results", "pytest_sessionfinish"]

counter = Path(os.environ["PARITY_SHARD"]).with_name("attempt")
attempt = int(counter.read_text()) + 1 if counter.exists() else 0
counter.write_text(str(attempt))


def jobs() -> list[dict[str, Any]]:
    """Return the shard's cases with the load time and the requests of this attempt; the last one goes on."""
    shard = json.loads(Path(os.environ["PARITY_SHARD"]).read_text())
    return [_at(attempt, job) for job in shard]


def _at(attempt: int, job: dict[str, Any]) -> dict[str, Any]:
    values = job["attempts"][min(attempt, len(job["attempts"]) - 1)]
    return job | {"requests": values["requests"], "env": {"PARITY_LOAD_MS": str(values["load_ms"])}}
