"""Progress bars as seams: the life of a pipeline's bar is its denoising stage, an update ends a step."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from ratchet_profiler.stages import RequestProfiler, StepLoop


class LoopBars:
    """The progress bars that one pipeline makes in one request.

    One loop runs at a time: where another bar is made, the stage of the last one ends. So the innermost of
    nested bars has the steps, and nothing is counted twice; Marigold has a bar around its bar.
    """

    def __init__(self, request: RequestProfiler, stage: str) -> None:
        """Record every bar as a stage of this name."""
        self._request = request
        self._stage = stage
        self._last: ObservedBar | None = None

    def observed(self, bar: Any) -> "ObservedBar | None":  # noqa: ANN401 - tqdm has no types
        """Return the bar, watched; None stays None: some combined pipelines return no bar."""
        self.end()
        self._last = None if bar is None else ObservedBar(bar, self._request, self._stage)
        return self._last

    def begin(self) -> None:
        """A denoiser is about to run: what is left of the way to the loop is over."""
        if self._last is not None:
            self._last.begin()

    def end(self, error: BaseException | None = None) -> None:
        """End the stage of the last bar if it has not ended, with what was raised in it."""
        if self._last is not None:
            self._last.end(error)


class ObservedBar:
    """A progress bar whose life is a stage and whose updates end steps; all else is the bar's own.

    The stage begins where the bar is entered or iterated, or at the first forward pass: some pipelines make
    their bar long before their loop, and never enter it.
    """

    def __init__(self, bar: Any, request: RequestProfiler, stage: str) -> None:  # noqa: ANN401 - tqdm has no types
        """Watch `bar`; nothing is recorded yet."""
        self._bar = bar
        self._request = request
        self._stage = stage
        self._loop: StepLoop | None = None
        self._ended = False

    def begin(self) -> None:
        """Begin the stage. A second call changes nothing."""
        if self._loop is None and not self._ended:
            self._loop = self._request.loop(self._stage, self._bar.total)

    def end(self, error: BaseException | None = None) -> None:
        """End the stage, with what was raised in it. A second call changes nothing."""
        if self._loop is not None and not self._ended:
            self._loop.finish(error)
        self._ended = True

    def __enter__(self) -> Self:
        """Enter the bar, and begin."""
        self._bar.__enter__()
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the stage, then leave the bar."""
        self.end(error)
        self._bar.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[object]:
        """Give the bar's items; each item is a step."""
        self.begin()
        try:
            for item in self._bar:
                yield item
                self._step(1)
        finally:
            self.end()

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self._bar)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - tqdm has no types
        """Return the bar's own attribute."""
        return getattr(self._bar, name)

    def update(self, n: int = 1) -> object:
        """End the running step, then update the bar; `n` steps that ended together have one time."""
        self.begin()
        self._step(n)
        return self._bar.update(n)

    def close(self) -> None:
        """End the stage, then close the bar."""
        self.end()
        self._bar.close()

    def _step(self, steps: int) -> None:
        if self._loop is not None and not self._ended:
            self._loop.boundary(steps)
