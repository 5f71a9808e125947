"""The keys of a scenario, for every source: what they may hold, and what is wrong with one in one line."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from math import isfinite
from types import MappingProxyType
from typing import Annotated, Any, Final, get_args

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from ratchet_profiler.machine import MAX_STEPS

MAX_PROMPT: Final = 4000
"""Longest prompt in characters. Chosen: several times the 512 tokens that text encoders read."""
MAX_SIDE: Final = 16_384
"""Largest width or height in pixels. Chosen: four times what any known pipeline makes."""
MAX_FRAMES: Final = 10_000
"""Most frames of a video. Chosen: far above any known pipeline."""
MAX_SEED: Final = 2**63 - 1
"""Largest seed: the largest that both TOML and torch.Generator take."""
MAX_WORD: Final = 4096
"""Longest path, address or argument in characters: the longest path of Linux."""

Prompt = Annotated[str, Field(min_length=1, max_length=MAX_PROMPT)]
Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]
Steps = Annotated[int, Field(ge=1, le=MAX_STEPS)]
Frames = Annotated[int, Field(ge=1, le=MAX_FRAMES)]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Guidance = Annotated[float, Field(ge=0, le=1000)]
Word = Annotated[str, Field(min_length=1, max_length=MAX_WORD, pattern=r"^[^\x00]*$")]
Argument = Annotated[str, Field(max_length=MAX_WORD, pattern=r"^[^\x00]*$")]
Address = Annotated[str, Field(max_length=MAX_WORD, pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
ClassName = Annotated[str, Field(pattern=r"^[A-Z]\w{0,99}$")]

DIFFUSERS_ARGUMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "prompt": "prompt",
        "width": "width",
        "height": "height",
        "frames": "num_frames",
        "steps": "num_inference_steps",
        "guidance": "guidance_scale",
        "seed": "generator",
    }
)
"""What a scenario's keys are called by the pipelines of diffusers."""

SERVED_ARGUMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "model": "model",
        "prompt": "prompt",
        "width": "size",
        "height": "size",
        "frames": "num_frames",
        "steps": "num_inference_steps",
        "guidance": "guidance_scale",
        "seed": "seed",
        "perf_dump": "perf_dump_path",
    }
)
"""What a scenario's keys are called in the JSON of a request: OpenAI's names, and sglang's beyond those.

Source: sgl-project/sglang, multimodal_gen/runtime/entrypoints/openai/protocol.py.
"""


def checked_arguments(names: Mapping[str, str], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments as they are.

    Args:
        names: What the scenario's own keys are called where the arguments go.
        arguments: A table of the scenario.

    Raises:
        ValueError: one has a key of its own, or JSON could not hold it. The message begins with its name.
    """
    for name, value in arguments.items():
        keys = [key for key, argument in names.items() if argument == name]
        if keys:
            raise ValueError(f"{name}: write {' and '.join(keys)} above the arguments instead")
        _check_plain(name, value)
    return arguments


def _check_plain(name: str, value: object) -> None:
    match value:
        case float() if not isfinite(value):
            raise ValueError(f"{name}: not finite")
        case str() | bool() | int() | float():
            return
        case Mapping():
            for key, item in value.items():
                _check_plain(f"{name}.{key}", item)
        case list():
            for index, item in enumerate(value):
                _check_plain(f"{name}.{index}", item)
        case _:
            raise ValueError(
                f"{name}: {type(value).__name__} is not a plain value; write text, a number, or a list"
            )


CallArguments = Annotated[Mapping[str, Any], AfterValidator(partial(checked_arguments, DIFFUSERS_ARGUMENTS))]
JsonArguments = Annotated[Mapping[str, Any], AfterValidator(partial(checked_arguments, SERVED_ARGUMENTS))]


def first_problem(error: ValidationError, table: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return the first problem as `.key: what is wrong`, an unknown key before a missing one.

    Args:
        error: What validation said about the table.
        table: What was validated, without its id.
        model: Of which class the table should be an instance.
    """
    problems = error.errors(include_url=False)
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    key = str(problem["loc"][0]) if problem["loc"] else ""
    if key == "id":
        return ": an id has letters, digits and . _ + - only, at most 120"
    place = "".join(f".{part}" for part in problem["loc"])
    match problem["type"]:
        case "extra_forbidden":
            others = [name for name in model.model_fields if name not in {"id", *table}]
            return f"{place}: unknown key{suggestion(key, others)}"
        case "missing":
            return f"{place}: missing"
        case "literal_error":
            choices = get_args(model.model_fields[key].annotation)
            return f"{place}: {unknown_value(key, problem['input'], choices)}"
        case _:
            return _message(place, problem)


def unknown_value(key: str, value: object, choices: Sequence[str]) -> str:
    """Return that a closed set does not hold the value, what was probably meant, and the whole set."""
    return f"unknown {key} {value!r}{suggestion(value, choices)}; there are: {', '.join(choices)}"


def suggestion(word: object, choices: Sequence[str]) -> str:
    """Return `; did you mean X?` when one of the choices is close, else nothing."""
    close = get_close_matches(str(word), choices, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _message(place: str, problem: ErrorDetails) -> str:
    """Return pydantic's own words; ours already begin with the name of the nested key."""
    words = problem["msg"]
    if problem["type"] != "value_error":
        return f"{place}: {words}"
    joint = "." if problem["loc"] else ": "
    return f"{place}{joint}{words.removeprefix('Value error, ')}"
