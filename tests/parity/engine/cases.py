"""Cases and measurements of sglang's test harness, made of plain data. Runs in the environment of sglang."""

import types
from typing import Any

from sglang.multimodal_gen.runtime.utils.perf_logger import MemorySnapshot, RequestMetrics, RequestPerfRecord
from sglang.multimodal_gen.test.server import realtime_consistency as realtime
from sglang.multimodal_gen.test.server import test_server_common as common
from sglang.multimodal_gen.test.server import testcase_configs as configs

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def case(job: dict[str, Any]):
    """Return the case; without consistency checks, which are about pictures."""
    return configs.DiffusionTestCase(
        job["scenario"],
        configs.DiffusionServerArgs(
            f"models/{job['scenario']}", modality=job["modality"], env_vars=job.get("env", {})
        ),
        configs.DiffusionSamplingParams(
            num_frames=job.get("num_frames"),
            realtime_num_chunks=len(job["chunks"]) if "chunks" in job else None,
            realtime_perf_thresholds=job.get("thresholds", {}),
            realtime_perf_ignore_initial_chunks=job.get("ignored_chunks", 0),
        ),
        run_perf_check=job["checks_all"],
        perf_repeat_requests=job.get("repeats", 1),
        perf_warmup_requests=job.get("warmups", 0),
        run_consistency_check=False,
        run_models_api_check=False,
        run_t2v_input_reference_check=False,
    )


def judge(job: dict[str, Any]):
    """Let sglang's own test print, record and judge one request; it raises where it fails."""
    test, server = common.DiffusionServerBase(), types.SimpleNamespace(load_time_ms=job["load_ms"])
    test._perf_results, server.perf_log_path = [], None
    if "chunks" not in job:
        test._validate_and_record(server, case(job), _record(job))
        return
    hand_over_chunks(job)
    common.wait_for_req_perf_record = lambda *_, **__: _record(job)
    chunks = realtime.pop_realtime_perf_stats(job["scenario"])
    test._validate_realtime_performance(server, case(job), chunks)


def hand_over_chunks(job: dict[str, Any]):
    """Leave the statistics of a session's chunks, and its end to end, where the harness looks for them."""
    chunks = [
        realtime.parse_realtime_chunk_stats({"type": "chunk_stats", "request_id": job["id"]} | chunk)
        for chunk in job["chunks"]
    ]
    realtime.record_realtime_perf_stats(job["scenario"], chunks, job["e2e_ms"])


def metrics(request: dict[str, Any]):
    """Return what the engine's recorder would hold at the end of the request."""
    recorded = RequestMetrics(request["id"])
    recorded.stages = {stage["name"]: stage["execution_time_ms"] for stage in request["stages"]}
    recorded.denoising_stages = {stage["name"] for stage in request["stages"] if stage["is_denoising"]}
    recorded.steps, recorded.total_duration_ms = request["steps"], request["e2e_ms"]
    recorded.memory_snapshots = {
        moment: MemorySnapshot(**peaks) for moment, peaks in request["memory"].items()
    }
    return recorded


def _record(job: dict[str, Any]) -> RequestPerfRecord:
    return RequestPerfRecord(
        job["id"], COMMIT, "pipeline_stage_metrics", job["stages"], job["steps"], job["e2e_ms"], job["memory"]
    )
