"""Write `tests/data/sglang_printed` anew: `python -m parity.fixtures`, from `tests`, after `make parity`.

Everything in it is printed by sglang's own code, of requests that were made up. What is not kept: the lines
of source in pytest's tracebacks, and where sglang is installed.
"""

import json
import re
import tempfile
from pathlib import Path
from typing import Final

from parity.jobs import Job, Values, job, request, stage
from parity.shard import run_shard, shard_jobs
from parity.venv import Place, judged, program

DATA: Final = Path(__file__).parents[1] / "data"
PRINTED: Final = DATA / "sglang_printed"
INSTALLED: Final = re.compile(r"[^\s\"]*/site-packages/sglang/")
IN_CI: Final = "/sgl-workspace/sglang/python/sglang/"
SOURCE: Final = re.compile(r"^(\S+:\d+: in .+)\n    .*\n", re.MULTILINE)
"""A place of a traceback and the line of source below it."""
LATE: Final = {"GPUWorker.frame_materialize_for_return": 240.25, "Scheduler.return_result.spill_arrays": 35.5}
"""Stages that sglang adds after it took the total: with them the stages exceed end to end."""


def main() -> None:
    """Write every file."""
    h100, b200 = scenarios("h100"), scenarios("b200")
    _write_shard(h100)
    (PRINTED / "blocks.log").write_text(_blocks(h100))
    (PRINTED / "runner-override.log").write_text(_overridden(b200))
    _write_records(h100)


def scenarios(name: str) -> dict[str, Values]:
    """Return the scenarios of one of the files of October 2026, such as "h100"."""
    by_name: dict[str, Values] = json.loads((DATA / f"sglang/{name}_2026-10.json").read_text())["scenarios"]
    return by_name


def without_source(log: str) -> str:
    """Return a log without lines of sglang's source and without this machine's paths."""
    return SOURCE.sub(r"\1\n", INSTALLED.sub(IN_CI, log))


def _write_shard(h100: dict[str, Values]) -> None:
    with tempfile.TemporaryDirectory() as name:
        log = without_source(run_shard(shard_jobs(h100), Path(name)))
        results = (Path(name) / "diffusion-results.json").read_text()
    (PRINTED / "retry-runner.log").write_text(log)
    (PRINTED / "diffusion-results.json").write_text(results)
    second = log.split("Starting pytest attempt ")[2]
    begin, end = second.index("=" * 34 + " Performance Data JSON"), second.index("[CONFTEST]")
    (PRINTED / "performance-data.log").write_text(second[begin:end])


def _blocks(h100: dict[str, Values]) -> str:
    """Return blocks of five, four, three and two inner lines, a session's, and one without a baseline."""
    video = {"modality": "video"}
    end_to_end_only = job("sana_wm_ti2v", h100["sana_wm_ti2v"], checks_all=False, **video)
    made = job("made_up_t2i", h100["zimage_image_t2i"], load_ms=30000.25)
    jobs = [
        job("flux_2_klein_image_t2i", h100["flux_2_klein_image_t2i"]),
        end_to_end_only | {"stages": [stage("DecodingStage", 350.5)], "steps": [120.5, 121.25]},
        job("longlive2_t2v", h100["longlive2_t2v"], **video),
        end_to_end_only,
        job(
            "lingbot_world_realtime_plastic_beach",
            h100["lingbot_world_realtime_plastic_beach"],
            chunks=[{"chunk_index": index, "chunk_total_ms": 1725.5} for index in range(4)],
            **video,
        ),
        made,
    ]
    return "".join(answer["printed"] for answer in judged(jobs, Place()).of_jobs)


def _overridden(b200: dict[str, Values]) -> str:
    """Return what a job on a runner with references of its own prints."""
    name = "flux1_modelopt_nvfp4_t2i"
    answers = judged([job(name, b200[name], e2e_ms=1250.5)], Place(file="b200", runner="b200-di-7"))
    return answers.printed_at_import + "".join(answer["printed"] for answer in answers.of_jobs)


def _write_records(h100: dict[str, Values]) -> None:
    """Write a performance log of an image, a video with two loops and late stages, and a dump."""
    image: Job = {"id": "made-up-image"} | request(h100["zimage_image_t2i"])
    video: Job = {"id": "made-up-video"} | request(h100["ltx_2.3_two_stage_t2v_2gpus"])
    video["stages"] += [stage(name, ms) for name, ms in LATE.items()]
    with tempfile.TemporaryDirectory() as name:
        program("record.py", name, given=[image, video])
        for file in ("performance.log", "dump.json"):
            (PRINTED / file).write_text((Path(name) / file).read_text())


if __name__ == "__main__":
    main()
