"""Where a change is, as the comment and the terminal say it."""

import pytest
from builders import STAGES, make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.telling import render, words
from ratchet_bot.telling.report import Report
from reports import make_section

TEN = {"steps": [100.0] * 10, "stages": {"DenoisingStage": 1000.0, "DecodingStage": 100.0}, "e2e_ms": 1200.0}


def sentence(steps: list[float], e2e_ms: float, *, form: str = "text", **stages: float) -> str:
    """Return what is said of ten steps of 100 ms that became these."""
    times = {"DenoisingStage": sum(steps), "DecodingStage": 100.0, **stages}
    record = make_record(make_scenario("flux", make_request(steps=steps, stages=times, e2e_ms=e2e_ms)))
    section = make_section(make_baselines({"flux": make_values(**TEN)}), record)
    report = Report((section,))
    if form == "text":
        told = words.text("compare", report=report, headline=render.headline(report))
        return next(line for line in told.splitlines() if line.startswith("flux: ")).removeprefix("flux: ")
    [line] = [line for line in render.comment(report).splitlines() if line.startswith("* `flux`: ")]
    return line.removeprefix("* `flux`: ")


@pytest.mark.parametrize(
    ("steps", "e2e_ms", "said"),
    [
        ([210.0] * 10, 2340.0, "+1.1 s, 96 % in DenoisingStage: every step 100 -> 210 ms"),
        ([60.0] * 10, 800.0, "-400 ms, 100 % in DenoisingStage: every step 100 -> 60.0 ms"),
        ([500.0, 400.0] + [100.0] * 8, 1900.0, "+700 ms, 100 % in DenoisingStage: its first 2 steps +700 ms"),
        (
            [100.0] * 5 + [800.0] + [100.0] * 4,
            1900.0,
            "+700 ms, 100 % in DenoisingStage: single steps +700 ms",
        ),
        (
            [100.0, 100.0, *(100.0 + 25.0 * index for index in range(8))],
            1900.0,
            "+700 ms, 100 % in DenoisingStage: gradually slower from step to step, +700 ms in total",
        ),
        ([100.0] * 10, 1900.0, "+700 ms, 100 % outside any stage"),
    ],
)
def test_one_sentence(steps: list[float], e2e_ms: float, said: str):
    """As a person would write it: how much, where, and what happened to the steps."""
    assert sentence(steps, e2e_ms) == said


def test_two_stages_share_a_change():
    """Both are named, the larger one first; the steps stand with denoising."""
    said = sentence([140.0] * 10, 2100.0, DecodingStage=500.0)
    assert said == "+900 ms, 44 % in DenoisingStage (every step 100 -> 140 ms) and 44 % in DecodingStage"


def test_the_steps_stand_with_their_stage():
    """Also where denoising is the smaller part: in brackets, so that no list of steps follows a colon."""
    said = sentence([120.0] * 10, 2100.0, DecodingStage=800.0)
    assert said == "+900 ms, 78 % in DecodingStage and 22 % in DenoisingStage (every step 100 -> 120 ms)"


def test_a_part_larger_than_the_whole_is_said_in_time():
    """Where something became faster, shares would be above 100 %."""
    said = sentence([200.0] * 10, 2100.0, DecodingStage=0.0)
    assert said == "+900 ms: +1.0 s in DenoisingStage (every step 100 -> 200 ms), -100 ms elsewhere"


def test_all_of_it_is_no_more_than_all():
    """Something small that became faster does not make a share of 101 %."""
    assert sentence([210.0] * 10, 2290.0, DecodingStage=90.0) == (
        "+1.1 s, 100 % in DenoisingStage: every step 100 -> 210 ms"
    )


def test_a_trend_has_a_direction():
    """Steps that become faster one after the other are said to."""
    steps = [100.0, 100.0, *(100.0 - 10.0 * index for index in range(8))]
    assert (
        sentence(steps, 920.0)
        == "-280 ms, 100 % in DenoisingStage: gradually faster from step to step, -280 ms in total"
    )


def test_outside_of_the_steps():
    """The stage takes longer, its steps do not."""
    assert sentence([100.0] * 10, 1900.0, DenoisingStage=1700.0) == (
        "+700 ms, 100 % in DenoisingStage: outside its steps +700 ms"
    )


def test_in_markdown_names_are_code():
    """A stage of a hostile record cannot do anything there."""
    assert sentence([210.0] * 10, 2340.0, form="markdown") == (
        "+1.1 s, 96 % in `DenoisingStage`: every step 100 -> 210 ms"
    )


def test_what_did_not_change_is_not_explained():
    """An unchanged scenario has no sentence."""
    section = make_section(make_baselines(), make_record(make_scenario()))
    assert section.explained == []
    assert section.comparison.scenarios[0].attribution
    assert section.comparison.scenarios[0].attribution.total_ms == 0.0
    assert len(section.comparison.scenarios[0].attribution.stages) == len(STAGES)
