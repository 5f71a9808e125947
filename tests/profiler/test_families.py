from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest
from ratchet_profiler.record import RequestRecord
from ratchet_profiler.scenarios import Family, builtin_scenarios
from ratchet_profiler.sources import builtin
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler
from tiny_workloads import VIDEO, assert_steps_fill, measured, occurrences, state_of, steps_of, workload

pytestmark = [
    # torch and transformers announce their own future while they are imported; not ours to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

IMAGE = {"width": 32, "height": 32}
SMALL = {
    "dual_tower": VIDEO | {"steps": 2},
    "flux": IMAGE | {"steps": 2},
    "hunyuan_video": VIDEO | {"steps": 2},
    "lcm": IMAGE | {"steps": 2},
    "ltx2": VIDEO | {"steps": 2},
    "ltx2_two_stage": VIDEO | {"steps": 2, "refinement_steps": 1},
    "ltx_two_stage": VIDEO | {"frames": 9, "steps": 2, "refinement_steps": 1},
    "qwen_image": IMAGE | {"steps": 2},
    "wan": VIDEO | {"steps": 1},
    "wan_few_step": VIDEO | {"steps": 3},
    "wan_two_experts": VIDEO | {"steps": 6},
}
"""Each family with as few steps as show how it denoises."""

ENDS = (("DecodingStage", 0), ("PostProcessingStage", 0))
SOUND_ENDS = (*ENDS, ("AudioDecodingStage", 0), ("VocoderStage", 0))


def begins(*names: str, occurrence: int = 0) -> tuple[tuple[str, int], ...]:
    return tuple((name, occurrence) for name in ("InputValidationStage", "TextEncodingStage", *names))


DENOISING = ("LatentPreparationStage", "DenoisingStage")
SOUND = ("TextConnectorStage", "LatentPreparationStage", "AudioLatentPreparationStage")
STAGES = {
    "dual_tower": (
        ("TextEncodingStage", 0),
        ("LatentPreparationStage", 0),
        ("DenoisingStage", 0),
        ("DecodingStage", 0),
        ("AudioDecodingStage", 0),
    ),
    "flux": (*begins(*DENOISING), *ENDS),
    "hunyuan_video": (*begins(*DENOISING), *ENDS),
    "lcm": (
        *begins(*DENOISING),
        ("DecodingStage", 0),
        ("SafetyCheckStage", 0),
        ("PostProcessingStage", 0),
    ),
    "ltx2": (*begins(*SOUND, "DenoisingStage"), *SOUND_ENDS),
    "ltx2_two_stage": (
        *begins(*SOUND, "DenoisingStage"),
        ("UpsampleStage", 0),
        *begins(*SOUND, occurrence=1),
        ("RefinementStage", 0),
        *SOUND_ENDS,
    ),
    "ltx_two_stage": (
        *begins(*DENOISING),
        ("UpsampleStage", 0),
        *begins("LatentPreparationStage", occurrence=1),
        ("RefinementStage", 0),
        *ENDS,
    ),
    # The prompt and the negative prompt are encoded one after the other: both are kept.
    "qwen_image": (
        *begins(),
        ("TextEncodingStage", 1),
        ("LatentPreparationStage", 0),
        ("DenoisingStage", 0),
        *ENDS,
    ),
    "wan": (*begins(*DENOISING), *ENDS),
    "wan_few_step": (*begins(*DENOISING), *ENDS),
    "wan_two_experts": (*begins(*DENOISING), *ENDS),
}
"""Name and occurrence, in the order in which they ran."""

ONE = {"transformer": 1}
FORWARDS = {
    "dual_tower": {"DenoisingStage": [{"video_tower": 2, "audio_tower": 2}] * 2},
    "flux": {"DenoisingStage": [ONE] * 2},
    "hunyuan_video": {"DenoisingStage": [ONE] * 2},
    "lcm": {"DenoisingStage": [{"unet": 1}] * 2},
    "ltx2": {"DenoisingStage": [{"transformer": 3}] * 2},
    "ltx2_two_stage": {"DenoisingStage": [ONE] * 2, "RefinementStage": [ONE]},
    "ltx_two_stage": {"DenoisingStage": [ONE] * 2, "RefinementStage": [ONE]},
    "qwen_image": {"DenoisingStage": [{"transformer": 2}] * 2},
    "wan": {"DenoisingStage": [{"transformer": 2}]},
    "wan_few_step": {"DenoisingStage": [ONE] * 3},
    "wan_two_experts": {"DenoisingStage": [{"transformer": 2}] * 3 + [{"transformer_2": 2}] * 3},
}
"""The forward passes of each step of each denoising stage."""


@dataclass(frozen=True)
class Watched:
    """A family, and what two of its requests did: one that nobody watched, one that was observed."""

    workload: Workload
    plain: dict[str, np.ndarray]
    observed: dict[str, np.ndarray]
    record: RequestRecord
    before: list[dict]
    after: list[dict]


@contextmanager
def nobody_watching(*_args: object, **_kwargs: object) -> Iterator[None]:
    """Stand where `observe` stands, and do nothing."""
    yield


@cache
def watched(family: str) -> Watched:
    some = workload(pipeline=family, **SMALL[family])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtin, "observe", nobody_watching)
        plain, unwatched = measured(some)
    assert family == "dual_tower" or not unwatched.steps  # which tells of its steps itself
    before = states(some)
    observed, record = measured(some)
    return Watched(some, arrays(plain), arrays(observed), record, before, states(some))


