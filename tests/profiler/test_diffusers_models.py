import shutil
import socket
from pathlib import Path
from typing import Never

import numpy as np
import pytest
from ratchet_profiler.scenarios import Scenario
from ratchet_profiler.sources import build
from ratchet_profiler.stages import RequestProfiler

pytestmark = [
    # torch and transformers announce their own future while they are imported; not ours to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def scenario(model: object, **changes: object) -> Scenario:
    fields = {
        "id": "one",
        "source": "diffusers",
        "model": str(model),
        "dtype": "float32",
        "prompt": "a cat",
        "width": 32,
        "height": 32,
        "steps": 2,
        "arguments": {"max_sequence_length": 16, "output_type": "np"},
    }
    return Scenario.model_validate(fields | changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole pipeline as `save_pretrained` writes it: the built-in FLUX."""
    fields = {"id": "f", "pipeline": "flux", "prompt": "a", "width": 32, "height": 32, "steps": 1}
    (pipe,) = build(Scenario.model_validate(fields), "cpu").pipelines
    folder = tmp_path_factory.mktemp("flux")
    pipe.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def configurations(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without its weights."""
    bare = tmp_path_factory.mktemp("bare") / "flux"
    shutil.copytree(folder, bare, ignore=shutil.ignore_patterns("*.safetensors"))
    return bare


def test_saved_weights_are_loaded_in_the_type_of_the_scenario(folder: Path):
    """Whatever the installed diffusers calls that argument: an unknown one would be ignored."""
    (pipe,) = build(scenario(folder, dtype="bfloat16"), "cpu").pipelines
    assert str(pipe.transformer.dtype) == "torch.bfloat16"


def test_a_folder_is_measured_with_its_own_weights(folder: Path):
    """Stages, steps and the output's size are those of the scenario; the weights are the saved ones."""
    workload = build(scenario(folder), "cpu")
    with RequestProfiler() as profiler:
        output = workload.request(profiler)
    record = profiler.record("r0")
    assert output.images.shape == (1, 32, 32, 3)
    assert [stage.name for stage in record.stages if stage.parent is None] == [
        "InputValidationStage",
        "TextEncodingStage",
        "LatentPreparationStage",
        "DenoisingStage",
        "DecodingStage",
        "PostProcessingStage",
    ]
    assert [step.forwards for step in record.steps] == [{"transformer": 1}] * 2


def test_random_weights_need_the_configurations_only(configurations: Path):
    """Without a single weight on the disk: the same classes, sizes and tables, in the wanted type."""
    import torch  # noqa: PLC0415 - only tests that build a pipeline need it

    (pipe,) = build(scenario(configurations, weights="random", dtype="bfloat16"), "cpu").pipelines
    models = (pipe.transformer, pipe.text_encoder, pipe.text_encoder_2, pipe.vae)
    assert {p.dtype for model in models for p in model.parameters()} == {torch.bfloat16}
    assert not any(model.training for model in models)
    weight = pipe.transformer.transformer_blocks[0].ff.net[2].weight.detach().float()
    assert float(weight.std()) == pytest.approx(0.02, rel=0.02)
    assert float(weight.mean()) == pytest.approx(0.0, abs=0.001)
    assert torch.get_default_dtype() == torch.float32


def outputs(one: Scenario, requests: int) -> list[np.ndarray]:
    workload = build(one, "cpu")
    with RequestProfiler() as profiler:
        return [workload.request(profiler).images for _ in range(requests)]


def test_random_weights_run_and_are_the_same_each_time(configurations: Path):
    """Two builds are one model, two requests one work: their outputs are equal bit for bit, and finite."""
    first, second = outputs(scenario(configurations, weights="random"), 2)
    (rebuilt,) = outputs(scenario(configurations, weights="random"), 1)
    assert np.isfinite(first).all()
    assert np.array_equal(first, second)
    assert np.array_equal(first, rebuilt)


def test_another_seed_is_other_noise(configurations: Path):
    """The scenario's seed is the one in use."""
    (first,) = outputs(scenario(configurations, weights="random"), 1)
    (other,) = outputs(scenario(configurations, weights="random", seed=1), 1)
    assert not np.array_equal(first, other)


def test_what_both_libraries_keep_exact_stays_exact(tmp_path: Path):
    """Wan keeps its time embedding in float32 whatever the type; its tables are those of a normal build."""
    import torch  # noqa: PLC0415 - only tests that build a pipeline need it
    from diffusers import WanTransformer3DModel  # noqa: PLC0415 - only tests that build a pipeline need it
    from ratchet_profiler.sources.diffusers_models import random_model  # noqa: PLC0415 - only tests that build a pipeline need it

    shape = {"num_attention_heads": 2, "attention_head_dim": 12, "ffn_dim": 8, "num_layers": 1}
    model = WanTransformer3DModel(**shape)
    model.save_config(tmp_path)
    made = random_model(WanTransformer3DModel, tmp_path, torch.bfloat16, "cpu")
    types = {name: p.dtype for name, p in made.named_parameters()}
    assert types["blocks.0.attn1.to_q.weight"] == torch.bfloat16
    assert types["blocks.0.scale_shift_table"] == torch.float32
    assert types["condition_embedder.time_embedder.linear_1.weight"] == torch.float32
    rope = {name: b for name, b in made.named_buffers() if "rope" in name}
    real = dict(model.named_buffers())
    assert rope
    assert all(
        torch.allclose(buffer.double(), real[name].double(), atol=1e-2) for name, buffer in rope.items()
    )


def test_optional_components_have_random_weights_too(tmp_path: Path):
    """Both of Wan 2.2's experts run, each in its share of the steps; the settings are the model's."""
    fields = {
        "pipeline": "wan_two_experts",
        "prompt": "a",
        "width": 16,
        "height": 16,
        "frames": 5,
        "steps": 4,
    }
    (pipe,) = build(Scenario.model_validate({"id": "w"} | fields), "cpu").pipelines
    pipe.save_pretrained(tmp_path)
    for weights in tmp_path.rglob("*.safetensors"):
        weights.unlink()
    changes = {"weights": "random", "width": 16, "height": 16, "frames": 5, "steps": 4}
    workload = build(scenario(tmp_path, **changes), "cpu")
    with RequestProfiler() as profiler:
        workload.request(profiler)
    denoisers = [tuple(step.forwards) for step in profiler.record("r0").steps]
    assert len(denoisers) == 4
    assert set(denoisers) == {("transformer",), ("transformer_2",)}


def test_the_pipeline_can_be_another_class(folder: Path):
    """The same weights from image to image; what that class does not take is told with its key."""
    image_to_image = scenario(folder, pipeline="FluxImg2ImgPipeline", arguments={"imag": 1})
    assert failure(image_to_image) == "arguments.imag: FluxImg2ImgPipeline takes no imag; did you mean image?"


def failure(one: Scenario) -> str:
    from ratchet_profiler.sources.diffusers_models import ModelUnusable  # noqa: PLC0415 - only tests that build a pipeline need it

    with pytest.raises(ModelUnusable) as unusable:
        build(one, "cpu")
    return str(unusable.value)


def test_a_class_that_there_is_not_is_told_with_the_one_that_was_meant(folder: Path):
    """Before anything is loaded."""
    line = failure(scenario(folder, pipeline="FluxPipelin"))
    assert line.startswith("pipeline: diffusers 0.")
    assert line.endswith("has no FluxPipelin; did you mean FluxPipeline?")


def test_frames_of_an_image_pipeline_are_told_with_their_key(folder: Path):
    """A key that the pipeline would not take is refused before the warm-up."""
    assert failure(scenario(folder, frames=9)) == "frames: FluxPipeline takes no num_frames"


@pytest.mark.parametrize(("weights", "but"), [("hub", ""), ("random", " --exclude '*.safetensors' '*.bin'")])
def test_a_model_that_is_nowhere_is_one_line_that_says_what_to_do(
    weights: str, but: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Neither a folder nor in the cache, and no network; random weights need none of the model's."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    line = failure(scenario("nobody/nothing", weights=weights))
    assert line.startswith(
        "model: nobody/nothing is not a folder here, and the hub did not give it; "
        f"where there is network, run `hf download nobody/nothing{but}`, "
        "or name a folder that save_pretrained wrote: "
    )
    assert "\n" not in line


def test_a_folder_without_weights_is_told_so(configurations: Path):
    """`weights = "hub"` does not fall back to random ones in silence."""
    line = failure(scenario(configurations))
    assert line.startswith(f"model: {configurations} is not a whole pipeline: Error no file named")


@pytest.mark.parametrize("index", [None, "not json", '{"vae": ["diffusers", "NoSuchModel"]}'])
def test_a_folder_that_is_no_pipeline_is_told_so(index: str | None, tmp_path: Path):
    """No index, a broken one, one with classes that there are not."""
    if index is not None:
        (tmp_path / "model_index.json").write_text(index)
    line = failure(scenario(tmp_path, weights="random"))
    assert line.startswith("model: ")
    assert "\n" not in line


def test_the_builtin_pipelines_ask_no_network(monkeypatch: pytest.MonkeyPatch):
    """Nothing is downloaded for them, wherever they run: not even a connection is tried."""

    def refuse(*_address: object) -> Never:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    fields = {"id": "f", "pipeline": "flux", "prompt": "a", "width": 32, "height": 32, "steps": 1}
    with RequestProfiler() as profiler:
        build(Scenario.model_validate(fields), "cpu").request(profiler)
    assert len(profiler.record("r0").steps) == 1
