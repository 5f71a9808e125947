from io import StringIO

import numpy as np
import pytest
from tqdm import tqdm

from profiler.pipelines import Workload, build
from profiler.pipelines.observation import ObservedBar, observe
from profiler.record import RequestRecord
from profiler.scenarios import Scenario
from profiler.stages import RequestProfiler

pytestmark = [
    # torch and transformers announce their own future while they are imported; not ours to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

MICROSECOND_MS = 0.001
VIDEO = {"width": 32, "height": 32, "frames": 5}


def workload(**fields: object) -> Workload:
    return build(Scenario.model_validate({"id": "small", "prompt": "a cat", "seed": 3} | fields), "cpu")


@pytest.fixture(scope="module")
def flux() -> Workload:
    some = workload(pipeline="flux", width=32, height=32, steps=3)
    # A pipeline remembers its last request in attributes that it does not have before the first one.
    measured(some)
    return some


@pytest.fixture(scope="module")
def wan() -> Workload:
    return workload(pipeline="wan", steps=2, **VIDEO)


@pytest.fixture(scope="module")
def ltx2() -> Workload:
    return workload(pipeline="ltx2_two_stage", steps=3, refinement_steps=2, **VIDEO)


def measured(some: Workload) -> tuple[object, RequestRecord]:
    with RequestProfiler() as request:
        output = some.request(request)
    return output, request.record("r")


def steps_of(record: RequestRecord, stage: str) -> list:
    (owner,) = [s for s in record.stages if s.name == stage]
    return [step for step in record.steps if step.stage_id == owner.id]


def assert_steps_fill(record: RequestRecord, stage: str) -> None:
    (owner,) = [s for s in record.stages if s.name == stage]
    assert abs(sum(step.host_ms for step in steps_of(record, stage)) - owner.host_ms) < MICROSECOND_MS


def state_of(pipe: object) -> dict:
    """Everything that observing could leave behind: the names, functions and hooks of all instances.

    Values that a request itself leaves in the pipeline, such as its last timestep, are not among them.
    """
    parts = {name: part for name, part in pipe.components.items() if hasattr(part, "__dict__")}
    processors = [name for name in ("image_processor", "video_processor") if hasattr(pipe, name)]
    parts |= {"pipe": pipe} | {name: getattr(pipe, name) for name in processors}
    state = {}
    for name, part in parts.items():
        for key, value in vars(part).items():
            hooks = sorted(value) if key.startswith("_forward") else None
            state[name, key] = (hooks, id(value) if callable(value) else None)
    return state


def test_an_image_goes_through_its_stages(flux: Workload):
    """The record names each stage once, in sglang's words, in the order in which they ran."""
    _, record = measured(flux)
    assert [stage.name for stage in record.stages] == [
        "InputValidationStage",
        "TextEncodingStage",
        "LatentPreparationStage",
        "DenoisingStage",
        "DecodingStage",
        "PostProcessingStage",
    ]
    assert all(stage.parent is None and stage.error is None for stage in record.stages)


def test_the_steps_add_up_to_the_denoising_stage(flux: Workload):
    """To the microsecond: steps share their boundaries and the last ends with the stage."""
    _, record = measured(flux)
    assert len(steps_of(record, "DenoisingStage")) == 3
    assert_steps_fill(record, "DenoisingStage")


def test_guidance_is_two_forwards_a_step(wan: Workload):
    """Wan passes the prompt and the negative prompt; FLUX's guidance is distilled."""
    _, record = measured(wan)
    assert [step.forwards for step in record.steps] == [{"transformer": 2}] * 2
    assert_steps_fill(record, "DenoisingStage")


def test_both_denoising_stages_keep_their_own_steps(ltx2: Workload):
    """Three steps and two, each in its stage, each adding up; nothing of the second is in the first."""
    _, record = measured(ltx2)
    for stage, steps in (("DenoisingStage", 3), ("RefinementStage", 2)):
        assert [step.index for step in steps_of(record, stage)] == list(range(steps))
        assert [step.forwards for step in steps_of(record, stage)] == [{"transformer": 1}] * steps
        assert_steps_fill(record, stage)
    assert len(record.steps) == 5


def test_two_stages_with_sound_go_through_all_of_it(ltx2: Workload):
    """The second stage validates and encodes again: those are occurrences 1, and nothing is overwritten."""
    _, record = measured(ltx2)
    twice = [
        "InputValidationStage",
        "TextEncodingStage",
        "TextConnectorStage",
        "LatentPreparationStage",
        "AudioLatentPreparationStage",
    ]
    assert [(stage.name, stage.occurrence) for stage in record.stages] == [
        *((name, 0) for name in twice),
        ("DenoisingStage", 0),
        ("UpsampleStage", 0),
        *((name, 1) for name in twice),
        ("RefinementStage", 0),
        ("DecodingStage", 0),
        ("PostProcessingStage", 0),
        ("AudioDecodingStage", 0),
        ("VocoderStage", 0),
    ]


def test_every_request_does_the_same_work(ltx2: Workload):
    """The seed makes two requests equal bit for bit, picture and sound."""
    (first, _), (second, _) = measured(ltx2), measured(ltx2)
    assert np.array_equal(first.frames, second.frames)
    assert np.array_equal(first.audio, second.audio)
    assert np.isfinite(first.frames).all()


FAMILIES = {
    "flux": {"width": 32, "height": 32, "steps": 1},
    "wan": VIDEO | {"steps": 1},
    "ltx2_two_stage": VIDEO | {"steps": 1, "refinement_steps": 1},
}


@pytest.mark.parametrize(("family", "fields"), FAMILIES.items(), ids=FAMILIES)
def test_another_seed_is_another_output(family: str, fields: dict[str, int]):
    """The seed of the scenario is the one that is used, in every family."""
    outputs = [measured(workload(pipeline=family, **fields, seed=seed))[0] for seed in (3, 3, 4)]
    first, again, other = [output.images if family == "flux" else output.frames for output in outputs]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def image(pipe: object) -> np.ndarray:
    import torch  # noqa: PLC0415 - only tests that build a pipeline need it

    call = {"prompt": "a cat", "width": 32, "height": 32, "num_inference_steps": 3, "output_type": "np"}
    return pipe(**call, max_sequence_length=48, generator=torch.Generator().manual_seed(3)).images


def test_observing_does_not_change_the_output(flux: Workload):
    """Bit for bit, with and without."""
    (pipe,) = flux.pipelines
    plain = image(pipe)
    with RequestProfiler() as request, observe(pipe, request):
        observed = image(pipe)
    assert np.array_equal(plain, observed)
    assert len(request.record("r").steps) == 3


def test_observing_leaves_nothing_behind(flux: Workload):
    """Every attribute and hook of the pipeline and its components is what it was."""
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


def test_a_loop_that_is_interrupted_keeps_the_steps_it_finished(flux: Workload):
    """Diffusers' own way to stop: the rest of the loop is the stage's, no step is made longer."""
    (pipe,) = flux.pipelines

    def stop(pipe: object, step: int, _timestep: object, tensors: dict) -> dict:
        pipe._interrupt = step == 0
        return tensors

    with RequestProfiler() as request, observe(pipe, request):
        pipe(
            prompt="a",
            width=32,
            height=32,
            num_inference_steps=3,
            callback_on_step_end=stop,
            output_type="np",
        )
    record = request.record("r")
    (denoising,) = [stage for stage in record.stages if stage.name == "DenoisingStage"]
    assert (len(record.steps), denoising.error) == (1, None)
    assert record.steps[0].host_ms < denoising.host_ms


def bar_of(items: list | None = None, total: int | None = None) -> tqdm:
    """Return a progress bar as `DiffusionPipeline.progress_bar` makes it, which draws where nobody looks."""
    return tqdm(items, total=total, file=StringIO())


def test_a_bar_that_is_iterated_is_a_stage_of_steps():
    """Some pipelines loop over the bar itself; each item is a step, the last ends with the stage."""
    with RequestProfiler() as request:
        bar = ObservedBar(bar_of(["a", "b"]), request.loop("DenoisingStage", 2))
        assert list(bar) == ["a", "b"]
    record = request.record("r")
    assert len(record.steps) == 2
    assert_steps_fill(record, "DenoisingStage")


def test_a_bar_that_is_left_early_ends_its_stage():
    """`break` in the first item: the stage ends, and the running step is not counted."""
    with RequestProfiler() as request:
        for _ in ObservedBar(bar_of(["a", "b"]), request.loop("DenoisingStage", 2)):
            break
        with request.stage("DecodingStage"):
            pass
    record = request.record("r")
    assert ([stage.parent for stage in record.stages], record.steps) == ([None, None], ())


def test_a_bar_that_is_closed_ends_its_stage():
    """Pipelines that do not use `with` close the bar; everything else reaches the bar itself."""
    inner = bar_of(total=1)
    with RequestProfiler() as request:
        bar = ObservedBar(inner, request.loop("DenoisingStage", 1))
        bar.update()
        bar.set_postfix(loss=1)
        bar.close()
    assert (inner.n, inner.postfix, inner.disable, len(bar)) == (1, "loss=1", True, 1)
    assert_steps_fill(request.record("r"), "DenoisingStage")
