"""A shard of CI: eight cases for sglang's own retry runner, six red in the first of seven attempts."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from parity.jobs import Job, Values, job, request
from parity.venv import COMMIT, ENGINE, PYTHON, TIMEOUT_S

ATTEMPTS: Final = 7
"""What sglang's runner allows."""
CHUNK: Final = {
    "num_frames": 9,
    "request_prepare_ms": 4.0,
    "scheduler_forward_ms": 1700.0,
    "ws_write_ms": 2.0,
}


def run_shard(shard: list[Job], folder: Path) -> str:
    """Return what the runner prints of these cases; its results files stay in the folder."""
    (folder / "shard.json").write_text(json.dumps(shard))
    command = folder / "sglang"
    command.write_text(f'#!/bin/sh\nexec "{PYTHON}" "{ENGINE / "server.py"}" "$@"\n')
    command.chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ENGINE),
        "PYTEST_PLUGINS": "shard_hooks",
        "PARITY_SHARD": str(folder / "shard.json"),
        "SGLANG_PERF_LOG_DIR": str(folder / "logs"),
        "SGLANG_GIT_COMMIT": COMMIT,
        "SGLANG_DIFFUSION_PERF_BASELINE_PLATFORM": "h100",
    }
    cases = shutil.copy(ENGINE / "shard_cases.py", folder / "test_server_shard.py")  # apart from our conftest
    arguments = [str(PYTHON), "-u", str(ENGINE / "shard.py"), Path(cases).name]
    process = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    return process.stdout + process.stderr


def shard_jobs(scenarios: dict[str, Values]) -> list[Job]:
    """Return the cases, made of the scenarios of sglang's H100 file of October 2026."""
    return [
        _case(scenarios, "zimage_image_t2i", "memory", repeats=2),
        _case(scenarios, "flux_2_klein_image_t2i", "e2e_ms"),
        _case(scenarios, "fastwan2_2_ti2v_5b", "load_ms", red=2, modality="video"),
        _case(scenarios, "turbo_wan2_1_t2v_1.3b", "stages", modality="video", num_frames=9),
        _case(scenarios, "zimage_image_t2i_fp8", "steps", red=ATTEMPTS - 1),
        _case(
            scenarios,
            "wan2_1_t2v_1_3b_dynamic_lora_default_quality_1gpu",
            modality="video",
            checks_all=False,
            warmups=1,
        ),
        _case(scenarios, "sana_wm_ti2v", modality="video", checks_all=False),
        _case(
            scenarios,
            "lingbot_world_realtime_plastic_beach",
            "chunks",
            modality="video",
            thresholds={"p95_chunk_total_ms": 5000.0, "p95_scheduler_forward_ms": 4500.0},
            ignored_chunks=2,
            chunks=_chunks(1725.25),
        ),
    ]


def _case(scenarios: dict[str, Values], name: str, slow: str = "", red: int = 1, **case: Any) -> Job:
    """Return a case that is green after `red` attempts in which one thing is slow or large."""
    values, count = scenarios[name], case.get("repeats", 1) + case.get("warmups", 0)
    attempts = [_attempt(name, values, number, count) for number in range(1, red + 2)]
    for attempt in attempts[:red] if slow else ():
        _slow_down(attempt, slow)
    return job(name, values, attempts=attempts, **case)


def _attempt(name: str, values: Values, number: int, count: int) -> Job:
    """Return the server and the requests of an attempt: no two have the same values."""
    ids = [f"{name}-{number}-{place}" for place in range(1, count + 1)]
    scales = [0.95 + 0.01 * place + 0.001 * number for place in range(count)]
    requests = [{"id": own} | request(values, scale) for own, scale in zip(ids, scales, strict=True)]
    return {"load_ms": (0.9 + 0.01 * number) * values["expected_load_ms"], "requests": requests}


def _slow_down(attempt: Job, what: str) -> None:
    """Make one thing of the attempt's last request, or of its server, break its limit."""
    last = attempt["requests"][-1]
    match what:
        case "load_ms":
            attempt["load_ms"] *= 1.7
        case "e2e_ms":
            last["e2e_ms"] *= 1.7
        case "steps":
            last["steps"] = [1.7 * ms for ms in last["steps"]]
        case "stages":
            for stage in last["stages"]:
                stage["execution_time_ms"] *= 1.7 if stage["is_denoising"] else 1.0
        case "memory":
            last["memory"]["runtime_peak"]["peak_allocated_mb"] *= 1.1
        case _:
            last["chunks"] = _chunks(5100.5)


def _chunks(total_ms: float) -> list[Job]:
    """Return the statistics of a session of four chunks, of which the first two are not judged."""
    return [CHUNK | {"chunk_index": index, "chunk_total_ms": total_ms + index} for index in range(4)]
