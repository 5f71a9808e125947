"""Any diffusers pipeline at its real size, with its own weights or with random ones.

Random weights need no download of gigabytes and cost the same time: kernels do not look at values. Only the
configurations are read. Each model is made where it will run, in the type it will have, so that its tables
(of rotary positions, say) are its constructor's; then its matrices are filled as a trained model's are. All
zeros would not do: a device that multiplies zeros draws less power and clocks higher.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Final, cast

import diffusers
import torch
import transformers
from diffusers import DiffusionPipeline
from diffusers.utils import logging as diffusers_logging
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError
from packaging.version import Version

from ratchet_profiler.scenario_keys import DIFFUSERS_ARGUMENTS, suggestion
from ratchet_profiler.scenarios import DiffusersScenario
from ratchet_profiler.sources.observation import observe
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler

INDEX: Final = "model_index.json"
"""What every pipeline's folder has: its class, and the class of each component."""
CONFIGURATIONS: Final = ("*.json", "*.txt", "*.model", "*.jinja")
"""Files other than weights: configurations, vocabularies, templates."""
WEIGHTS_SEED: Final = 0
"""Seed of random weights: two builds of one scenario are the same model."""
SPREAD: Final = 0.02
"""Standard deviation of random weights: what transformers are initialised with."""
MAX_REASON: Final = 300
"""Characters of a library's own words in an error. Chosen: a sentence."""
DTYPE_ARGUMENT: Final = "dtype" if Version(diffusers.__version__) >= Version("0.40") else "torch_dtype"
"""What diffusers calls the type of the weights. An older one ignores the new name, and loads float32."""
LIBRARIES: Final = frozenset({"diffusers", "transformers"})


class ModelUnusable(ValueError):
    """The scenario's model cannot be measured; the message is one line: key, what is wrong, what to do."""


def build(scenario: DiffusersScenario, device: str) -> Workload:
    """Return the pipeline on `device`.

    Raises:
        ModelUnusable: it is not there, or does not take what the scenario gives.
    """
    # A bar a component, drawn by the library on top of ours.
    diffusers_logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    dtype = cast("torch.dtype", getattr(torch, scenario.dtype))
    with _errors_in_one_line(scenario):
        pipe = _random(scenario, dtype, device) if scenario.weights == "random" else _load(scenario, dtype)
    pipe = pipe.to(device)
    pipe.set_progress_bar_config(disable=True)
    arguments = call_arguments(scenario, pipe)
    takes_noise = "generator" in signature(type(pipe).__call__).parameters

    def request(profiler: RequestProfiler) -> object:
        noise = {"generator": torch.Generator("cpu").manual_seed(scenario.seed)} if takes_noise else {}
        with observe(pipe, profiler):
            return pipe(**arguments, **noise)

    return Workload(pipelines=(pipe,), request=request)


def call_arguments(scenario: DiffusersScenario, pipe: object) -> dict[str, Any]:
    """Return the arguments of a request, without its noise.

    Raises:
        ModelUnusable: the pipeline does not take one of them.
    """
    parameters = signature(type(pipe).__call__).parameters
    takes_all = any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())
    given = {
        key: (argument, getattr(scenario, key))
        for key, argument in DIFFUSERS_ARGUMENTS.items()
        if argument != "generator" and getattr(scenario, key) is not None
    } | {f"arguments.{name}": (name, value) for name, value in scenario.arguments.items()}
    for key, (argument, _) in given.items():
        if argument not in parameters and not takes_all:
            hint = suggestion(argument, tuple(parameters))
            raise ModelUnusable(f"{key}: {type(pipe).__name__} takes no {argument}{hint}")
    return dict(given.values())


def random_model(
    kind: type[torch.nn.Module], folder: Path, dtype: torch.dtype, device: str
) -> torch.nn.Module:
    """Return a model of the class and the configuration in `folder`, with random weights, on `device`."""
    torch.manual_seed(WEIGHTS_SEED)
    default = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            model = _from_configuration(kind, folder)
    finally:
        torch.set_default_dtype(default)
    exact = _exact_modules(model, dtype)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            kept = not exact.isdisjoint(name.split("."))
            parameter.data = parameter.data.to(torch.float32 if kept else dtype)
            if parameter.dim() > 1:
                parameter.normal_(0.0, SPREAD)
    return model.eval()


