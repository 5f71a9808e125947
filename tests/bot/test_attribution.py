from typing import Any

import pytest
from builders import STAGES, make_request, make_values
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.data.baselines import ScenarioBaseline
from ratchet_bot.judging.attribution import Attribution, StepChanges, attribution
from ratchet_bot.judging.snapshot import snapshot

MS = st.floats(0, 1e5)
STEPS = st.lists(st.floats(0, 2000), min_size=1, max_size=60)
STAGE_NAMES = [
    "TextEncodingStage",
    "DenoisingStage",
    "LTX2RefinementStage",
    "DecodingStage",
    "per_frame_generation",
]


def attributed(old: dict[str, Any], new: dict[str, Any]) -> Attribution:
    """Return where the change from a baseline to a request with these values is."""
    taken = snapshot(make_request(**new), "host")
    assert taken
    found = attribution(ScenarioBaseline.model_validate(make_values(**old)), taken)
    assert found
    return found


def inside(steps: list[float], *, stage_ms: float | None = None) -> StepChanges:
    """Return what is inside of denoising when ten steps of 100 ms became these."""
    old = {"steps": [100.0] * 10, "stages": {"DenoisingStage": 1000.0}}
    new = {"steps": steps, "stages": {"DenoisingStage": sum(steps) if stage_ms is None else stage_ms}}
    [found] = attributed(old, new).steps
    return found


@settings(derandomize=True, max_examples=100)
@given(
    st.tuples(MS, MS),
    st.dictionaries(st.sampled_from(STAGE_NAMES), MS),
    st.dictionaries(st.sampled_from(STAGE_NAMES), MS),
    STEPS,
    STEPS,
)
def test_the_parts_add_up_to_the_whole(
    e2e_ms: tuple[float, float],
    old_stages: dict[str, float],
    new_stages: dict[str, float],
    old_steps: list[float],
    new_steps: list[float],
):
    """Stages and what is outside of them are the change end to end, whatever both sides have."""
    found = attributed(
        {"e2e_ms": e2e_ms[0] + 1.0, "stages": old_stages, "steps": old_steps},
        {"e2e_ms": e2e_ms[1], "stages": new_stages, "steps": new_steps},
    )
    change = e2e_ms[1] - (e2e_ms[0] + 1.0)
    assert found.total_ms == pytest.approx(change, abs=1e-9)
    assert sum(one.ms for one in found.stages) + found.unattributed_ms == pytest.approx(change, abs=1e-9)
    assert "per_frame_generation" not in [one.name for one in found.stages]
    for inside in found.steps:
        parts = (inside.level_ms, inside.first_ms, inside.drift_ms, inside.spikes_ms, inside.outside_ms)
        assert sum(parts) == pytest.approx(inside.total_ms, abs=1e-9 * max(1.0, *map(abs, parts)))
        assert inside.total_ms == next(one.ms for one in found.stages if one.name == inside.stage)
    assert sum(one.ms for one in found.leading) + found.rest_ms == pytest.approx(change, abs=1e-9)


@settings(derandomize=True, max_examples=200)
@given(st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 2000)), min_size=1, max_size=60), MS)
def test_the_parts_of_the_steps_add_up(pairs: list[tuple[float, float]], rest_ms: float):
    """Level, first steps, drift, spikes and what is outside of the steps are the denoising stages' change."""
    old, new = [one for one, _ in pairs], [one for _, one in pairs]
    [found] = attributed(
        {"steps": old, "stages": {"DenoisingStage": sum(old)}},
        {"steps": new, "stages": {"DenoisingStage": sum(new) + rest_ms}},
    ).steps
    parts = (found.level_ms, found.first_ms, found.drift_ms, found.spikes_ms, found.outside_ms)
    assert sum(parts) == pytest.approx(found.total_ms, abs=1e-9 * max(1.0, *map(abs, parts)))
    assert found.outside_ms == pytest.approx(rest_ms, abs=1e-6)


