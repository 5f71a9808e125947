"""Where the pipelines of scenarios come from: a module a source, which imports torch only when it is used."""

import os

from ratchet_profiler.scenarios import (
    BuiltinScenario,
    CallableScenario,
    DiffusersScenario,
    Scenario,
    ServedScenario,
)
from ratchet_profiler.sources.engine_process import release
from ratchet_profiler.sources.workload import Workload


def build(scenario: Scenario, device: str) -> Workload:
    """Return the scenario's pipelines on `device`, with their weights.

    Downloads nothing, except for a scenario with the weights of the hub. An engine that an earlier scenario
    started and this one does not use is ended: it would compute beside what is measured.

    Args:
        scenario: What to build.
        device: As torch names it, such as "cpu".

    Raises:
        TypeError: the scenario is not of a source.
    """
    release(keep=scenario.command if isinstance(scenario, ServedScenario) else None)
    # The libraries read these once, when they are imported: what they report about optional packages would
    # drown what the run reports.
    for name in ("DIFFUSERS_VERBOSITY", "TRANSFORMERS_VERBOSITY"):
        os.environ.setdefault(name, "error")
    match scenario:
        case BuiltinScenario():
            from ratchet_profiler.sources import builtin  # noqa: PLC0415

            return builtin.build(scenario, device)
        case DiffusersScenario():
            from ratchet_profiler.sources import diffusers_models  # noqa: PLC0415

            return diffusers_models.build(scenario, device)
        case ServedScenario():
            from ratchet_profiler.sources import served  # noqa: PLC0415

            return served.build(scenario)
        case CallableScenario():
            from ratchet_profiler.sources import callables  # noqa: PLC0415

            return callables.build(scenario)
        case _:
            raise TypeError(f"{scenario.id}: not a scenario of any source")
