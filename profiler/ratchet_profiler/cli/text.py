"""A record and a list of scenarios as lines for a person to read."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean, median, median_low
from typing import Final

from ratchet_profiler.appending import commit_of
from ratchet_profiler.record import (
    Environment,
    MachineState,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    StageTiming,
    Total,
    spoilt_by,
)
from ratchet_profiler.scenarios import (
    BuiltinScenario,
    CallableScenario,
    DiffusersScenario,
    Scenario,
    ServedScenario,
)

NAME_WIDTH: Final = 32
"""Characters of the column of names. Chosen: the longest stage name of sglang's baselines has 30."""
SHA_LENGTH: Final = 7
"""Characters of a commit that are shown: as git does."""
QUIET_RATIO: Final = 1.25
"""Most by which the requests of one scenario may differ, slowest over fastest. Chosen: sglang's tolerance of
end to end, beyond which one of them would be a regression of another; a quiet machine stays far below."""
STEPS_A_LINE: Final = 10
"""Steps in one line. Chosen: they fit in 80 characters."""


def scenario_lines(scenarios: Sequence[Scenario]) -> Iterator[str]:
    """Yield one line a scenario: its id, its source, and what it asks for."""
    id_width = max(len(scenario.id) for scenario in scenarios)
    source_width = max(len(scenario.source) for scenario in scenarios)
    for scenario in scenarios:
        work = ", ".join(part for part in _work(scenario) if part)
        yield f"{scenario.id:{id_width}}  {scenario.source:{source_width}}  {work}"


def run_lines(run: RunRecord) -> Iterator[str]:
    """Yield a whole run record: where it comes from, then each scenario."""
    commit = commit_of(run.source)
    yield f"{run.environment.hardware}, {run.source.created_at:%Y-%m-%d %H:%M} UTC, commit {commit}"
    yield from environment_lines(run.environment)
    for scenario in run.scenarios:
        yield ""
        yield scenario.id
        yield from _scenario_lines(scenario)


def dirty_line(source: Source) -> str:
    """Return the warning that the record names a commit that is not quite what ran."""
    commit = (source.installed_sha or "no commit")[:SHA_LENGTH]
    return f"tracked files have uncommitted changes: the record names {commit}, which is not quite what ran"


def environment_lines(environment: Environment) -> Iterator[str]:
    """Yield the device and its state, why it spoils the times, and what is not known of it."""
    accelerator, state = environment.accelerator, environment.state
    if accelerator:
        parts = [f"{accelerator.name} x{accelerator.count}", f"driver {environment.driver or '?'}"]
        parts += [f"{state.clock_mhz} of {state.max_clock_mhz or '?'} MHz"] if state.clock_mhz else []
        parts += [f"{state.temperature_celsius:.0f} C"] if state.temperature_celsius is not None else []
        parts += state.throttle_reasons
        yield ", ".join(parts)
    if spoilt_by(state):
        yield f"invalid: {spoilt_by(state)}"
    unknown = defaultdict[str, list[str]](list)
    for name, reason in environment.absent.items():
        if name in ("accelerator", *MachineState.model_fields):
            unknown[reason].append(name)
    for reason, names in unknown.items():
        # Where there is no accelerator it goes without saying that its clock is unknown too.
        yield reason if "accelerator" in names else f"{reason} ({', '.join(names)})"


def outcome_line(scenario: ScenarioRecord) -> str:
    """Return what came of one scenario: its median end-to-end time, or why it failed; whether stages lack."""
    if scenario.error is not None:
        return f"{scenario.id}: failed: {scenario.error}"
    totals_ms = [request.total.host_ms for request in measured_requests(scenario)]
    line = f"{scenario.id}: {median(totals_ms):.1f} ms end to end, median of {len(totals_ms)}"
    unrest = unrest_of(scenario)
    line = f"{line}; warning: {unrest}" if unrest else line
    if any(request.stages for request in measured_requests(scenario)):
        return line
    return (
        f"{line}; warning: no stage was marked: such a scenario is judged by end to end alone; "
        "mark at least one stage: docs/scenarios.md"
    )


