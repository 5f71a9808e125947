import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_profiler.cli.text import scenario_lines
from ratchet_profiler.scenarios import (
    SOURCES,
    BuiltinScenario,
    CallableScenario,
    DiffusersScenario,
    Scenario,
    ScenariosRejected,
    ServedScenario,
    config_hash,
    scenarios_from_toml,
)

DIFFUSERS = """
[scenario.one]
source = "diffusers"
model = "black-forest-labs/FLUX.1-dev"
"""
SERVED = """
[scenario.two]
source = "served"
url = "http://127.0.0.1:30000"
model = "Wan"
prompt = "a cat"
width = 832
height = 480
"""
CALLABLE = """
[scenario.three]
source = "callable"
call = "engine.requests:run"
"""
BUILTIN = """
[scenario.four]
pipeline = "flux"
prompt = "a cat"
width = 64
height = 64
steps = 8
"""


def one(text: str) -> Scenario:
    (scenario,) = scenarios_from_toml(text, "my.toml")
    return scenario


def test_a_file_may_mix_all_sources():
    """Without a source a scenario is built in, as in every file of before."""
    mixed = scenarios_from_toml(DIFFUSERS + SERVED + CALLABLE + BUILTIN, "my.toml")
    kinds = [DiffusersScenario, ServedScenario, CallableScenario, BuiltinScenario]
    assert [type(scenario) for scenario in mixed] == kinds
    assert one(BUILTIN + 'source = "builtin"\n') == one(BUILTIN)
    assert set(kinds) == set(SOURCES.values())


def test_every_key_of_a_source_is_read():
    """What a real-size pipeline and a served engine can be told."""
    full = one(
        DIFFUSERS + 'pipeline = "FluxPipeline"\nweights = "random"\ndtype = "float16"\nprompt = "a cat"\n'
        'width = 1024\nheight = 768\nsteps = 28\nguidance = 3.5\nseed = 7\nprepare = "engine:install"\n'
        "[scenario.one.arguments]\nmax_sequence_length = 256\nsigmas = [1.0, 0.5]\n"
    )
    assert isinstance(full, DiffusersScenario)
    assert (full.weights, full.dtype, full.guidance, full.prepare) == (
        "random",
        "float16",
        3.5,
        "engine:install",
    )
    assert full.arguments == {"max_sequence_length": 256, "sigmas": [1.0, 0.5]}
    served = one(SERVED + 'command = ["sglang", "serve", "--port", "30000", ""]\nguidance = 5\nframes = 81\n')
    assert isinstance(served, ServedScenario)
    assert served.command == ("sglang", "serve", "--port", "30000", "")
    assert (served.guidance, served.frames, served.perf_dump) == (5.0, 81, False)


WRONG = {
    BUILTIN + 'source = "serve"': (
        "my.toml: scenario.four.source: unknown source 'serve'; did you mean served?; "
        "there are: builtin, callable, diffusers, served"
    ),
    BUILTIN + "source = 3": (
        "my.toml: scenario.four.source: unknown source 3; there are: builtin, callable, diffusers, served"
    ),
    DIFFUSERS + 'weight = "random"': ("my.toml: scenario.one.weight: unknown key; did you mean weights?"),
    DIFFUSERS + 'weights = "randm"': (
        "my.toml: scenario.one.weights: unknown weights 'randm'; did you mean random?; there are: hub, random"
    ),
    DIFFUSERS + 'dtype = "bf16"': (
        "my.toml: scenario.one.dtype: unknown dtype 'bf16'; did you mean bfloat16?; "
        "there are: bfloat16, float16, float32"
    ),
    DIFFUSERS + "refinement_steps = 3": "my.toml: scenario.one.refinement_steps: unknown key",
    DIFFUSERS + "[scenario.one.arguments]\nnum_inference_steps = 8": (
        "my.toml: scenario.one.arguments.num_inference_steps: write steps above the arguments instead"
    ),
    DIFFUSERS + "[scenario.one.arguments]\nsince = 2026-11-22": (
        "my.toml: scenario.one.arguments.since: date is not a plain value; write text, a number, or a list"
    ),
    DIFFUSERS + "[scenario.one.arguments]\nlist = [1, {deep = [nan]}]": (
        "my.toml: scenario.one.arguments.list.1.deep.0: not finite"
    ),
    DIFFUSERS + "arguments = 3": "my.toml: scenario.one.arguments: Input should be a valid dictionary",
    SERVED.replace("http://", ""): (
        "my.toml: scenario.two.url: String should match pattern '^https?://[^\\s/?#@]+(/[^\\s?#]*)?$'"
    ),
    SERVED + 'command = "sglang serve"': "my.toml: scenario.two.command: Input should be a valid tuple",
    SERVED + 'command = ["sglang", 1]': "my.toml: scenario.two.command.1: Input should be a valid string",
    SERVED + 'perf_log = "a"\nperf_dump = true': (
        "my.toml: scenario.two: perf_log and perf_dump both give the stages; leave out one"
    ),
    SERVED + 'prepare = "a:b"': (
        "my.toml: scenario.two: prepare is not for source 'served': the pipeline is in another process"
    ),
    SERVED + '[scenario.two.arguments]\nsize = "1x1"': (
        "my.toml: scenario.two.arguments.size: write width and height above the arguments instead"
    ),
    SERVED.replace('prompt = "a cat"', ""): "my.toml: scenario.two.prompt: missing",
    CALLABLE.replace(":", "."): (
        "my.toml: scenario.three.call: String should match pattern '^[A-Za-z_][\\w.]*:[A-Za-z_]\\w*$'"
    ),
    CALLABLE + 'prepare = "a:b"': (
        "my.toml: scenario.three: prepare is not for source 'callable': the function prepares what it calls"
    ),
    CALLABLE + "steps = 8": "my.toml: scenario.three.steps: unknown key",
}


