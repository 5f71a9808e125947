"""The built-in pipelines: real classes, tiny, with random weights made in memory.

Each kind of pipeline has a module, with a function a family that builds it. How their requests run is here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import torch

from ratchet_profiler.scenarios import BuiltinScenario, Family
from ratchet_profiler.sources.builtin import dual_tower, images, ltx, videos
from ratchet_profiler.sources.builtin.text_encoders import WEIGHTS_SEED
from ratchet_profiler.sources.observation import observe
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler

ONE_STAGE: Final[Mapping[Family, tuple[Callable[[], Any], Mapping[str, Any]]]] = MappingProxyType(
    {
        "flux": (images.flux, images.FLUX_ARGUMENTS),
        "hunyuan_video": (videos.hunyuan_video, videos.HUNYUAN_VIDEO_ARGUMENTS),
        "lcm": (images.lcm, {}),
        "ltx2": (ltx.ltx2, ltx.LTX2_ARGUMENTS),
        "qwen_image": (images.qwen_image, images.QWEN_IMAGE_ARGUMENTS),
        "wan": (videos.wan, videos.WAN_ARGUMENTS),
        "wan_few_step": (videos.wan_few_step, videos.WAN_FEW_STEP_ARGUMENTS),
        "wan_two_experts": (videos.wan_two_experts, videos.WAN_TWO_EXPERTS_ARGUMENTS),
    }
)
"""What builds the pipeline of a family, and what its call is given besides what the scenario says."""
TWO_STAGES: Final[Mapping[Family, Callable[[BuiltinScenario], ltx.TwoStages]]] = MappingProxyType(
    {"ltx2_two_stage": ltx.ltx2_two_stage, "ltx_two_stage": ltx.ltx_two_stage}
)
"""The same for families whose pipeline is called twice. The family that is left is the dual tower."""
UPSCALE: Final = 2
"""How much wider and higher the second of two stages is."""


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return the pipelines of the scenario's family on `device`.

    Raises:
        ValueError: the scenario has more steps than the schedule of its family.
    """
    torch.manual_seed(WEIGHTS_SEED)
    workload = _of_its_family(scenario, device)
    return replace(workload, request=_on_one_thread(workload.request)) if device == "cpu" else workload


def _of_its_family(scenario: BuiltinScenario, device: str) -> Workload:
    family = scenario.pipeline
    if family in ONE_STAGE:
        pipeline, arguments = ONE_STAGE[family]
        return _one_stage(pipeline(), arguments, scenario, device)
    if family in TWO_STAGES:
        return _two_stages(TWO_STAGES[family](scenario), scenario, device)
    pipe = dual_tower.DualTowerPipeline(device)
    return Workload(pipelines=(pipe,), request=lambda profiler: pipe(scenario, profiler))


def _one_stage(
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    arguments: Mapping[str, Any],
    scenario: BuiltinScenario,
    device: str,
) -> Workload:
    """Return the workload of one pipeline; `arguments` are its family's, all others the scenario's."""
    pipe = pipe.to(device)
    pipe.set_progress_bar_config(disable=True)

    def request(profiler: RequestProfiler) -> object:
        # The schedule of few steps draws noise in every step, and its pipeline passes it no generator.
        torch.manual_seed(scenario.seed)
        with observe(pipe, profiler):
            return pipe(
                **_given(scenario),
                **arguments,
                num_inference_steps=scenario.steps,
                output_type="np",
            )

    return Workload(pipelines=(pipe,), request=request)


def _two_stages(family: ltx.TwoStages, scenario: BuiltinScenario, device: str) -> Workload:
    """Return the workload of denoising, latent upsampling, and refinement at twice the size."""
    pipe = family.pipe.to(device)
    pipe.set_progress_bar_config(disable=True)
    upsample = family.upsample.to(device)

    def request(profiler: RequestProfiler) -> object:
        small = _given(scenario) | dict(family.arguments)
        large = small | _size(scenario, UPSCALE)
        with observe(pipe, profiler):
            first = pipe(**small, **family.first, output_type="latent")
        with profiler.stage("UpsampleStage"):
            upsampled = upsample(latents=first.frames, output_type="latent", **_size(scenario, 1))
        with observe(pipe, profiler, loop_stage="RefinementStage"):
            return pipe(**large, latents=upsampled.frames, **family.refinement(first), output_type="np")

    return Workload(pipelines=(pipe, upsample), request=request)


def _given(scenario: BuiltinScenario) -> dict[str, Any]:
    """Return what every pipeline is given, in the words of diffusers; the noise is new for each request."""
    given = {"prompt": scenario.prompt, "generator": torch.Generator("cpu").manual_seed(scenario.seed)}
    frames = {} if scenario.frames is None else {"num_frames": scenario.frames}
    return given | frames | _size(scenario, 1)


def _size(scenario: BuiltinScenario, scale: int) -> dict[str, int]:
    return {"width": scenario.width * scale, "height": scenario.height * scale}


def _on_one_thread(request: Callable[[RequestProfiler], object]) -> Callable[[RequestProfiler], object]:
    """Return the request, to be run on one thread of the CPU; afterwards torch has as many as before.

    torch's threads wait for each other by spinning. The built-in pipelines are too small to gain by a second
    one, and where other processes keep the cores busy they lose by it: a run of all of them took 103 s of CPU
    time with two threads and 25 s with one.
    """

    def run(profiler: RequestProfiler) -> object:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return request(profiler)
        finally:
            torch.set_num_threads(threads)

    return run
