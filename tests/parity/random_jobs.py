"""Random requests around the baselines of a scenario: within its limits, beyond one, or without something."""

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from parity.jobs import Job, Values, job, stage

SEED: Final = 12
REALTIME: Final = "lingbot_world_realtime_plastic_beach"
WITHOUT_PERFORMANCE_CHECK: Final = frozenset(
    {
        "qwen_image_t2i_cache_dit_scm_config_diffusers_1gpu",
        "cosmos3_nano_t2i",
        "cosmos3_nano_t2v",
        "lingbot_video_moe_t2v",
        "llada_image_bf16_t2i",
        "llada_image_bf16_edit",
        "wan2_1_t2v_1_3b_dynamic_lora_default_quality_1gpu",
        "hunyuanvideo_modelopt_fp8_t2v",
        "zimage_image_t2i_2_gpus_non_square",
    }
)
"""Cases of the H100 suite whose stages and steps are in the file, with `run_perf_check=False`."""
VIDEO: Final = ("t2v", "i2v", "ti2v", "ref2v", "va_", "wan", "hunyuan_video", "hunyuanvideo", "ltx", "mova")
THRESHOLDS: Final = {"p95_chunk_total_ms": 5000.0, "p95_scheduler_forward_ms": 4500.0}

Change = Callable[[Random, Job], None]


def random_jobs(scenarios: Mapping[str, Values], each: int, seed: int = SEED) -> list[Job]:
    """Return so many jobs of each scenario; the same seed gives the same."""
    rng = Random(seed)  # noqa: S311 - nothing is kept secret
    return [
        random_job(rng, name, values, f"{name}-{index}")
        for name, values in scenarios.items()
        for index in range(each)
    ]


def random_job(rng: Random, name: str, values: Values, own_id: str) -> Job:
    """Return a request near the baselines with up to two changes."""
    made = job(name, values, id=own_id, modality=modality(name), checks_all=_checks_all(rng, name, values))
    if made["modality"] == "video":
        made["num_frames"] = rng.choice((None, 9, 17, 81))
    _scale_all(rng, made)
    for change in rng.choices(CHANGES, weights=WEIGHTS, k=rng.choice((0, 1, 1, 2))):
        change(rng, made)
    if name == REALTIME:
        made |= {"chunks": _chunks(rng), "thresholds": THRESHOLDS, "ignored_chunks": 2}
    return made


def modality(name: str) -> str:
    """Return what sglang's registry says of such a model, guessed by the scenario's name."""
    if "hunyuan3d" in name:
        return "3d"
    if "action" in name:
        return "action"
    return "video" if any(part in name for part in VIDEO) else "image"


def _checks_all(rng: Random, name: str, values: Values) -> bool:
    """Return whether more than end to end and load is checked, now and then not as in sglang's suite."""
    usual = bool(values["stages_ms"]) and name not in WITHOUT_PERFORMANCE_CHECK
    return usual if rng.random() > 0.1 else not usual


def _scale_all(rng: Random, made: Job) -> None:
    factor = rng.uniform(0.7, 1.15)
    made["e2e_ms"] *= factor
    made["load_ms"] *= rng.uniform(0.7, 1.15)
    made["steps"] = [factor * rng.uniform(0.95, 1.05) * ms for ms in made["steps"]]
    for timed in made["stages"]:
        timed["execution_time_ms"] *= factor


def _slower(what: str) -> Change:
    def change(rng: Random, made: Job) -> None:
        made[what] = made[what] * rng.uniform(1.1, 2.0)

    return change


def _slower_stage(rng: Random, made: Job) -> None:
    if made["stages"]:
        slow = rng.choice(made["stages"])
        slow["execution_time_ms"] = slow["execution_time_ms"] * rng.uniform(1.1, 2.2) + rng.choice(
            (0, 130, 460)
        )


def _slower_steps(rng: Random, made: Job) -> None:
    factor = rng.uniform(1.1, 1.6)
    made["steps"] = [factor * ms for ms in made["steps"]]


def _slower_step(rng: Random, made: Job) -> None:
    if made["steps"]:
        index = rng.randrange(len(made["steps"]))
        made["steps"][index] = made["steps"][index] * rng.uniform(1.1, 6.0) + rng.choice((0, 25, 170))


def _larger_peak(rng: Random, made: Job) -> None:
    peaks = made["memory"][rng.choice(tuple(made["memory"]))]
    kind = rng.choice(("peak_allocated_mb", "peak_reserved_mb", "peak_host_anon_mb"))
    peaks[kind] = peaks[kind] * rng.uniform(1.0, 1.1) + rng.choice((0, 100, 140, 300))


def _no_peak(rng: Random, made: Job) -> None:
    peaks = made["memory"][rng.choice(tuple(made["memory"]))]
    peaks[rng.choice(("peak_allocated_mb", "peak_reserved_mb", "peak_host_anon_mb"))] = 0.0


def _stage_lost(rng: Random, made: Job) -> None:
    if made["stages"]:
        made["stages"].pop(rng.randrange(len(made["stages"])))


def _stage_added(rng: Random, made: Job) -> None:
    made["stages"].append(stage("ExtraStage", rng.uniform(1, 500)))


def _role_unknown(_rng: Random, made: Job) -> None:
    for timed in made["stages"]:
        timed.pop("is_denoising", None)


def _role_other(rng: Random, made: Job) -> None:
    if made["stages"]:
        timed = rng.choice(made["stages"])
        timed["is_denoising"] = not timed.get("is_denoising", False)


def _other_step_count(rng: Random, made: Job) -> None:
    made["steps"] = made["steps"][: rng.randrange(1, 60)] if rng.random() < 0.5 else made["steps"] * 2


def _nothing_inside(rng: Random, made: Job) -> None:
    made[rng.choice(("steps", "stages"))] = []


def _no_time(rng: Random, made: Job) -> None:
    made[rng.choice(("e2e_ms", "load_ms"))] = rng.choice((0.0, -1.0, math.nan, math.inf))


CHANGES: Final = (
    _slower("e2e_ms"),
    _slower("load_ms"),
    _slower_stage,
    _slower_steps,
    _slower_step,
    _larger_peak,
    _no_peak,
    _stage_lost,
    _stage_added,
    _role_unknown,
    _role_other,
    _other_step_count,
    _nothing_inside,
    _no_time,
)
WEIGHTS: Final = (3, 3, 5, 3, 4, 5, 2, 2, 1, 2, 1, 2, 1, 1)


def _chunks(rng: Random) -> list[Job]:
    """Return a session of up to eight chunks, now and then one beyond its threshold, or none."""
    return [
        {
            "chunk_index": index,
            "num_frames": 9,
            "scheduler_forward_ms": rng.uniform(1500, 1900),
            "chunk_total_ms": rng.uniform(1600, 2000) * rng.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 3)),
        }
        for index in range(rng.randrange(3, 9))
    ]