def unrest_of(scenario: ScenarioRecord) -> str | None:
    """Return that requests of the same work differ too much for a quiet machine; None where they do not."""
    totals_ms = [request.total.host_ms for request in measured_requests(scenario)]
    fastest_ms, slowest_ms = min(totals_ms, default=0.0), max(totals_ms, default=0.0)
    if slowest_ms <= QUIET_RATIO * fastest_ms or fastest_ms == 0.0:
        return None
    ratio = slowest_ms / fastest_ms
    return f"the {len(totals_ms)} requests differ by {ratio:.1f}x: this machine was not quiet"


def measured_requests(scenario: ScenarioRecord) -> tuple[RequestRecord, ...]:
    """Return the scenario's requests without its warm-ups."""
    return tuple(request for request in scenario.requests if not request.warmup)


def _work(scenario: Scenario) -> tuple[str, ...]:
    frames = f"{scenario.frames} frames" if scenario.frames else ""
    match scenario:
        case BuiltinScenario():
            refinement = f" + {scenario.refinement_steps}" if scenario.refinement_steps else ""
            size = _size(scenario.width, scenario.height)
            return scenario.pipeline, size, frames, f"{scenario.steps}{refinement} steps"
        case DiffusersScenario():
            weights = f"{scenario.weights} weights, {scenario.dtype}"
            size = _size(scenario.width, scenario.height)
            return scenario.model, weights, size, frames, _steps(scenario.steps)
        case ServedScenario():
            place = f"{scenario.model} at {scenario.url}"
            only = "" if scenario.perf_log or scenario.perf_dump else "end to end only"
            return place, _size(scenario.width, scenario.height), frames, _steps(scenario.steps), only
        case CallableScenario():
            return scenario.call, frames
        case _:
            return (frames,)


def _size(width: int | None, height: int | None) -> str:
    return f"{width or '?'}x{height or '?'}" if width or height else ""


def _steps(steps: int | None) -> str:
    return f"{steps} steps" if steps else ""


def _scenario_lines(scenario: ScenarioRecord) -> Iterator[str]:
    if scenario.error is not None:
        yield f"  failed: {scenario.error}"
    for request in scenario.requests:
        yield _time_line(request.request_id, request.total, _request_note(request))
    measured = measured_requests(scenario)
    unrest = unrest_of(scenario)
    if unrest:
        yield f"  {unrest}"
    if measured:
        middle_ms = median_low([request.total.host_ms for request in measured])
        yield from _request_lines(next(r for r in measured if r.total.host_ms == middle_ms))


def _request_note(request: RequestRecord) -> str:
    notes = ["warm-up"] if request.warmup else []
    if request.rank is not None:
        others = (f"{total.host_ms:.2f}" for total in request.rank_totals)
        notes.append(f"rank {request.rank}, by rank: {' '.join(others)}")
    return ", ".join(notes)


def _request_lines(request: RequestRecord) -> Iterator[str]:
    yield f"  {request.request_id}, the middle one, stage by stage ({request.clock} clock):"
    for stage in request.stages:
        indent = "  " if stage.parent is None else "    "
        yield _time_line(indent + stage.name, stage, stage.error or "")
        steps_ms = [step.host_ms for step in request.steps if step.stage_id == stage.id]
        yield from _step_lines(steps_ms)
    in_stages_ms = sum(stage.host_ms for stage in request.stages if stage.parent is None)
    yield _time_line("  in no stage", Total(host_ms=max(0.0, request.total.host_ms - in_stages_ms)), "")


def _step_lines(steps_ms: Sequence[float]) -> Iterator[str]:
    if not steps_ms:
        return
    yield f"      {len(steps_ms)} steps, mean {fmean(steps_ms):.2f} ms, median {median(steps_ms):.2f} ms"
    for first in range(0, len(steps_ms), STEPS_A_LINE):
        yield "      " + " ".join(f"{ms:.1f}" for ms in steps_ms[first : first + STEPS_A_LINE])


def _time_line(name: str, time: StageTiming | Total, note: str) -> str:
    device = "" if time.device_ms is None else f"  device {time.device_ms:.2f} ms"
    return f"  {name:<{NAME_WIDTH}} {time.host_ms:>12.2f} ms{device}  {note}".rstrip()
