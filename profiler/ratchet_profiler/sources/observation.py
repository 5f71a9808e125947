"""Watches a diffusers pipeline from outside: which stages it goes through, and where its steps begin and end.

Nothing of the pipeline is changed but attributes and hooks of its instances, and those only while it is
watched: no tensor is touched, outputs are the same bit for bit. The progress bar is the seam of the steps,
because 178 of the 187 pipelines of diffusers 0.42.1 have one. The scheduler is left alone: LTX2 copies it
together with whatever was put on it. The blocks of a modular pipeline are the seams of its stages.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from ratchet_profiler.sources.blocks import observed_blocks
from ratchet_profiler.sources.loop_bars import LoopBars
from ratchet_profiler.stages import RequestProfiler, StageProfiler

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModularPipeline

METHOD_STAGES: Final = (
    ("check_inputs", "InputValidationStage"),
    ("encode_prompt", "TextEncodingStage"),
    ("_encode_prompt", "TextEncodingStage"),
    ("encode_image", "ImageEncodingStage"),
    ("_encode_image", "ImageEncodingStage"),
    ("prepare_ip_adapter_image_embeds", "ImageEncodingStage"),
    ("prepare_latents", "LatentPreparationStage"),
    ("prepare_image_latents", "ImageLatentPreparationStage"),
    ("prepare_mask_latents", "MaskLatentPreparationStage"),
    ("prepare_audio_latents", "AudioLatentPreparationStage"),
    ("run_safety_checker", "SafetyCheckStage"),
)
"""Methods of a pipeline, and the stage each of them is, in sglang's words where it has one."""

COMPONENT_STAGES: Final = (
    ("vae", "encode", "ImageVAEEncodingStage"),
    ("vae", "decode", "DecodingStage"),
    ("movq", "decode", "DecodingStage"),
    ("vqgan", "decode", "DecodingStage"),
    ("vqvae", "decode", "DecodingStage"),
    ("audio_vae", "decode", "AudioDecodingStage"),
    ("image_processor", "postprocess", "PostProcessingStage"),
    ("video_processor", "postprocess_video", "PostProcessingStage"),
)
"""Components of a pipeline, their methods, and the stage each of them is."""

MODULE_STAGES: Final = (
    ("connectors", "TextConnectorStage"),
    ("latent_upsampler", "UpsampleStage"),
    ("vocoder", "VocoderStage"),
)
"""Components of a pipeline that are called themselves, and the stage each of them is."""

DENOISER_PREFIXES: Final = (
    "transformer",
    "unet",
    "prior",
    "decoder",
    "controlnet",
    "unconditional_transformer",
)
"""What the names of the networks of a step begin with: Wan2.2 has `transformer` and `transformer_2`."""


@contextmanager
def observe(
    pipe: "DiffusionPipeline | ModularPipeline", request: RequestProfiler, loop_stage: str = "DenoisingStage"
) -> Iterator[None]:
    """Record what `pipe` does inside of the block as stages and steps of `request`.

    Args:
        pipe: Any diffusers pipeline. One thread calls it. Pipelines that it consists of are watched too.
        request: The request it works for.
        loop_stage: What its denoising loop is called: the second of two is a "RefinementStage".
    """
    with ExitStack() as undo:
        watch = _PipelineObserver(undo, request, loop_stage)
        watch.pipeline(pipe)
        yield


