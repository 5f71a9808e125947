"""Watches the blocks of a modular pipeline: diffusers runs what is in `sub_blocks`, so a proxy is there.

`pipe.blocks` is a copy; what runs is `pipe._blocks`. A block with a denoising loop is opened, and what stands
in it is watched: its loop has steps, and what prepares the loop does not denoise.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from types import MappingProxyType
from typing import Any, Final

from ratchet_profiler.stages import RequestProfiler

BLOCK_STAGES: Final = MappingProxyType(
    {
        "text_encoder": "TextEncodingStage",
        "image_encoder": "ImageEncodingStage",
        "vae_encoder": "ImageVAEEncodingStage",
        "set_timesteps": "TimestepPreparationStage",
        "prepare_latents": "LatentPreparationStage",
        "decode": "DecodingStage",
    }
)
"""Blocks, and the stage each of them is, in sglang's words; any other block is a stage of its own name."""


@contextmanager
def observed_blocks(blocks: Any, request: RequestProfiler) -> Iterator[list[Any]]:  # noqa: ANN401 - diffusers has no types
    """Record the blocks that run inside of the `with` block as stages of `request`.

    Yields:
        The blocks that are denoising loops, watched by nobody yet: each has a progress bar. Two families of
        diffusers 0.42.1, Helios and Wan-Animate 2, draw bars of their own in theirs and show no steps.
    """
    with ExitStack() as undo:
        watch = _BlockWatch(undo, request)
        for name in blocks.sub_blocks:
            watch.block(blocks.sub_blocks, name, name)
        yield watch.loops


class _BlockWatch:
    """What has been put in place of blocks, and the loops that were found on the way."""

    def __init__(self, undo: ExitStack, request: RequestProfiler) -> None:
        self._undo = undo
        self._request = request
        self.loops: list[Any] = []

    def block(self, siblings: dict[str, Any], key: str, name: str) -> None:
        """Watch `siblings[key]`, which is called `name`, or what it consists of."""
        block = siblings[key]
        if _is_loop(block):
            self.loops.append(block)
        elif _has_loop(block):
            for child in block.sub_blocks:
                self.block(block.sub_blocks, child, child)
        elif hasattr(block, "select_block"):
            # It runs one of its blocks or none: the one that runs is the stage.
            for child in block.sub_blocks:
                self.block(block.sub_blocks, child, name)
        else:
            self._undo.callback(siblings.__setitem__, key, block)
            siblings[key] = ObservedBlock(block, self._request, BLOCK_STAGES.get(name, name))


def _is_loop(block: Any) -> bool:  # noqa: ANN401 - diffusers has no types
    return hasattr(block, "loop_step")


def _has_loop(block: Any) -> bool:  # noqa: ANN401 - diffusers has no types
    return any(_is_loop(child) or _has_loop(child) for child in block.sub_blocks.values())


class ObservedBlock:
    """A block whose calls are stages; all else is the block's own."""

    def __init__(self, block: Any, request: RequestProfiler, stage: str) -> None:  # noqa: ANN401 - diffusers has no types
        """Watch `block`."""
        self._block = block
        self._request = request
        self._stage = stage

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Run the block as a stage."""
        with self._request.stage(self._stage):
            return self._block(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - diffusers has no types
        """Return the block's own attribute."""
        return getattr(self._block, name)

    def __deepcopy__(self, memo: dict[int, Any]) -> object:
        """Return a copy of the block, which nobody watches."""
        return deepcopy(self._block, memo)
