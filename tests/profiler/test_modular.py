from functools import cache
from io import StringIO
from typing import Any

import numpy as np
import pytest
from ratchet_profiler.record import RequestRecord
from ratchet_profiler.sources.observation import observe
from ratchet_profiler.stages import RequestProfiler
from tiny_workloads import assert_steps_fill, occurrences, steps_of, workload

pytestmark = [
    # torch and transformers announce their own future while they are imported; not ours to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

AFTER_ENCODING = [
    ("input", 0),
    ("before_denoise", 0),
    ("DenoisingStage", 0),
    ("unpack_latents", 0),
    ("DecodingStage", 0),
]


@cache
def flux() -> Any:
    """Return FLUX as a modular pipeline, with the networks of the built-in one."""
    from diffusers.modular_pipelines import FluxAutoBlocks  # noqa: PLC0415 - only tests that build need it

    (plain,) = workload(pipeline="flux", width=32, height=32, steps=1).pipelines
    networks = {name: part for name, part in plain.components.items() if part is not None}
    pipe = FluxAutoBlocks().init_pipeline()
    pipe.update_components(**networks)
    pipe._blocks.sub_blocks["denoise"].sub_blocks["denoise"].set_progress_bar_config(file=StringIO())
    return pipe


def images(pipe: Any, **fields: object) -> np.ndarray:
    import torch  # noqa: PLC0415 - only tests that build a pipeline need it

    call = {"prompt": "a cat", "width": 32, "height": 32, "num_inference_steps": 2, "max_sequence_length": 48}
    generator = torch.Generator().manual_seed(3)
    return pipe(**call, **fields, output_type="np", output="images", generator=generator)


def watched(pipe: Any, **fields: object) -> tuple[np.ndarray, RequestRecord]:
    with RequestProfiler() as request, observe(pipe, request):
        made = images(pipe, **fields)
    return made, request.record("r")


def picture() -> Any:
    from PIL import Image  # noqa: PLC0415 - only tests that build a pipeline need it

    return Image.new("RGB", (32, 32), "red")


def blocks_of(blocks: Any) -> list[tuple[str, int, list[str]]]:
    """Return every block with its identity and the names of its attributes, the inner ones too."""
    found = []
    for name, block in blocks.sub_blocks.items():
        found += [(name, id(block), sorted(vars(block))), *blocks_of(block)]
    return found


def test_the_blocks_are_the_stages():
    """The block around the loop is opened, so what prepares the loop is not in its steps."""
    _, record = watched(flux())
    assert occurrences(record) == [("TextEncodingStage", 0), *AFTER_ENCODING]


def test_a_block_that_is_chosen_by_the_inputs_is_a_stage_when_it_runs():
    """With an image the autoencoder's block runs too, under the name of the block that chose it."""
    _, record = watched(flux(), image=picture(), strength=1.0)
    assert occurrences(record) == [("TextEncodingStage", 0), ("ImageVAEEncodingStage", 0), *AFTER_ENCODING]


def test_the_loop_has_steps_with_forward_passes():
    """Two steps of one forward pass, which add up to the stage."""
    _, record = watched(flux())
    assert [step.forwards for step in steps_of(record, "DenoisingStage")] == [{"transformer": 1}] * 2
    assert_steps_fill(record, "DenoisingStage")


def test_observing_changes_no_bit_and_leaves_nothing_behind():
    """The image is the same, and every block is in its place again."""
    pipe = flux()
    plain = images(pipe)
    before, hooks = blocks_of(pipe._blocks), dict(pipe.transformer._forward_pre_hooks)
    made, _ = watched(pipe)
    assert np.array_equal(plain, made)
    assert blocks_of(pipe._blocks) == before
    assert pipe.transformer._forward_pre_hooks == hooks


def test_an_exception_in_a_step_puts_every_block_back():
    """The first forward pass fails: its stage has the error, and the next request is as ever."""
    pipe = flux()
    before = blocks_of(pipe._blocks)

    def fail(_module: object, _args: object) -> None:
        raise RuntimeError("out of memory")

    handle = pipe.transformer.register_forward_pre_hook(fail)
    try:
        with (
            pytest.raises(RuntimeError, match="out of memory"),
            RequestProfiler() as request,
            observe(pipe, request),
        ):
            images(pipe)
    finally:
        handle.remove()
    assert blocks_of(pipe._blocks) == before
    (*_, last) = request.record("r").stages
    assert (last.name, last.error) == ("DenoisingStage", "RuntimeError: out of memory")
    assert len(watched(pipe)[1].steps) == 2


def test_a_copy_of_observed_blocks_is_not_observed():
    """`pipe.blocks` copies; the copy outlives the request and must not write into it."""
    pipe = flux()
    with RequestProfiler() as request, observe(pipe, request):
        running = pipe._blocks.sub_blocks["text_encoder"]
        copied = pipe.blocks.sub_blocks["text_encoder"]
    assert type(running).__name__ == "ObservedBlock"
    assert type(copied).__name__ == "FluxTextEncoderStep"
    assert running.description == copied.description
