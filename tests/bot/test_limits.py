import pytest
from ratchet_bot.data.baselines import DEFAULT_TOLERANCES
from ratchet_bot.judging.limits import Limit, has_improved, limit
from ratchet_bot.judging.metrics import gates

PR_TEST = DEFAULT_TOLERANCES["pr_test"]
"""End to end 25 %, denoising stages 25 %, other stages 80 %, steps 30 %, average and median 20 %."""
LONG_TERM = DEFAULT_TOLERANCES["long_term"]


@pytest.mark.parametrize(
    ("field", "baseline_ms", "ms", "binds"),
    [
        ("expected_e2e_ms", 1000.0, 1250.0, "tolerance"),
        ("expected_e2e_ms", 40.0, 60.0, "pad"),
        ("expected_avg_denoise_ms", 200.0, 240.0, "tolerance"),
        ("expected_avg_denoise_ms", 50.0, 70.0, "pad"),
        ("expected_median_denoise_ms", 200.0, 240.0, "tolerance"),
        ("expected_median_denoise_ms", 100.0, 120.0, "tolerance"),
        ("denoise_step_ms.0", 100.0, 500.0, "tolerance"),
        ("denoise_step_ms.0", 10.0, 90.0, "pad"),
        ("denoise_step_ms.1", 100.0, 130.0, "tolerance"),
        ("denoise_step_ms.10", 50.0, 70.0, "pad"),
        ("stages_ms.DenoisingStage", 1000.0, 1250.0, "tolerance"),
        ("stages_ms.DenoisingStage", 400.0, 520.0, "pad"),
        ("stages_ms.LTX2RefinementStage", 1000.0, 1250.0, "tolerance"),
        ("stages_ms.LTX2BeforeDenoisingStage", 1000.0, 1800.0, "tolerance"),
        ("stages_ms.TextEncodingStage", 100.0, 220.0, "pad"),
        ("stages_ms.DecodingStage", 1000.0, 1900.0, "tolerance"),
        ("stages_ms.LTX2AVDecodingStage", 100.0, 550.0, "pad"),
        ("stages_ms.expected.DecodingStage", 100.0, 550.0, "pad"),
        ("stages_ms.ImageVAEEncodingStage", 0.0, 120.0, "pad"),
    ],
)
def test_the_larger_of_tolerance_and_pad_is_the_limit(field: str, baseline_ms: float, ms: float, binds: str):
    """Each kind of metric has its own tolerance and its own pad; the more generous one binds."""
    assert limit(field, baseline_ms, PR_TEST, video=False) == Limit(ms, binds)


def test_decoding_takes_the_files_tolerance_where_it_is_more():
    """Decoding is allowed 90 % or the tolerance of other stages, whichever is more."""
    generous = PR_TEST.model_copy(update={"non_denoise_stage": 1.5})
    assert limit("stages_ms.DecodingStage", 1000.0, generous, video=False) == Limit(2500.0, "tolerance")
    assert limit("stages_ms.DecodingStage", 1000.0, LONG_TERM, video=False) == Limit(1900.0, "tolerance")


def test_the_profile_decides():
    """Each metric takes its own tolerance from the profile that is given."""
    tolerances = PR_TEST.model_copy(
        update={
            "e2e": 1,
            "denoise_stage": 2,
            "non_denoise_stage": 3,
            "denoise_step": 4,
            "denoise_agg": 5,
        }
    )
    fields = (
        "expected_e2e_ms",
        "stages_ms.DenoisingStage",
        "stages_ms.TextEncodingStage",
        "denoise_step_ms.7",
        "expected_avg_denoise_ms",
        "expected_median_denoise_ms",
    )
    limits = [limit(field, 1000.0, tolerances, video=False).ms for field in fields]
    assert limits == [2000, 3000, 4000, 5000, 6000, 6000]


@pytest.mark.parametrize(
    ("field", "ms"),
    [
        ("denoise_step_ms.3", 260.0),
        ("denoise_step_ms.0", 500.0),
        ("expected_avg_denoise_ms", 120.0),
        ("stages_ms.DenoisingStage", 220.0),
    ],
)
def test_a_video_only_widens_the_pad_of_its_steps(field: str, ms: float):
    """A step of a video may be 160 ms slower; its first step and everything else as for images."""
    assert limit(field, 100.0, PR_TEST, video=True).ms == ms


@pytest.mark.parametrize(
    ("field", "decides"),
    [
        ("expected_e2e_ms", True),
        ("expected_avg_denoise_ms", True),
        ("expected_median_denoise_ms", True),
        ("stages_ms.DenoisingStage", True),
        ("stages_ms.LTX2AVDenoisingStage", True),
        ("stages_ms.LTX2RefinementStage", True),
        ("stages_ms.DecodingStage", True),
        ("stages_ms.LTX2AVDecodingStage", True),
        ("stages_ms.LTX2BeforeDenoisingStage", False),
        ("stages_ms.TextEncodingStage", False),
        ("stages_ms.DenoisingStageSetup", False),
        ("denoise_step_ms.0", False),
        ("denoise_step_ms.5", False),
    ],
)
def test_what_decides(field: str, decides: bool):  # noqa: FBT001 - a column of the table
    """The aggregates, the denoising stages and decoding decide; the rest is told."""
    assert gates(field) is decides


@pytest.mark.parametrize(
    ("old_ms", "new_ms", "improved"),
    [
        (1000.0, 950.0, True),
        (1000.0, 950.01, False),
        (10.2, 9.69, True),
        (11.2, 10.64, True),
        (1000.0, 1050.0, False),
        (1000.0, 0.0, True),
    ],
)
def test_five_percent_is_five_percent(old_ms: float, new_ms: float, improved: bool):  # noqa: FBT001 - the same
    """A fall by exactly 5 % of two decimals improves, also where binary fractions miss it: 10.20 to 9.69."""
    assert has_improved((new_ms - old_ms) / old_ms) is improved


def test_an_improvement_is_a_fall():
    """Even when nothing is asked for, no change is no improvement; nor is what cannot be known."""
    assert has_improved(-1e-6, 0.0)
    assert not has_improved(0.0, 0.0)
    assert not has_improved(-0.0, 0.0)
    assert not has_improved(None)
    assert not has_improved(-0.5, float("nan"))