def _random(scenario: DiffusersScenario, dtype: torch.dtype, device: str) -> DiffusionPipeline:
    """Return the pipeline with random models; what is small (tokenizers, the scheduler) is its own."""
    folder = _folder(scenario.model)
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    # Its own class: the base class would load anew what is optional in it, such as Wan's transformers.
    kind = _pipeline_class(scenario.pipeline or str(index["_class_name"]))
    models = {
        name: random_model(component, folder / name, dtype, device)
        for name, component in _component_classes(index)
        if issubclass(component, torch.nn.Module)
    }
    return kind.from_pretrained(folder, local_files_only=True, **models)


def _load(scenario: DiffusersScenario, dtype: torch.dtype) -> DiffusionPipeline:
    kind = DiffusionPipeline if scenario.pipeline is None else _pipeline_class(scenario.pipeline)
    return kind.from_pretrained(scenario.model, **{DTYPE_ARGUMENT: dtype})


def _pipeline_class(name: str) -> type[DiffusionPipeline]:
    kind = getattr(diffusers, name, None)
    if isinstance(kind, type) and issubclass(kind, DiffusionPipeline):
        return kind
    hint = suggestion(name, tuple(other for other in dir(diffusers) if other.endswith("Pipeline")))
    raise ModelUnusable(f"pipeline: diffusers {diffusers.__version__} has no {name}{hint}")


def _folder(model: str) -> Path:
    """Return the folder with the model's configurations, from the hub's cache where it is none of ours."""
    if Path(model).is_dir():
        return Path(model)
    return Path(snapshot_download(model, allow_patterns=list(CONFIGURATIONS)))


def _component_classes(index: Mapping[str, Any]) -> Iterator[tuple[str, type]]:
    """Yield the pipeline's components that are there, with their classes."""
    for name, entry in index.items():
        match entry:
            case [str(library), str(kind)]:
                place = library if library in LIBRARIES else f"diffusers.pipelines.{library}"
                try:
                    yield name, getattr(import_module(place), kind)
                except (AttributeError, ModuleNotFoundError) as error:
                    raise ModelUnusable(f"model: {name} is a {kind}, which {place} has not") from error
            case _:  # the pipeline's class, its settings, and [null, null] for what it does without
                continue


def _from_configuration(kind: Any, folder: Path) -> torch.nn.Module:  # noqa: ANN401 - neither library has types
    if issubclass(kind, transformers.PreTrainedModel):
        configuration = kind.config_class.from_pretrained(folder, local_files_only=True)
        return cast("torch.nn.Module", kind(configuration))
    return cast("torch.nn.Module", kind.from_config(kind.load_config(folder, local_files_only=True)))


def _exact_modules(model: torch.nn.Module, dtype: torch.dtype) -> frozenset[str]:
    """Return the modules that both libraries leave in float32 when they load a model as `dtype`."""
    names = ["_keep_in_fp32_modules_strict"]
    if dtype == torch.float16 or not isinstance(model, transformers.PreTrainedModel):
        names.append("_keep_in_fp32_modules")
    return frozenset(module for name in names for module in getattr(model, name, None) or ())


@contextmanager
def _errors_in_one_line(scenario: DiffusersScenario) -> Iterator[None]:
    """Say what to do where the libraries cannot find or read a model."""
    model = scenario.model
    try:
        yield
    except ModelUnusable:
        raise
    except (OSError, HfHubHTTPError, ValueError, LookupError) as error:
        reason = " ".join(str(error).split())[:MAX_REASON]
        if "low_cpu_mem_usage" in reason:
            raise ModelUnusable(
                "model: diffusers loads it only with accelerate: pip install accelerate"
            ) from error
        if Path(model).is_dir():
            raise ModelUnusable(f"model: {model} is not a whole pipeline: {reason}") from error
        but_weights = " --exclude '*.safetensors' '*.bin'" if scenario.weights == "random" else ""
        raise ModelUnusable(
            f"model: {model} is not a folder here, and the hub did not give it; where there is network, run "
            f"`hf download {model}{but_weights}`, or name a folder that save_pretrained wrote: {reason}"
        ) from error
