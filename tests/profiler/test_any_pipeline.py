"""Pipelines of shapes that diffusers has, and no built-in scenario."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from ratchet_profiler.sources.observation import observe
from ratchet_profiler.stages import RequestProfiler
from tiny_workloads import assert_steps_fill, state_of


class Pipeline(DiffusionPipeline):
    """A denoiser, an upsampler and no loop yet."""

    def __init__(self, unet: object, latent_upsampler: object, scheduler: object) -> None:
        """Take what the class declares, as `from_pretrained` does."""
        super().__init__()
        self.register_modules(unet=unet, latent_upsampler=latent_upsampler, scheduler=scheduler)
        self.set_progress_bar_config(disable=True)

    @classmethod
    def made(cls) -> Any:
        """Return one with random weights."""
        torch.manual_seed(0)
        return cls(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2), FlowMatchEulerDiscreteScheduler())

    def encode_prompt(self) -> torch.Tensor:
        """Return what every prompt means."""
        return torch.ones(1, 2)


class WithoutBar(Pipeline):
    """As the latent upsamplers: no steps."""

    def prepare_latents(self) -> torch.Tensor:
        """Encode the prompt on the way."""
        return self.encode_prompt()

    def __call__(self) -> torch.Tensor:
        """Upsample."""
        return self.latent_upsampler(self.prepare_latents())


class LeavesItsBarOpen(Pipeline):
    """As none should: the bar is made, used, and forgotten."""

    def __call__(self) -> None:
        """Denoise once."""
        bar = self.progress_bar(total=1)
        self.unet(self.encode_prompt())
        bar.update()


class CopiesItsScheduler(Pipeline):
    """As LTX-2: one schedule for video, a copy for sound."""

    def __call__(self) -> int:
        """Denoise twice in each step; return how many steps were gone."""
        sound = deepcopy(self.scheduler)
        for scheduler in (self.scheduler, sound):
            scheduler.set_timesteps(2)
        latents = [self.encode_prompt(), self.encode_prompt()]
        with self.progress_bar(total=2) as bar:
            for t, t_sound in zip(self.scheduler.timesteps, sound.timesteps, strict=True):
                latents[0] = self.scheduler.step(self.unet(latents[0]), t, latents[0])[0]
                latents[1] = sound.step(self.unet(latents[1]), t_sound, latents[1])[0]
                bar.update()
        return self.scheduler.step_index


class Combined(DiffusionPipeline):
    """As Kandinsky's: its parts are pipelines, and it has no loop of its own."""

    def __init__(self, prior_unet: torch.nn.Module) -> None:
        """Share the denoiser with the part."""
        super().__init__()
        self.register_modules(prior_unet=prior_unet)
        self.part = CopiesItsScheduler(prior_unet, None, FlowMatchEulerDiscreteScheduler())

    def progress_bar(self, iterable: Any = None, total: Any = None) -> None:
        """Hand the call on, and return nothing."""
        self.part.progress_bar(iterable=iterable, total=total)

    def __call__(self) -> object:
        """Let the part do it."""
        self.progress_bar(total=1)
        return self.part()


def record_of(pipe: DiffusionPipeline, error: str | None = None) -> Any:
    before = state_of(pipe)
    with RequestProfiler() as request, torch.no_grad():
        if error is None:
            with observe(pipe, request):
                pipe()
        else:
            with pytest.raises(RuntimeError, match=error), observe(pipe, request):
                pipe()
    assert state_of(pipe) == before
    return request.record("r")


def test_a_pipeline_without_a_progress_bar_has_the_stages_of_its_methods():
    """It has no steps; a prompt that is encoded while latents are prepared is part of that stage."""
    record = record_of(WithoutBar.made())
    assert [(stage.name, stage.parent) for stage in record.stages] == [
        ("LatentPreparationStage", None),
        ("TextEncodingStage", 0),
        ("UpsampleStage", None),
    ]
    assert record.steps == ()


def test_what_a_called_component_raises_is_the_error_of_its_stage():
    """The stage of a module that fails ends with the error, although hooks are not told of it."""
    pipe = WithoutBar.made()
    pipe.latent_upsampler = torch.nn.Linear(3, 3)
    record = record_of(pipe, error="mat1 and mat2")
    (error,) = [stage.error for stage in record.stages if stage.name == "UpsampleStage"]
    assert error is not None
    assert error.startswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied")


def test_a_bar_that_is_left_open_ends_with_the_observation():
    """What is done with the output after the pipeline is no denoising."""
    pipe = LeavesItsBarOpen.made()
    with RequestProfiler() as request:
        with observe(pipe, request):
            pipe()
        with request.stage("SavingStage"):
            pass
    record = request.record("r")
    assert [(stage.name, stage.parent) for stage in record.stages] == [
        ("TextEncodingStage", None),
        ("DenoisingStage", None),
        ("SavingStage", None),
    ]
    assert_steps_fill(record, "DenoisingStage")


def test_a_copied_scheduler_works_as_ever():
    """Nothing is put on a scheduler that its copy would take along: both go their two steps."""
    pipe = CopiesItsScheduler.made()
    record = record_of(pipe)
    assert pipe.scheduler.step_index == 2
    assert [step.forwards for step in record.steps] == [{"unet": 2}] * 2
    assert_steps_fill(record, "DenoisingStage")


def test_the_parts_of_a_combined_pipeline_are_watched():
    """The part has stages and steps; the denoiser that both know is counted once."""
    record = record_of(Combined(torch.nn.Linear(2, 2)))
    assert [stage.name for stage in record.stages] == ["TextEncodingStage"] * 2 + ["DenoisingStage"]
    assert [step.forwards for step in record.steps] == [{"prior_unet": 2}] * 2
    assert_steps_fill(record, "DenoisingStage")


@pytest.mark.parametrize("in_place", [False, True], ids=["wrapped", "in_place"])
def test_a_compiled_denoiser_is_counted_and_not_compiled_again(in_place: bool):  # noqa: FBT001 - a parameter
    """Each request puts its own hooks on it; the graph of the first one is used by all."""
    from torch._dynamo import reset  # noqa: PLC0415 - imports the compiler
    from torch._dynamo.utils import counters  # noqa: PLC0415

    reset()
    counters.clear()
    pipe = CopiesItsScheduler.made()
    if in_place:
        pipe.unet.compile(backend="eager")
    else:
        pipe.unet = torch.compile(pipe.unet, backend="eager")
    records = [record_of(pipe) for _ in range(2)]
    assert [step.forwards for record in records for step in record.steps] == [{"unet": 2}] * 4
    assert counters["stats"]["unique_graphs"] == 1