@pytest.mark.parametrize(("text", "line"), WRONG.items())
def test_a_wrong_scenario_is_answered_in_one_line(text: str, line: str):
    """File, key, what is wrong, and what was probably meant: for keys and for values of closed sets."""
    with pytest.raises(ScenariosRejected) as rejected:
        scenarios_from_toml(text, "my.toml")
    assert str(rejected.value) == line


HASHES = {
    DIFFUSERS: "e4af2c8efc2f8107",
    SERVED: "d11dfc4c202abcb8",
    CALLABLE: "d050263dcfe316f4",
    BUILTIN: "9c7aef6f66964251",
}


@pytest.mark.parametrize(
    ("text", "digits"), HASHES.items(), ids=["diffusers", "served", "callable", "builtin"]
)
def test_the_hash_of_each_source_stays(text: str, digits: str):
    """The built-in one is older than sources, and does not know them."""
    assert config_hash(one(text)) == digits


HOW = [
    SERVED.replace("30000", "30001"),
    SERVED + 'command = ["sglang", "serve", "--enable-torch-compile"]',
    SERVED + 'perf_log = "logs/performance.log"',
    SERVED + "perf_dump = true",
]


@pytest.mark.parametrize("text", HOW)
def test_how_an_engine_is_started_is_not_its_work(text: str):
    """An engine with another flag is measured against the same baseline."""
    assert config_hash(one(text)) == config_hash(one(SERVED))


WORK = [
    DIFFUSERS.replace("dev", "schnell"),
    DIFFUSERS + 'weights = "random"',
    DIFFUSERS + 'dtype = "float32"',
    DIFFUSERS + "guidance = 3.5",
    DIFFUSERS + "[scenario.one.arguments]\nmax_sequence_length = 256",
]


@pytest.mark.parametrize("text", WORK)
def test_other_work_has_another_hash(text: str):
    """Each key that changes what is computed changes the hash."""
    assert config_hash(one(text)) != config_hash(one(DIFFUSERS))


def test_the_list_shows_the_source_of_each_scenario():
    """And what of it is measured."""
    texts = (
        DIFFUSERS + "width = 1024\nheight = 1024\nsteps = 28\n",
        DIFFUSERS.replace("one", "some"),
        SERVED + "frames = 81\n",
        SERVED.replace("two", "log") + 'perf_log = "performance.log"\n',
        CALLABLE,
        BUILTIN,
    )
    assert list(scenario_lines(scenarios_from_toml("".join(texts), "my.toml"))) == [
        "one    diffusers  black-forest-labs/FLUX.1-dev, hub weights, bfloat16, 1024x1024, 28 steps",
        "some   diffusers  black-forest-labs/FLUX.1-dev, hub weights, bfloat16",
        "two    served     Wan at http://127.0.0.1:30000, 832x480, 81 frames, end to end only",
        "log    served     Wan at http://127.0.0.1:30000, 832x480",
        "three  callable   engine.requests:run",
        "four   builtin    flux, 64x64, 8 steps",
    ]


plain = st.recursive(
    st.text(max_size=5) | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(arguments=st.dictionaries(st.text(max_size=3).map("x_".__add__), plain, max_size=3))
def test_plain_arguments_are_kept_as_they_are(arguments: dict[str, object]):
    """Whatever JSON can hold; and it has a hash."""
    fields = {"id": "one", "source": "diffusers", "model": "m", "arguments": arguments}
    scenario = Scenario.model_validate(fields)
    assert isinstance(scenario, DiffusersScenario)
    assert scenario.arguments == arguments
    assert len(config_hash(scenario)) == 16


@given(
    value=st.none()
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.binary()
    | st.sampled_from([float("nan"), float("inf")]),
    depth=st.integers(0, 3),
)
def test_anything_else_is_refused_however_deep_it_is(value: object, depth: int):
    """With its place."""
    for _ in range(depth):
        value = [{"in": value}]
    fields = {"id": "one", "source": "diffusers", "model": "m", "arguments": {"x": value}}
    with pytest.raises(ValueError, match=r"x(\.0\.in)*: "):
        Scenario.model_validate(fields)
