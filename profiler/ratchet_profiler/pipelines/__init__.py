"""One module a family, and one a source: how a scenario is built and run. Imports torch only to build it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from types import MappingProxyType
from typing import Final, cast

from ratchet_profiler.pipelines.engine_process import release
from ratchet_profiler.record import RequestRecord
from ratchet_profiler.scenarios import BuiltinScenario, Family, Scenario, ServedScenario, SourceName
from ratchet_profiler.stages import RequestProfiler

BUILDERS: Final[Mapping[Family, str]] = MappingProxyType(
    {
        "dual_tower": "ratchet_profiler.pipelines.dual_tower",
        "flux": "ratchet_profiler.pipelines.flux",
        "hunyuan_video": "ratchet_profiler.pipelines.hunyuan_video",
        "lcm": "ratchet_profiler.pipelines.lcm",
        "ltx2": "ratchet_profiler.pipelines.ltx2_single",
        "ltx2_two_stage": "ratchet_profiler.pipelines.ltx2",
        "ltx_two_stage": "ratchet_profiler.pipelines.ltx_two_stage",
        "qwen_image": "ratchet_profiler.pipelines.qwen_image",
        "wan": "ratchet_profiler.pipelines.wan",
        "wan_few_step": "ratchet_profiler.pipelines.wan_few_step",
        "wan_two_experts": "ratchet_profiler.pipelines.wan_two_experts",
    }
)
"""The module of each family. It has `build(scenario, device) -> Workload`."""

SOURCE_BUILDERS: Final[Mapping[SourceName, str]] = MappingProxyType(
    {
        "callable": "ratchet_profiler.pipelines.callables",
        "diffusers": "ratchet_profiler.pipelines.diffusers_models",
        "served": "ratchet_profiler.pipelines.served",
    }
)
"""The module of each other source, with the same `build`."""


def _as_it_is(record: RequestRecord) -> RequestRecord:
    return record


@dataclass(frozen=True, slots=True)
class Workload:
    """A scenario that is ready to run."""

    pipelines: tuple[object, ...]
    """Its diffusers pipelines, in the order in which a request calls them: what `prepare` is called with."""
    request: Callable[[RequestProfiler], object]
    """Runs one request, observed by the profiler, and returns its output. Each call does the same work."""
    complete: Callable[[RequestRecord], RequestRecord] = _as_it_is
    """Called with each request's record after its end, so that nothing here is measured: what another process
    has measured of the request is added."""
    is_here: bool = True
    """Whether this process does the work: the clock of its device is none for what another process does."""


def build(scenario: Scenario, device: str) -> Workload:
    """Return the scenario's pipelines on `device`, with their weights. Imports torch when it is needed.

    Downloads nothing, except for a scenario with the weights of the hub. An engine that an earlier scenario
    started and this one has no use for is ended: it would compute beside what is measured.

    Args:
        scenario: What to build.
        device: As torch names it, such as "cpu".
    """
    release(keep=scenario.command if isinstance(scenario, ServedScenario) else None)
    # These are read once, when the libraries are imported: what they say about optional packages would drown
    # what the run says.
    for name in ("DIFFUSERS_VERBOSITY", "TRANSFORMERS_VERBOSITY"):
        os.environ.setdefault(name, "error")
    module = import_module(
        BUILDERS[scenario.pipeline]
        if isinstance(scenario, BuiltinScenario)
        else SOURCE_BUILDERS[scenario.source]
    )
    workload = cast("Callable[[Scenario, str], Workload]", module.build)(scenario, device)
    if isinstance(scenario, BuiltinScenario) and device == "cpu":
        one_thread = import_module("ratchet_profiler.pipelines.one_thread")
        return replace(workload, request=one_thread.on_one_thread(workload.request))
    return workload
