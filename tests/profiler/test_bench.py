import json
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from ratchet_profiler.__main__ import main

# torch and diffusers announce their own future while they are imported; not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

LINES = """\
FLUX.1-dev 1024x1024: 11.9 B parameters, 74.4 TFLOP a forward, 1 a step
  wall of 3 steps  without 412.0 ms, events 412.2 ms (+0.05%), synchronize every step 420.2 ms (+1.99%)
  steps, host     45.00 54.00 138.00
  steps, events   137.30 137.20 137.40
  step / kernels  137.30/136.80 = 1.004  137.20/136.90 = 1.002
  step / bound    137.30/93.00 = 1.48 at 800 TFLOP/s measured"""


@pytest.fixture
def accelerator() -> ModuleType:
    """The bench; it imports torch."""
    return import_module("ratchet_profiler.bench")


@pytest.fixture
def models() -> ModuleType:
    """The models; they import diffusers."""
    return import_module("ratchet_profiler.bench.models")


@pytest.fixture
def flux(accelerator: ModuleType) -> Any:
    """What an H100 might say of FLUX."""
    return accelerator.Bench(
        model="FLUX.1-dev 1024x1024",
        parameters=11_901_408_320,
        forward_flop=74_400_000_000_000,
        forwards=1,
        without_ms=412.0,
        events_ms=412.2,
        synchronize_ms=420.2,
        host_ms=(45.0, 54.0, 138.0),
        device_ms=(137.3, 137.2, 137.4),
        watched=((137.3, 136.8), (137.2, 136.9)),
        gemm_flop_per_s=8e14,
    )


def test_the_table_of_an_accelerator(accelerator: ModuleType, flux: Any):
    """Walls against the unprofiled one, steps on both clocks, kernels and bound beside them."""
    assert "\n".join(accelerator.lines(flux)) == LINES


def test_what_cannot_be_told_is_said(accelerator: ModuleType, flux: Any):
    """A CPU has no events, some devices torch.profiler does not know; then the host's step is the step."""
    _, _, _, events, kernels, bound = accelerator.lines(replace(flux, device_ms=(), watched=()))
    assert events == "  steps, events   none: a CPU has no other clock than the host"
    assert kernels == "  step / kernels  torch.profiler does not know this device"
    assert bound == "  step / bound    54.00/93.00 = 0.58 at 800 TFLOP/s measured"


@pytest.mark.parametrize(
    ("index", "billions", "teraflop"), [(0, 11.90, 74.4), (1, 1.42, 283.0), (2, 20.43, 69.3)]
)
def test_a_forward_of_the_real_models_costs_what_was_counted_before(
    models: ModuleType, index: int, billions: float, teraflop: float
):
    """FLUX, Wan and Qwen-Image by their shapes, on the meta device."""
    found = models.cost(models.real_models()[index])
    assert (round(found.parameters / 1e9, 2), round(found.forward_flop / 1e12, 1)) == (billions, teraflop)


def test_a_model_is_built_in_its_final_type(models: ModuleType):
    """Weights and output; torch's default type is as it was."""
    torch = import_module("torch")
    for model in models.tiny_models():
        module = models.built(model, "cpu", torch.bfloat16)
        with torch.no_grad():
            (output,) = module(**model.inputs(torch.device("cpu"), torch.bfloat16))
        assert {parameter.dtype for parameter in module.parameters()} == {torch.bfloat16}
        assert output.dtype == torch.bfloat16
        assert torch.get_default_dtype() == torch.float32


def test_the_bench_runs_on_a_cpu(capsys: pytest.CaptureFixture):
    """All three models end to end: every number that the table tells is there and positive."""
    assert main(["bench", "--device", "cpu", "--size", "tiny", "--steps", "2", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["version"], found["environment"]["hardware"]) == (1, "cpu")
    assert [(model["model"], model["forwards"]) for model in found["models"]] == [
        ("FLUX tiny", 1),
        ("Wan tiny", 2),
        ("Qwen-Image tiny", 2),
    ]
    for model in found["models"]:
        assert (len(model["host_ms"]), model["device_ms"], len(model["watched"])) == (2, [], 3)
        assert model["bound_ms"] > 0
        for name in ("without_ms", "events_ms", "synchronize_ms", "step_ms"):
            assert model[name] > 0
        assert all(kernels_ms > 0 for _, kernels_ms in model["watched"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--device", "xpu"], "--device: torch finds no 'xpu' on this machine; use cpu"),
        (
            ["--device", "cpu"],
            "--size real: models of this size need an accelerator; use --size tiny",
        ),
    ],
)
def test_what_has_no_chance_is_refused(arguments: list[str], line: str, capsys: pytest.CaptureFixture):
    """Before minutes of it."""
    assert main(["bench", *arguments]) == 2
    assert capsys.readouterr().err == f"ratchet-profiler: {line}\n"
