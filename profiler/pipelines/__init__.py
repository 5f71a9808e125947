"""One module a family: how a scenario's pipeline is built and observed. Imports torch only to build."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Final, cast

from profiler.scenarios import Family, Scenario
from profiler.stages import RequestProfiler

BUILDERS: Final[Mapping[Family, str]] = MappingProxyType(
    {
        "flux": "profiler.pipelines.flux",
        "ltx2_two_stage": "profiler.pipelines.ltx2",
        "wan": "profiler.pipelines.wan",
    }
)
"""The module of each family. It has `build(scenario, device) -> Workload`."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A scenario that is ready to run."""

    pipelines: tuple[object, ...]
    """Its diffusers pipelines, in the order in which a request calls them: what `prepare` is called with."""
    request: Callable[[RequestProfiler], object]
    """Runs one request, observed by the profiler, and returns its output. Each call does the same work."""


def build(scenario: Scenario, device: str) -> Workload:
    """Return the scenario's pipelines on `device`, with their weights. Imports torch; downloads nothing.

    Args:
        scenario: What to build.
        device: As torch names it, such as "cpu".
    """
    # diffusers and transformers read these once, when they are imported. Nothing here needs the network, and
    # what they say about optional packages would drown what the run says.
    for name, value in (
        ("HF_HUB_OFFLINE", "1"),
        ("DIFFUSERS_VERBOSITY", "error"),
        ("TRANSFORMERS_VERBOSITY", "error"),
    ):
        os.environ.setdefault(name, value)
    builder = cast("Callable[[Scenario, str], Workload]", import_module(BUILDERS[scenario.pipeline]).build)
    return builder(scenario, device)