def test_every_stage_by_hand():
    """A stage that one side lacks counts as nothing there; the largest change comes first."""
    found = attributed(
        {"e2e_ms": 1000.0, "stages": STAGES | {"GoneStage": 10.0}},
        {"e2e_ms": 1500.0, "stages": STAGES | {"DenoisingStage": 860.0, "NewStage": 70.0}},
    )
    assert [(one.name, one.old_ms, one.new_ms, one.ms) for one in found.stages] == [
        ("DenoisingStage", 460.0, 860.0, 400.0),
        ("NewStage", None, 70.0, 70.0),
        ("GoneStage", 10.0, None, -10.0),
        ("TextEncodingStage", 30.0, 30.0, 0.0),
        ("DecodingStage", 60.0, 60.0, 0.0),
    ]
    assert (found.total_ms, found.unattributed_ms) == (500.0, 40.0)


@pytest.mark.parametrize(
    ("steps", "stage_ms", "main", "main_ms"),
    [
        ([120.0] * 10, None, "level", 200.0),
        ([600.0, 500.0] + [100.0] * 8, None, "first", 900.0),
        ([100.0] * 6 + [900.0] + [100.0] * 3, None, "spikes", 800.0),
        ([100.0] * 10, 1300.0, "outside", 300.0),
        ([100.0, 100.0, *(100.0 + 20.0 * index for index in range(8))], None, "drift", 560.0),
        ([80.0] * 10, None, "level", -200.0),
        ([110.0] * 9 + [150.0], None, "level", 100.0),
    ],
)
def test_what_happened_to_the_steps(steps: list[float], stage_ms: float | None, main: str, main_ms: float):
    """Each kind of change is known for what it is, and nothing else is left over for the others."""
    found = inside(steps, stage_ms=stage_ms)
    assert (found.main, found.main_ms) == (main, pytest.approx(main_ms))


def test_the_level_is_that_of_the_steps_after_the_first():
    """Two slow first steps are told apart: the rest are 10 ms slower each."""
    found = inside([300.0, 200.0] + [110.0] * 8)
    assert (found.level_ms, found.first_ms, found.first) == (100.0, 280.0, 2)
    assert (found.old_step_ms, found.new_step_ms) == (100.0, 110.0)


@pytest.mark.parametrize(("count", "first"), [(1, 0), (2, 1), (3, 1), (4, 2), (50, 2)])
def test_at_most_half_of_the_steps_are_first_ones(count: int, first: int):
    """A model of a few steps has others to compare them with."""
    values = {"steps": [100.0] * count, "stages": {"DenoisingStage": 100.0 * count}}
    [found] = attributed(values, values).steps
    assert (found.first, found.steps) == (first, count)


@pytest.mark.parametrize("count", [1, 2, 4, 7, 8])
def test_few_steps_do_not_drift(count: int):
    """Halves of a handful of steps are single steps; from six on after the first two, they are a trend."""
    steps = [100.0 + 20.0 * index for index in range(count)]
    old = {"steps": [100.0] * count, "stages": {"DenoisingStage": 100.0 * count}}
    [found] = attributed(old, {"steps": steps, "stages": {"DenoisingStage": sum(steps)}}).steps
    assert found.drift_ms == (300.0 if count == 8 else 0.0)


@pytest.mark.parametrize(("spread_ms", "drifts"), [(0.0, True), (1.0, True), (40.0, False)])
def test_a_drift_stands_out_of_the_noise_of_the_steps(spread_ms: float, drifts: bool):  # noqa: FBT001 - a column
    """The same trend of 3 ms a step, in steps that alternate by so much more."""
    steps = [100.0 + 3.0 * index + spread_ms * (-1) ** index for index in range(22)]
    old = {"steps": [100.0] * 22, "stages": {"DenoisingStage": 2200.0}}
    [found] = attributed(old, {"steps": steps, "stages": {"DenoisingStage": sum(steps)}}).steps
    assert (found.drift_ms != 0.0) is drifts


@pytest.mark.parametrize(
    "old",
    [
        {"steps": [100.0] * 9},
        {"steps": []},
        {"stages": {"DecodingStage": 1.0}},
        {"denoise_step_ms": {"0": 100.0, "5": 100.0}},
    ],
)
def test_without_both_step_lists_the_inside_is_unknown(old: dict[str, Any]):
    """Other numbers of steps, sampled steps, no denoising stage: then only the stages are told."""
    request = {"steps": [100.0] * 10, "stages": {"DenoisingStage": 1000.0}}
    values = {"steps": [100.0] * 10, "stages": {"DenoisingStage": 1000.0}}
    sampled = old.pop("denoise_step_ms", None)
    baseline = make_values(**{**values, **old})
    taken = snapshot(make_request(**request), "host")
    assert taken
    found = attribution(
        ScenarioBaseline.model_validate(baseline | ({"denoise_step_ms": sampled} if sampled else {})), taken
    )
    assert found
    assert found.steps == ()