def states(some: Workload) -> list[dict]:
    return [state_of(pipe) for pipe in some.pipelines if hasattr(pipe, "components")]


def arrays(output: Any) -> dict[str, np.ndarray]:
    """Return the pictures and the sound of an output."""
    given = {name: getattr(output, name, None) for name in ("images", "frames", "audio")}
    return {name: np.asarray(value) for name, value in given.items() if value is not None}


FAMILIES = get_args(Family)
families: Callable = pytest.mark.parametrize("family", FAMILIES)


@families
def test_a_request_goes_through_its_stages(family: str):
    """The record names every stage, in the order in which they ran, one beside the other."""
    assert occurrences(watched(family).record) == list(STAGES[family])


@families
def test_each_step_has_its_forward_passes(family: str):
    """How often each denoiser ran is told step by step, and so is which of two experts ran."""
    record = watched(family).record
    told = {stage: [step.forwards for step in steps_of(record, stage)] for stage in FORWARDS[family]}
    assert told == FORWARDS[family]
    assert len(record.steps) == sum(len(steps) for steps in told.values())


@families
def test_the_steps_add_up_to_their_stage(family: str):
    """Exactly: steps share their boundaries, and the last ends with the stage."""
    for stage in FORWARDS[family]:
        assert [step.index for step in steps_of(watched(family).record, stage)] == list(
            range(len(FORWARDS[family][stage]))
        )
        assert_steps_fill(watched(family).record, stage)


@families
def test_observing_changes_no_bit_of_the_output(family: str):
    """Pictures and sound are the same with and without, and they are numbers."""
    plain, observed = watched(family).plain, watched(family).observed
    assert plain.keys() == observed.keys() != set()
    for name, value in plain.items():
        assert np.array_equal(value, observed[name])
        assert np.isfinite(value).all()


@families
def test_observing_leaves_nothing_behind(family: str):
    """Every attribute and hook of the pipelines and their components is what it was."""
    assert watched(family).after == watched(family).before


@families
def test_what_fails_in_a_step_is_recorded_and_leaves_nothing_behind(family: str):
    """The first forward pass fails: the denoising stage has the error and no step, all is as before."""
    some = watched(family).workload
    before = states(some)

    def fail(_module: object, _args: object) -> None:
        raise RuntimeError("out of memory")

    (pipe, *_) = some.pipelines
    denoiser = next(getattr(pipe, name) for name in ("transformer", "unet", "towers") if hasattr(pipe, name))
    handle = denoiser.register_forward_pre_hook(fail)
    try:
        with pytest.raises(RuntimeError, match="out of memory"), RequestProfiler() as request:
            some.request(request)
    finally:
        handle.remove()
    record = request.record("r")
    assert (record.stages[-1].name, record.stages[-1].error) == (
        "DenoisingStage",
        "RuntimeError: out of memory",
    )
    assert record.steps == ()
    assert states(some) == before


@families
def test_another_seed_is_another_output(family: str):
    """The seed of the scenario is the one that is used."""
    other, _ = measured(workload(pipeline=family, **SMALL[family], seed=4))
    for name, value in arrays(other).items():
        assert not np.array_equal(value, watched(family).observed[name])


def test_every_family_is_a_builtin_scenario():
    """Each way of denoising runs with `--scenario '*'`, and three of them are the demo's."""
    scenarios = builtin_scenarios()
    assert sorted(scenario.pipeline for scenario in scenarios) == sorted(FAMILIES)
    assert [s.id for s in scenarios if "_tiny_" in s.id] == [
        "flux_tiny_t2i",
        "wan_tiny_t2v",
        "ltx_2_tiny_two_stage_t2v",
    ]
    assert all("_mini_" in s.id for s in scenarios[3:])
