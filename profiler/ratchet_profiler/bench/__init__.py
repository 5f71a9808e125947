"""`ratchet-profiler bench`: what profiling costs a whole request, and whether its step times are true.

Beside the step times of the device's events stand those of the host's clock, the kernels' own time by
torch.profiler, and the time that the device's matrix rate would allow.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from time import perf_counter_ns
from typing import Any, Final, cast

import torch
from torch.profiler import ProfilerActivity, profile

from ratchet_profiler.bench.models import Model, built, cost, real_models, tiny_models
from ratchet_profiler.stages import RequestProfiler
from ratchet_profiler.timers import NS_PER_MS, Timer, is_cpu, timer_for

ROUNDS: Final = 3
"""Rounds of the three ways, interleaved; their medians are reported."""
PROFILED_STEPS: Final = 3
"""Steps that torch.profiler watches. Chosen: they agree, and each has thousands of kernels."""
GEMM_SIDE: Final = 8192
"""Rows and columns of the matrices whose product gives the rate: large enough to fill an H100."""
TINY_GEMM_SIDE: Final = 256
GEMMS: Final = 20
"""Products; the median counts."""
ACTIVITIES: Final = {
    "cpu": ProfilerActivity.CPU,
    "cuda": ProfilerActivity.CUDA,
    "xpu": ProfilerActivity.XPU,
}
"""Whose time torch.profiler can report."""
US_PER_MS: Final = 1e3

Step = Callable[[], object]


@dataclass(frozen=True)
class Bench:
    """What was measured of one model; times in milliseconds."""

    model: str
    parameters: int
    forward_flop: int
    forwards: int
    without_ms: float
    """All steps, from an idle device to an idle device, nothing recorded."""
    events_ms: float
    """The same with events at the steps' boundaries."""
    synchronize_ms: float
    """The same with a wait for the device after every step."""
    host_ms: tuple[float, ...]
    """Each step on the host's clock."""
    device_ms: tuple[float, ...]
    """Each step of the same request by events; empty on a CPU, where the host's clock is the truth."""
    watched: tuple[tuple[float, float], ...]
    """(step, sum of its kernels by torch.profiler); empty where torch.profiler does not know the device."""
    gemm_flop_per_s: float

    @property
    def step_ms(self) -> float:
        """The middle step on the best clock."""
        return median(self.device_ms or self.host_ms)

    @property
    def bound_ms(self) -> float:
        """What a step would take at the measured matrix rate."""
        return self.forward_flop * self.forwards / self.gemm_flop_per_s * 1e3


def benches(size: str, device: str, steps: int) -> Iterator[Bench]:
    """Measure each model and yield what was found.

    Args:
        size: "real" or "tiny".
        device: As torch names it.
        steps: Steps of a request, at least one.
    """
    dtype = torch.float32 if is_cpu(device) else torch.bfloat16
    timer = timer_for(device)
    rate = gemm_flop_per_s(device, dtype, timer, TINY_GEMM_SIDE if size == "tiny" else GEMM_SIDE)
    for model in tiny_models() if size == "tiny" else real_models():
        yield _bench(model, device, dtype, timer, steps, rate)
        gc.collect()


def gemm_flop_per_s(device: str, dtype: torch.dtype, timer: Timer, side: int) -> float:
    """Return the rate at which the device multiplies square matrices, in operations a second."""
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    multiply = partial(torch.matmul, left, right)
    _step_times_ms(_request(multiply, timer, GEMMS))
    host_ms, device_ms = _step_times_ms(_request(multiply, timer, GEMMS))
    return float(2 * side**3 / (median(device_ms or host_ms) / 1e3))


def as_json(bench: Bench) -> Mapping[str, Any]:
    """Return what was measured as plain values, with what follows from it."""
    return asdict(bench) | {"step_ms": bench.step_ms, "bound_ms": bench.bound_ms}


def lines(bench: Bench) -> Iterator[str]:
    """Yield what was measured, for a person."""
    yield (
        f"{bench.model}: {bench.parameters / 1e9:.3g} B parameters, {bench.forward_flop / 1e12:.3g} TFLOP a "
        f"forward, {bench.forwards} a step"
    )
    yield (
        f"  wall of {len(bench.host_ms)} steps  without {bench.without_ms:.1f} ms"
        f", events {_against(bench.events_ms, bench.without_ms)}"
        f", synchronize every step {_against(bench.synchronize_ms, bench.without_ms)}"
    )
    yield f"  steps, host     {_row(bench.host_ms)}"
    yield f"  steps, events   {_row(bench.device_ms) or 'none: a CPU has no other clock than the host'}"
    pairs = (f"{step:.2f}/{kernels:.2f} = {step / kernels:.3f}" for step, kernels in bench.watched if kernels)
    yield f"  step / kernels  {'  '.join(pairs) or 'torch.profiler does not know this device'}"
    yield (
        f"  step / bound    {bench.step_ms:.2f}/{bench.bound_ms:.2f} = {bench.step_ms / bench.bound_ms:.2f}"
        f" at {bench.gemm_flop_per_s / 1e12:.3g} TFLOP/s measured"
    )