def two_stages(steps: list[float], owners: list[int | None]) -> Attribution:
    """Return where ten steps of 100 ms changed that ran in a denoising and then in a refining stage."""
    stages = {"DenoisingStage": 600.0, "RefinementStage": 400.0}
    baseline = ScenarioBaseline.model_validate(make_values(steps=[100.0] * 10, stages=stages, e2e_ms=1000.0))
    times = {"DenoisingStage": sum(steps[:6]), "RefinementStage": sum(steps[6:])}
    request = make_request(steps=steps, stages=times, e2e_ms=sum(steps))
    owned = tuple(
        step.model_copy(update={"stage_id": owner, "index": index - owners.index(owner)})
        for index, (step, owner) in enumerate(zip(request.steps, owners, strict=True))
    )
    taken = snapshot(request.model_copy(update={"steps": owned}), "host")
    assert taken
    found = attribution(baseline, taken)
    assert found
    return found


def test_each_denoising_stage_has_its_own_steps():
    """Six steps are 10 ms slower in one, four are 50 ms slower in the other."""
    found = two_stages([110.0] * 6 + [150.0] * 4, [0] * 6 + [1] * 4)
    assert [(one.stage, one.main, one.total_ms, one.level_ms, one.steps) for one in found.steps] == [
        ("DenoisingStage", "level", 60.0, 60.0, 6),
        ("RefinementStage", "level", 200.0, 200.0, 4),
    ]
    assert [one.steps and one.steps.stage for one in found.leading] == ["RefinementStage", "DenoisingStage"]


def test_steps_of_an_unknown_stage_are_not_attributed():
    """Where two stages denoise and the record does not say which step ran in which, only they are told."""
    assert two_stages([110.0] * 10, [None] * 10).steps == ()


def test_without_an_end_to_end_nothing_is_attributed():
    """A placeholder has nothing that could have changed."""
    taken = snapshot(make_request(), "host")
    assert taken
    assert attribution(ScenarioBaseline.model_validate(make_values(e2e_ms=0.0)), taken) is None


def test_the_leading_parts_explain_most_of_the_change():
    """Until 80 % are explained, and never against the direction of the change."""
    found = attributed(
        {"e2e_ms": 1000.0},
        {
            "e2e_ms": 1500.0,
            "stages": {"TextEncodingStage": 180.0, "DenoisingStage": 810.0, "DecodingStage": 40.0},
        },
    )
    assert [(one.stage, one.ms, one.share_ratio) for one in found.leading] == [
        ("DenoisingStage", 350.0, 0.7),
        ("TextEncodingStage", 150.0, 0.3),
    ]
    assert found.leading[0].steps is found.steps[0]
    assert found.leading[1].steps is None
    assert (found.rest_ms, found.is_one_sided) == (0.0, True)


def test_at_most_three_parts_are_named():
    """Of four equal ones, three: a sentence is no table."""
    names = ("AStage", "BStage", "CStage", "DStage")
    found = attributed(
        {"e2e_ms": 1000.0, "stages": dict.fromkeys(names, 100.0)},
        {"e2e_ms": 1400.0, "stages": dict.fromkeys(names, 200.0)},
    )
    assert [one.stage for one in found.leading] == ["AStage", "BStage", "CStage"]
    assert found.rest_ms == 100.0


def test_the_level_is_told_from_half_of_the_change_on():
    """One step that stands out is more than the level only where it is more than half."""
    assert inside([110.0] * 9 + [210.0]).main == "level"
    assert inside([110.0] * 9 + [211.0]).main == "spikes"


def test_a_part_may_be_larger_than_the_whole():
    """Where decoding became faster, denoising is more than all of the slowdown."""
    found = attributed({"e2e_ms": 1000.0}, {"e2e_ms": 1050.0, "stages": STAGES | {"DenoisingStage": 560.0}})
    assert [(one.stage, one.share_ratio) for one in found.leading] == [("DenoisingStage", 2.0)]
    assert (found.is_one_sided, found.rest_ms) == (False, -50.0)
