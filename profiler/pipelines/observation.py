"""Watches a diffusers pipeline from outside: which stages it goes through, and where its steps begin and end.

Nothing of the pipeline is changed but attributes of the instance, and those only while it is watched: no
tensor is touched, outputs are the same bit for bit. The progress bar is the seam, because 178 of the 187
pipelines of diffusers 0.42.1 have one: its life is the denoising stage, its `update()` ends a step. The
scheduler is left alone: LTX2 copies it together with whatever was put on it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from profiler.stages import RequestProfiler, StepLoop

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline

PIPELINE_STAGES: Final = (
    ("check_inputs", "InputValidationStage"),
    ("encode_prompt", "TextEncodingStage"),
    ("encode_image", "ImageEncodingStage"),
    ("prepare_latents", "LatentPreparationStage"),
    ("prepare_image_latents", "ImageLatentPreparationStage"),
    ("prepare_audio_latents", "AudioLatentPreparationStage"),
)
"""Methods of a pipeline, and the stage each of them is, in sglang's words."""

COMPONENT_STAGES: Final = (
    ("connectors", "forward", "TextConnectorStage"),
    ("vae", "encode", "ImageVAEEncodingStage"),
    ("vae", "decode", "DecodingStage"),
    ("audio_vae", "decode", "AudioDecodingStage"),
    ("vocoder", "forward", "VocoderStage"),
    ("image_processor", "postprocess", "PostProcessingStage"),
    ("video_processor", "postprocess_video", "PostProcessingStage"),
)
"""Components of a pipeline, their methods, and the stage each of them is."""

DENOISER_PREFIXES: Final = ("transformer", "unet", "prior", "decoder")
"""What the names of a pipeline's denoisers begin with: Wan2.2 has `transformer` and `transformer_2`."""


@contextmanager
def observe(
    pipe: "DiffusionPipeline", request: RequestProfiler, loop_stage: str = "DenoisingStage"
) -> Iterator[None]:
    """Record what `pipe` does inside of the block as stages and steps of `request`.

    Args:
        pipe: Any diffusers pipeline. One thread calls it.
        request: The request it works for.
        loop_stage: What its denoising loop is called: the second of two is a "RefinementStage".
    """
    with ExitStack() as undo:
        for method, stage in PIPELINE_STAGES:
            _observe_method(undo, pipe, method, request, stage)
        for component, method, stage in COMPONENT_STAGES:
            _observe_method(undo, getattr(pipe, component, None), method, request, stage)
        _observe_progress_bar(undo, pipe, request, loop_stage)
        _count_forwards(undo, pipe, request)
        yield


def _observe_method(
    undo: ExitStack, owner: object, method: str, request: RequestProfiler, stage: str
) -> None:
    original = getattr(owner, method, None)
    if original is None:
        return

    @wraps(original)
    def observed(*args: object, **kwargs: object) -> object:
        with request.stage(stage):
            return original(*args, **kwargs)

    _replace(undo, owner, method, observed)


def _observe_progress_bar(
    undo: ExitStack, pipe: "DiffusionPipeline", request: RequestProfiler, loop_stage: str
) -> None:
    original = pipe.progress_bar

    @wraps(original)
    def progress_bar(*args: object, **kwargs: object) -> ObservedBar:
        bar = original(*args, **kwargs)
        return ObservedBar(bar, request.loop(loop_stage, bar.total))

    _replace(undo, pipe, "progress_bar", progress_bar)


def _count_forwards(undo: ExitStack, pipe: "DiffusionPipeline", request: RequestProfiler) -> None:
    for name, component in pipe.components.items():
        if name.startswith(DENOISER_PREFIXES) and hasattr(component, "register_forward_pre_hook"):
            handle = component.register_forward_pre_hook(_counter(request, name))
            undo.callback(handle.remove)


def _counter(request: RequestProfiler, denoiser: str) -> Callable[[object, object], None]:
    def count(_module: object, _args: object) -> None:
        request.count_forward(denoiser)

    return count


def _replace(undo: ExitStack, owner: object, name: str, value: object) -> None:
    """Set an attribute of the instance until `undo` closes.

    Past the owner's own `__setattr__`: pipelines and modules give some attributes a meaning.
    """
    if name in vars(owner):
        undo.callback(object.__setattr__, owner, name, vars(owner)[name])
    else:
        undo.callback(object.__delattr__, owner, name)
    object.__setattr__(owner, name, value)


class ObservedBar:
    """A progress bar whose life is a stage and whose updates end steps; all else is the bar's own."""

    def __init__(self, bar: Any, loop: StepLoop) -> None:  # noqa: ANN401 - tqdm has no types
        """Watch `bar`; the stage begins now."""
        self._bar = bar
        self._loop = loop

    def __enter__(self) -> Self:
        """Enter the bar."""
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the stage, then leave the bar."""
        self._loop.finish(error)
        self._bar.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[object]:
        """Give the bar's items; each item is a step."""
        try:
            for item in self._bar:
                yield item
                self._loop.boundary()
        finally:
            self._loop.finish()

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self._bar)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - tqdm has no types
        """Return the bar's own attribute."""
        return getattr(self._bar, name)

    def update(self, n: int = 1) -> object:
        """End the running step, then update the bar; `n` steps that ended together have one time."""
        self._loop.boundary(n)
        return self._bar.update(n)

    def close(self) -> None:
        """End the stage, then close the bar."""
        self._loop.finish()
        self._bar.close()
