from typing import Any

import numpy as np
import pytest
from ratchet_profiler.sources.observation import observe
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler
from tiny_workloads import assert_steps_fill, measured, stage_of, state_of, workload

pytestmark = [
    # torch and transformers announce their own future while they are imported; not ours to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def flux() -> Workload:
    some = workload(pipeline="flux", width=32, height=32, steps=3)
    # A pipeline remembers its last request in attributes that it does not have before the first one.
    measured(some)
    return some


def image(pipe: Any, **fields: object) -> np.ndarray:
    import torch  # noqa: PLC0415 - only tests that build a pipeline need it

    call = {"prompt": "a cat", "width": 32, "height": 32, "num_inference_steps": 3, "output_type": "np"}
    generator = torch.Generator().manual_seed(3)
    return pipe(**(call | fields), max_sequence_length=48, generator=generator).images


def test_observing_is_visible_only_while_it_lasts(flux: Workload):
    """The pipeline has other attributes and hooks inside of the block, and its own after it."""
    (pipe,) = flux.pipelines
    before = state_of(pipe)
    with RequestProfiler() as request, observe(pipe, request):
        assert state_of(pipe) != before
    assert state_of(pipe) == before


def test_an_attribute_that_the_instance_had_comes_back(flux: Workload):
    """An engine's own replacement is watched, called, and put back."""
    (pipe,) = flux.pipelines
    called = []
    pipe.check_inputs = lambda *_args, **_kwargs: called.append("engine")
    own = pipe.check_inputs
    try:
        with RequestProfiler() as request, observe(pipe, request):
            image(pipe)
        assert vars(pipe)["check_inputs"] is own
    finally:
        del pipe.check_inputs
    assert called == ["engine"]
    assert request.record("r").stages[0].name == "InputValidationStage"


def test_what_somebody_else_puts_there_meanwhile_stays(flux: Workload):
    """Offloading and caches replace methods too: theirs are not undone."""
    (pipe,) = flux.pipelines

    def theirs(*_args: object, **_kwargs: object) -> None:
        """Check nothing."""

    try:
        with RequestProfiler() as request, observe(pipe, request):
            pipe.check_inputs = theirs
        assert vars(pipe)["check_inputs"] is theirs
    finally:
        del pipe.check_inputs


def test_an_exception_leaves_nothing_behind_and_is_recorded(flux: Workload):
    """The third forward fails: two steps are kept, the stage has the error, the pipeline is as it was."""
    (pipe,) = flux.pipelines
    before = state_of(pipe)
    calls = []

    def fail_third(_module: object, _args: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("out of memory")

    handle = pipe.transformer.register_forward_pre_hook(fail_third)
    try:
        with pytest.raises(RuntimeError, match="out of memory"), RequestProfiler() as request:
            flux.request(request)
    finally:
        handle.remove()
    assert state_of(pipe) == before
    record = request.record("r")
    assert [(s.name, s.error) for s in record.stages][-1] == ("DenoisingStage", "RuntimeError: out of memory")
    assert [step.index for step in record.steps] == [0, 1]


def test_the_callback_of_the_user_still_works(flux: Workload):
    """It is called in every step, and what it returns is what the next step works with."""
    (pipe,) = flux.pipelines
    seen = []

    def halve(_pipe: object, step: int, _timestep: object, tensors: dict) -> dict:
        seen.append(step)
        return {"latents": tensors["latents"] / 2}

    plain = image(pipe, callback_on_step_end=halve)
    with RequestProfiler() as request, observe(pipe, request):
        watched = image(pipe, callback_on_step_end=halve)
    assert seen == [0, 1, 2] * 2
    assert np.array_equal(plain, watched)
    assert not np.array_equal(plain, image(pipe))
    assert_steps_fill(request.record("r"), "DenoisingStage")


def test_a_loop_that_is_interrupted_keeps_the_steps_it_finished(flux: Workload):
    """Diffusers' own way to stop: the rest of the loop is the stage's, no step is made longer."""
    (pipe,) = flux.pipelines

    def stop(pipe: Any, step: int, _timestep: object, tensors: dict) -> dict:
        pipe._interrupt = step == 0
        return tensors

    with RequestProfiler() as request, observe(pipe, request):
        image(pipe, callback_on_step_end=stop)
    record = request.record("r")
    denoising = stage_of(record, "DenoisingStage")
    assert (len(record.steps), denoising.error) == (1, None)
    assert record.steps[0].host_ms < denoising.host_ms