def _bench(model: Model, device: str, dtype: torch.dtype, timer: Timer, steps: int, rate: float) -> Bench:
    size = cost(model)
    step = _step(model, device, dtype)
    synchronize = cast("Callable[[], None]", torch.get_device_module(device).synchronize)
    _repeat(step, steps)
    without_ms, events_ms, synchronize_ms = _walls_ms(
        (
            partial(_repeat, step, steps),
            lambda: _request(step, timer, steps).release(),
            partial(_repeat, step, steps, synchronize),
        ),
        synchronize,
    )
    host_ms, device_ms = _step_times_ms(_request(step, timer, steps))
    return Bench(
        model=model.name,
        parameters=size.parameters,
        forward_flop=size.forward_flop,
        forwards=model.forwards,
        without_ms=without_ms,
        events_ms=events_ms,
        synchronize_ms=synchronize_ms,
        host_ms=host_ms,
        device_ms=device_ms,
        watched=tuple(_watched(step, device, timer)),
        gemm_flop_per_s=rate,
    )


def _step(model: Model, device: str, dtype: torch.dtype) -> Step:
    """Return what does one step: as many forward passes as the model needs, in inference mode."""
    module = built(model, device, dtype)
    inputs = model.inputs(torch.device(device), dtype)

    def step() -> None:
        with torch.no_grad():
            for _ in range(model.forwards):
                module(**inputs)

    return step


def _repeat(step: Step, steps: int, after_each: Callable[[], None] | None = None) -> None:
    for _ in range(steps):
        step()
        if after_each:
            after_each()


def _request(step: Step, timer: Timer, steps: int) -> RequestProfiler:
    """Return an ended request of so many steps, recorded as any pipeline's are."""
    with RequestProfiler(timer) as request:
        loop = request.loop("DenoisingStage", steps)
        for _ in range(steps):
            step()
            loop.boundary()
        loop.finish()
    return request


def _step_times_ms(request: RequestProfiler) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the steps of a request on the host's clock and on the device's, and give its events back."""
    steps = request.record("bench").steps
    request.release()
    device_ms = [step.device_ms for step in steps if step.device_ms is not None]
    return tuple(step.host_ms for step in steps), tuple(device_ms)


def _walls_ms(ways: Sequence[Callable[[], None]], synchronize: Callable[[], None]) -> list[float]:
    """Return the median wall of each way, from an idle device to an idle device, over interleaved rounds."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, walls_ms in zip(ways, taken, strict=True):
            synchronize()
            begin_ns = perf_counter_ns()
            way()
            synchronize()
            walls_ms.append((perf_counter_ns() - begin_ns) / NS_PER_MS)
    return [median(walls_ms) for walls_ms in taken]


def _watched(step: Step, device: str, timer: Timer) -> Iterator[tuple[float, float]]:
    """Yield (the step by our clock, the time of its kernels by torch.profiler), one step a time."""
    activity = ACTIVITIES.get(device.partition(":")[0])
    if activity is None:
        return
    for _ in range(PROFILED_STEPS):
        with profile(activities=[activity]) as watch:
            host_ms, device_ms = _step_times_ms(_request(step, timer, 1))
        yield (device_ms or host_ms)[0], _kernels_ms(watch, activity)


def _kernels_ms(watch: profile, activity: ProfilerActivity) -> float:
    """Return the sum of all that ran: kernels on a device, operators on a CPU."""
    name = "self_cpu_time_total" if activity is ProfilerActivity.CPU else "self_device_time_total"
    events: Sequence[Any] = watch.key_averages()
    return float(sum(getattr(event, name) for event in events)) / US_PER_MS


def _against(found_ms: float, without_ms: float) -> str:
    return f"{found_ms:.1f} ms ({found_ms / without_ms - 1:+.2%})"


def _row(times_ms: Sequence[float]) -> str:
    return " ".join(f"{ms:.2f}" for ms in times_ms)
