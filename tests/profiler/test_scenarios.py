import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_profiler.scenario_keys import MAX_SEED
from ratchet_profiler.scenarios import (
    Scenario,
    ScenariosRejected,
    builtin_scenarios,
    config_hash,
    scenarios_from_toml,
    select,
)

FLUX = """
[scenario.one]
pipeline = "flux"
prompt = "a cat"
width = 64
height = 64
steps = 8
"""


def scenario(**changes: object) -> Scenario:
    fields = {"id": "one", "pipeline": "flux", "prompt": "a cat", "width": 64, "height": 64, "steps": 8}
    return Scenario.model_validate(fields | changes)


def test_the_builtin_scenarios_are_those_that_are_promised():
    """Their ids are keys of baseline files: a change here breaks those."""
    ids = [builtin.id for builtin in builtin_scenarios()]
    assert ids == [
        "flux_tiny_t2i",
        "wan_tiny_t2v",
        "ltx_2_tiny_two_stage_t2v",
        "qwen_image_mini_t2i",
        "hunyuan_video_mini_t2v",
        "ltx_2_mini_t2v",
        "wan_few_step_mini_t2v",
        "lcm_mini_t2i",
        "wan_2_2_mini_t2v",
        "ltx_mini_two_stage_t2v",
        "dual_tower_mini_t2v",
    ]


def test_a_file_gives_its_scenarios_in_its_order():
    """A user's file has the shape of the built-in one."""
    text = FLUX + FLUX.replace("one", "two") + 'prepare = "engine.setup:install"\nseed = 7\n'
    assert scenarios_from_toml(text, "my.toml") == (
        scenario(),
        scenario(id="two", prepare="engine.setup:install", seed=7),
    )


WRONG = {
    "[scenario": "my.toml: not TOML: Expected ']' at the end of a table declaration (at end of document)",
    "": "my.toml: scenario: no scenario is given; begin one with [scenario.NAME]",
    "scenario = 3": "my.toml: scenario: no scenario is given; begin one with [scenario.NAME]",
    "[scenarios.one]": "my.toml: scenarios: unknown key; did you mean scenario?",
    '"a\\nb" = 1': "my.toml: a b: unknown key",
    "[scenario]\none = 1": "my.toml: scenario.one: not a table; write [scenario.one]",
    FLUX.replace("steps", "step"): "my.toml: scenario.one.step: unknown key; did you mean steps?",
    FLUX + "colour = 1": "my.toml: scenario.one.colour: unknown key",
    FLUX + 'id = "two"': "my.toml: scenario.one.id: unknown key; the id is the table's name",
    FLUX.replace("steps = 8", ""): "my.toml: scenario.one.steps: missing",
    FLUX.replace('"flux"', '"flix"'): (
        "my.toml: scenario.one.pipeline: unknown pipeline 'flix'; did you mean flux?; "
        "there are: dual_tower, flux, hunyuan_video, lcm, ltx2, ltx2_two_stage, ltx_two_stage, qwen_image, "
        "wan, wan_few_step, wan_two_experts"
    ),
    FLUX.replace("8", '"8"'): "my.toml: scenario.one.steps: Input should be a valid integer",
    FLUX.replace("8", "0"): "my.toml: scenario.one.steps: Input should be greater than or equal to 1",
    FLUX + "frames = 9": "my.toml: scenario.one: frames is not for pipeline 'flux'",
    FLUX.replace("flux", "wan"): "my.toml: scenario.one: frames is needed for pipeline 'wan'",
    FLUX.replace("flux", "ltx2_two_stage") + "frames = 9": (
        "my.toml: scenario.one: refinement_steps is needed for pipeline 'ltx2_two_stage'"
    ),
    FLUX.replace("one", '"a b"'): (
        "my.toml: scenario.a b: an id has letters, digits and . _ + - only, at most 120"
    ),
}


@pytest.mark.parametrize(("text", "line"), WRONG.items())
def test_a_wrong_file_is_answered_in_one_line(text: str, line: str):
    """File, key, what is wrong, and what was probably meant."""
    with pytest.raises(ScenariosRejected) as rejected:
        scenarios_from_toml(text, "my.toml")
    assert str(rejected.value) == line


def test_prepare_must_name_a_function_in_a_module():
    """A shell command or a path is refused before anything runs."""
    with pytest.raises(
        ScenariosRejected, match=r"my.toml: scenario.one.prepare: String should match pattern"
    ):
        scenarios_from_toml(FLUX + 'prepare = "engine.py"', "my.toml")


def test_a_glob_selects_in_the_order_of_the_list():
    """`*`, `?` and `[...]` as in a shell, with case."""
    three = (scenario(id="flux_b"), scenario(id="wan"), scenario(id="flux_a"))
    assert [chosen.id for chosen in select(three, "flux_?")] == ["flux_b", "flux_a"]
    assert select(three, "*") == three


def test_a_glob_that_matches_nothing_names_what_there_is():
    """A run of nothing must not look like a run in which all is well."""
    with pytest.raises(ScenariosRejected) as rejected:
        select((scenario(id="flux"), scenario(id="wan")), "Flux")
    assert str(rejected.value) == "no scenario matches 'Flux'; did you mean flux?; there are: flux, wan"


def test_the_hash_of_a_configuration_stays():
    """Records of last year are comparable: this value changes only with a new version of the hash."""
    assert config_hash(scenario()) == "9c7aef6f66964251"


def test_the_hash_is_of_the_work_and_not_of_how_it_is_done():
    """An engine that prepares its pipeline in another way is measured against the same baseline."""
    assert config_hash(scenario(id="two", prepare="engine:install")) == config_hash(scenario())


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a dog"},
        {"width": 128},
        {"height": 128},
        {"steps": 9},
        {"seed": 1},
        {"pipeline": "wan", "frames": 9},
    ],
    ids=str,
)
def test_other_work_has_another_hash(change: dict[str, object]):
    """Each key that changes what is computed changes the hash."""
    assert config_hash(scenario(**change)) != config_hash(scenario())


scenarios = st.builds(
    scenario,
    id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,20}", fullmatch=True),
    prompt=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=50),
    steps=st.integers(1, 4096),
    seed=st.integers(0, MAX_SEED),
)


@given(one=scenarios)
def test_a_scenario_written_as_toml_is_read_back_equal(one: Scenario):
    """No prompt, however odd, changes on its way through the file."""
    escaped = "".join(f"\\U{ord(character):08x}" for character in one.prompt)
    text = f"""
    [scenario."{one.id}"]
    pipeline = "flux"
    prompt = "{escaped}"
    width = {one.width}
    height = {one.height}
    steps = {one.steps}
    seed = {one.seed}
    """
    assert scenarios_from_toml(text, "my.toml") == (one,)


@given(text=st.text())
def test_any_nonsense_is_one_readable_line(text: str):
    """Never a traceback, never two lines."""
    with pytest.raises(ScenariosRejected) as rejected:
        scenarios_from_toml(text, "my.toml")
    assert str(rejected.value).startswith("my.toml: ")
    assert "\n" not in str(rejected.value)


@given(one=scenarios)
def test_a_hash_is_sixteen_hexadecimal_digits(one: Scenario):
    """It fits the record's field."""
    assert len(config_hash(one)) == 16
    assert int(config_hash(one), 16) >= 0
