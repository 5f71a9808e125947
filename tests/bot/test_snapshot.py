import pytest
from builders import make_request
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.data.baselines import ScenarioBaseline
from ratchet_bot.judging.audit import audit_scenario
from ratchet_bot.judging.metrics import denoising_total_ms, is_decoding_stage, is_denoising_stage
from ratchet_bot.judging.rules.rule import first_error
from ratchet_bot.judging.snapshot import rounded, snapshot
from ratchet_profiler.record import RequestRecord, StageTiming, StepTiming, Total


def stage(number: int, name: str, host_ms: float, device_ms: float | None = None, **more: int) -> StageTiming:
    return StageTiming(
        **{"id": number, "occurrence": 0, "start_ms": 0.0, **more},
        name=name,
        host_ms=host_ms,
        device_ms=device_ms,
    )


def request(*stages: StageTiming, steps: tuple[StepTiming, ...] = ()) -> RequestRecord:
    total = Total(host_ms=1000.0, device_ms=900.0)
    return RequestRecord(request_id="r", clock="host", total=total, stages=stages, steps=steps)


def test_a_request_becomes_values():
    """A snapshot has the file's shape: stages by name, steps by index, and their mean and median."""
    taken = snapshot(make_request(), "host")
    assert taken
    assert taken.values() == {
        "stages_ms": {"TextEncodingStage": 30.0, "DenoisingStage": 460.0, "DecodingStage": 60.0},
        "denoise_step_ms": {"0": 50.0, "1": 100.0, "2": 110.0, "3": 100.0, "4": 90.0},
        "expected_e2e_ms": 560.0,
        "expected_avg_denoise_ms": 90.0,
        "expected_median_denoise_ms": 100.0,
    }


def test_stages_of_one_name_are_summed():
    """A stage that runs twice counts twice; one inside of another is part of that one."""
    stages = (
        stage(0, "LoraSwitch", 10.0),
        stage(1, "DenoisingStage", 100.0),
        stage(2, "Attention", 40.0, parent=1),
        stage(3, "LoraSwitch", 5.5, occurrence=1),
    )
    taken = snapshot(request(*stages), "host")
    assert taken
    assert dict(taken.stages_ms) == {"LoraSwitch": 15.5, "DenoisingStage": 100.0}


def test_the_device_clock_is_for_stages_and_steps():
    """On the device clock stages and steps are the device's; end to end stays what a user waits."""
    step = StepTiming(stage_id=0, index=0, host_ms=7.0, device_ms=8.0)
    taken = snapshot(request(stage(0, "DenoisingStage", 10.0, 11.0), steps=(step,)), "device-events")
    assert taken
    assert (taken.e2e_ms, dict(taken.stages_ms), taken.steps_ms) == (1000.0, {"DenoisingStage": 11.0}, (8.0,))


@pytest.mark.parametrize(
    "lacking",
    [
        request(stage(0, "DenoisingStage", 10.0)),
        request(
            stage(0, "DenoisingStage", 10.0, 11.0), steps=(StepTiming(stage_id=0, index=0, host_ms=7.0),)
        ),
    ],
)
def test_a_clock_must_be_everywhere(lacking: RequestRecord):
    """Without the device's time of one stage or one step there is no snapshot on that clock."""
    assert snapshot(lacking, "device-events") is None
    assert snapshot(lacking, "host")


def test_a_nested_stage_needs_no_clock():
    """A stage inside of another is not looked at, so it may lack the clock."""
    nested = request(stage(0, "DenoisingStage", 10.0, 11.0), stage(1, "Attention", 4.0, parent=0))
    assert snapshot(nested, "device-events")


def test_steps_of_all_stages_stand_in_the_order_they_ran():
    """Steps of two denoising stages make one list, as sglang's files have them."""
    steps = tuple(
        StepTiming(stage_id=owner, index=index, host_ms=ms)
        for owner, index, ms in [(0, 0, 5.0), (0, 1, 6.0), (1, 0, 7.0), (1, 1, 9.0)]
    )
    stages = (stage(0, "DenoisingStage", 20.0), stage(1, "RefinementStage", 20.0))
    taken = snapshot(request(*stages, steps=steps), "host")
    assert taken
    assert taken.steps_ms == (5.0, 6.0, 7.0, 9.0)
    assert (taken.mean_step_ms, taken.median_step_ms) == (6.75, 6.5)


def test_without_steps_the_aggregates_are_zero():
    """No step has no mean: 0, which guards nothing, as in sglang's files."""
    taken = snapshot(make_request(steps=()), "host")
    assert taken
    assert (taken.mean_step_ms, taken.median_step_ms) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "denoising", "decoding"),
    [
        ("DenoisingStage", True, False),
        ("LTX2AVDenoisingStage", True, False),
        ("LTX2RefinementStage", True, False),
        ("LTX2BeforeDenoisingStage", False, False),
        ("BeforeDenoisingStage", False, False),
        ("DenoisingStage2", False, False),
        ("denoisingstage", False, False),
        ("DecodingStage", False, True),
        ("LTX2AVDecodingStage", False, True),
        ("DecodingStageSetup", False, False),
    ],
)
def test_kinds_of_stages(name: str, denoising: bool, decoding: bool):  # noqa: FBT001 - columns of the table
    """The end of a stage's name tells its kind."""
    assert (is_denoising_stage(name), is_decoding_stage(name)) == (denoising, decoding)


def test_the_denoising_total_is_of_denoising_stages():
    """Only denoising and refinement are summed."""
    stages = {
        "BeforeDenoisingStage": 1.0,
        "DenoisingStage": 2.0,
        "RefinementStage": 4.0,
        "DecodingStage": 8.0,
    }
    assert denoising_total_ms(stages) == 6.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.005, 1.0), (2.675, 2.67), (0.125, 0.12), (0.375, 0.38), (0.004999, 0.0), (19.999, 20.0), (7, 7)],
)
def test_numbers_are_rounded_to_hundredths(value: float, expected: float):
    """Rounding is Python's: the nearest hundredth to the number as it is stored; half goes to even."""
    assert rounded({"a": {"b": value}, "c": None}) == {"a": {"b": expected}, "c": None}


def test_there_is_no_minus_zero():
    """A duration of -0.0, which a record may hold, is written as 0.0."""
    assert str(rounded(-0.0)) == "0.0"


@settings(derandomize=True, max_examples=200)
@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=60),
    st.floats(0, 1e4),
    st.floats(0, 1e4),
    st.floats(0, 1),
)
def test_rounding_breaks_no_rule(steps: list[float], rest_ms: float, decoding_ms: float, slack_ms: float):
    """A request that holds together has no error, neither as it is nor as a file holds it."""
    stages = {"DenoisingStage": sum(steps) + rest_ms, "DecodingStage": decoding_ms}
    taken = snapshot(make_request(steps=steps, stages=stages, e2e_ms=sum(stages.values()) + slack_ms), "host")
    assert taken
    written = ScenarioBaseline.model_validate(rounded(taken.values()))
    assert first_error(audit_scenario("s", taken.as_baseline)) is None
    assert first_error(audit_scenario("s", written)) is None
