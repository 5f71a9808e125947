"""Lets sglang's own logger write requests: `python record.py FOLDER < requests.json`.

Runs in the environment of sglang. The lines go to `FOLDER/performance.log`, a dump of the last request to
`FOLDER/dump.json`.
"""

import json
import os
import sys
from pathlib import Path

import standins

standins.install("cuda")

import cases  # noqa: E402
from sglang.multimodal_gen.runtime.utils.perf_logger import PerformanceLogger  # noqa: E402

folder = os.environ["SGLANG_PERF_LOG_DIR"] = sys.argv[1]
recorded = [cases.metrics(request) for request in json.load(sys.stdin)]
for metrics in recorded:
    PerformanceLogger.log_request_summary(metrics)
PerformanceLogger.dump_benchmark_report(
    Path(folder) / "dump.json", recorded[-1], meta={"model": "models/made-up"}, tag="server_perf_dump"
)