class _PipelineObserver:
    """What one `observe` has put in place: each thing once, however many pipelines share it."""

    def __init__(self, undo: ExitStack, request: RequestProfiler, loop_stage: str) -> None:
        self._undo = undo
        self._request = request
        self._bars = LoopBars(request, loop_stage)
        self._loop_stage = loop_stage
        self._watched: set[tuple[int, str]] = set()
        # A bar that nobody closed ends here.
        undo.push(lambda _kind, error, _trace: self._bars.end(error))

    def pipeline(self, pipe: Any) -> None:  # noqa: ANN401 - what a pipeline has differs from class to class
        """Watch a pipeline and the pipelines that it is combined of."""
        if not self._is_first(pipe, "pipeline"):
            return
        blocks = getattr(pipe, "_blocks", None)
        if blocks is None:
            self._stages(pipe)
            self._progress_bar(pipe)
        else:
            for loop in self._undo.enter_context(observed_blocks(blocks, self._request)):
                self._progress_bar(loop)
        # The attributes and not `components`: that refuses a pipeline which has more than its class declares.
        for name, part in list(vars(pipe).items()):
            if name.startswith(DENOISER_PREFIXES) and hasattr(part, "register_forward_pre_hook"):
                self._forwards(name, part)
            elif hasattr(part, "progress_bar"):
                self.pipeline(part)

    def _stages(self, pipe: object) -> None:
        for method, stage in METHOD_STAGES:
            self._method(pipe, method, stage)
        for component, method, stage in COMPONENT_STAGES:
            self._method(getattr(pipe, component, None), method, stage)
        for component, stage in MODULE_STAGES:
            self._module(getattr(pipe, component, None), stage)

    def _method(self, owner: object, method: str, stage: str) -> None:
        original = getattr(owner, method, None)
        if original is None or not self._is_first(owner, method):
            return

        @wraps(original)
        def observed(*args: object, **kwargs: object) -> object:
            with self._request.stage(stage):
                return original(*args, **kwargs)

        _replace(self._undo, owner, method, observed)

    def _progress_bar(self, owner: Any) -> None:  # noqa: ANN401 - a pipeline or a block
        original = owner.progress_bar

        @wraps(original)
        def progress_bar(*args: object, **kwargs: object) -> object:
            return self._bars.observed(original(*args, **kwargs))

        _replace(self._undo, owner, "progress_bar", progress_bar)

    def _module(self, module: Any, stage: str) -> None:  # noqa: ANN401 - torch is not imported here
        """Record each call of a module as a stage.

        By hooks and not by its `forward`: offloading replaces that, and compilation would look into it.
        """
        if not hasattr(module, "register_forward_pre_hook") or not self._is_first(module, "forward"):
            return
        running: list[StageProfiler] = []

        def begin(_module: object, _args: object) -> None:
            running.append(self._request.stage(stage).__enter__())

        def end(_module: object, _args: object, output: object) -> None:
            # torch calls this while it handles what the module raised; there is no output then.
            error = sys.exception() if output is None else None
            running.pop().__exit__(None, error, None)

        self._undo.callback(module.register_forward_pre_hook(begin).remove)
        self._undo.callback(module.register_forward_hook(end, always_call=True).remove)

    def _forwards(self, name: str, denoiser: Any) -> None:  # noqa: ANN401 - torch is not imported here
        """Count the forward passes of a denoiser in its steps."""

        def count(_module: object, _args: object) -> None:
            self._bars.begin()
            self._request.count_forward(name)

        if self._is_first(denoiser, "forward"):
            self._undo.callback(denoiser.register_forward_pre_hook(count).remove)

    def _is_first(self, owner: object, name: str) -> bool:
        """Return whether this is the first time that it is asked for the same owner and name."""
        key = (id(owner), name)
        is_first = key not in self._watched
        self._watched.add(key)
        return is_first


def _replace(undo: ExitStack, owner: object, name: str, value: object) -> None:
    """Set an attribute of the instance until `undo` closes; what somebody else has set by then stays.

    Past the owner's own `__setattr__`: pipelines and modules give some attributes a meaning.
    """
    attributes = vars(owner)
    had, old = name in attributes, attributes.get(name)

    def put_back() -> None:
        if attributes.get(name) is not value:
            return
        if had:
            object.__setattr__(owner, name, old)
        else:
            object.__delattr__(owner, name)

    undo.callback(put_back)
    object.__setattr__(owner, name, value)
