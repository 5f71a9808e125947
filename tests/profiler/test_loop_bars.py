from collections.abc import Iterator
from io import StringIO

from ratchet_profiler.sources.loop_bars import LoopBars, ObservedBar
from ratchet_profiler.stages import RequestProfiler
from tiny_workloads import assert_steps_fill, stage_of, steps_of
from tqdm import tqdm


def bar_of(items: list | None = None, total: int | None = None) -> tqdm:
    """Return a progress bar as `DiffusionPipeline.progress_bar` makes it, which draws where nobody looks."""
    return tqdm(items, total=total, file=StringIO())


def observed(bar: tqdm, request: RequestProfiler) -> ObservedBar:
    return ObservedBar(bar, request, "DenoisingStage")


def test_a_bar_that_is_entered_is_a_stage_of_steps():
    """Its life is the stage, each update a step, and the steps fill it."""
    with RequestProfiler() as request, observed(bar_of(total=3), request) as bar:
        for _ in range(3):
            bar.update()
    record = request.record("r")
    assert [step.index for step in record.steps] == [0, 1, 2]
    assert_steps_fill(record, "DenoisingStage")


def test_a_bar_that_is_iterated_is_a_stage_of_steps():
    """Some pipelines loop over the bar itself; each item is a step, the last ends with the stage."""
    with RequestProfiler() as request:
        assert list(observed(bar_of(["a", "b"]), request)) == ["a", "b"]
    record = request.record("r")
    assert len(record.steps) == 2
    assert_steps_fill(record, "DenoisingStage")


def test_a_bar_that_is_left_early_ends_its_stage():
    """`break` in the second item: the stage ends, and the running step is not counted."""
    with RequestProfiler() as request:
        for item in observed(bar_of(["a", "b", "c"]), request):
            if item == "b":
                break
        with request.stage("DecodingStage"):
            pass
    record = request.record("r")
    assert [stage.parent for stage in record.stages] == [None, None]
    assert [step.index for step in record.steps] == [0]


def test_a_generator_that_gives_up_ends_its_stage():
    """A pipeline that streams its steps may be closed by who asked: the stage ends with the generator."""

    def steps(bar: ObservedBar) -> Iterator[object]:
        with bar:
            for item in range(3):
                yield item
                bar.update()

    with RequestProfiler() as request:
        stream = steps(observed(bar_of(total=3), request))
        next(stream)
        next(stream)
        stream.close()
        with request.stage("DecodingStage"):
            pass
    record = request.record("r")
    assert [(stage.name, stage.parent) for stage in record.stages] == [
        ("DenoisingStage", None),
        ("DecodingStage", None),
    ]
    assert len(steps_of(record, "DenoisingStage")) == 1


def test_a_bar_that_is_closed_ends_its_stage():
    """Pipelines that do not use `with` close the bar; everything else reaches the bar itself."""
    inner = bar_of(total=1)
    with RequestProfiler() as request:
        bar = observed(inner, request)
        bar.update()
        bar.set_postfix(loss=1)
        bar.close()
    assert (inner.n, inner.postfix, inner.disable, len(bar)) == (1, "loss=1", True, 1)
    assert_steps_fill(request.record("r"), "DenoisingStage")


def test_a_bar_that_is_made_early_begins_with_the_first_forward_pass():
    """LTX-2's DFR pipeline makes its bar before it prepares: what is prepared is no part of the loop."""
    with RequestProfiler() as request:
        bars = LoopBars(request, "DenoisingStage")
        bar = bars.observed(bar_of(total=1))
        with request.stage("LatentPreparationStage"):
            pass
        bars.begin()
        request.count_forward("transformer")
        bar.update()
        bar.close()
    record = request.record("r")
    assert [(s.name, s.parent) for s in record.stages] == [
        ("LatentPreparationStage", None),
        ("DenoisingStage", None),
    ]
    assert [step.forwards for step in record.steps] == [{"transformer": 1}]
    assert_steps_fill(record, "DenoisingStage")


def test_bars_one_after_the_other_are_occurrences():
    """A video made in segments has a loop each: their steps stay apart."""
    with RequestProfiler() as request:
        bars = LoopBars(request, "DenoisingStage")
        for steps in (2, 1):
            with bars.observed(bar_of(total=steps)) as bar:
                for _ in range(steps):
                    bar.update()
    record = request.record("r")
    assert [(s.occurrence, s.parent) for s in record.stages] == [(0, None), (1, None)]
    assert [(step.stage_id, step.index) for step in record.steps] == [(0, 0), (0, 1), (1, 0)]


def test_the_innermost_of_nested_bars_has_the_steps():
    """Marigold has a bar around its bar: no time is counted twice, no stage is inside of another."""
    with RequestProfiler() as request:
        bars = LoopBars(request, "DenoisingStage")
        for _prediction in bars.observed(bar_of(["a", "b"])):
            for _timestep in bars.observed(bar_of([2, 1])):
                bars.begin()
                request.count_forward("unet")
        with request.stage("DecodingStage"):
            pass
    record = request.record("r")
    assert [(s.name, s.parent) for s in record.stages] == [
        ("DenoisingStage", None),  # the outer bar until the inner one begins
        ("DenoisingStage", None),
        ("DenoisingStage", None),
        ("DecodingStage", None),
    ]
    assert [(s.stage_id, s.index, s.forwards) for s in record.steps] == [
        (1, 0, {"unet": 1}),
        (1, 1, {"unet": 1}),
        (2, 0, {"unet": 1}),
        (2, 1, {"unet": 1}),
    ]


def test_a_bar_that_nobody_closes_ends_with_the_observation():
    """It has not ended by itself, so its last step ends with its update."""
    with RequestProfiler() as request:
        bars = LoopBars(request, "DenoisingStage")
        bars.observed(bar_of(total=2)).update()
        bars.end()
        bars.end()
    record = request.record("r")
    assert stage_of(record, "DenoisingStage").error is None
    assert [step.index for step in record.steps] == [0]


def test_no_bar_is_no_bar():
    """Kandinsky's combined pipelines hand the call on and return nothing."""
    with RequestProfiler() as request:
        bars = LoopBars(request, "DenoisingStage")
        assert bars.observed(None) is None
        bars.begin()
        bars.end()
    assert request.record("r").stages == ()
