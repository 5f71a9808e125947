"""What is measured: one scenario is one pipeline with one prompt, size, number of steps and seed.

Version history of the configuration hash, newest first:
    1: the first.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal, Self, get_args

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator

from ratchet_profiler.record import Frozen, ScenarioId
from ratchet_profiler.scenario_keys import (
    Address,
    Argument,
    CallArguments,
    ClassName,
    Frames,
    Guidance,
    JsonArguments,
    Prompt,
    Reference,
    Seed,
    Side,
    Steps,
    Word,
    first_problem,
    suggestion,
    unknown_value,
)

HASH_DIGITS: Final = 16
"""Hexadecimal digits of a configuration hash: 64 bits, no collision among any list a person can write."""

Family = Literal[
    "dual_tower",
    "flux",
    "hunyuan_video",
    "lcm",
    "ltx2",
    "ltx2_two_stage",
    "ltx_two_stage",
    "qwen_image",
    "wan",
    "wan_few_step",
    "wan_two_experts",
]
IMAGE_FAMILIES: Final = frozenset[Family](("flux", "lcm", "qwen_image"))
VIDEO_FAMILIES: Final = frozenset[Family](get_args(Family)) - IMAGE_FAMILIES
TWO_STAGE_FAMILIES: Final = frozenset[Family](("ltx2_two_stage", "ltx_two_stage"))

SourceName = Literal["builtin", "callable", "diffusers", "served"]


class ScenariosRejected(ValueError):
    """The scenarios cannot be used; the message is one line: file, key, what is wrong, how to mend it."""

    def __init__(self, message: str) -> None:
        """Keep the message on one line: a quoted key of TOML may hold line breaks."""
        super().__init__(" ".join(message.split()))


class Scenario(Frozen):
    """One thing measured. Two requests of one scenario do the same work.

    What it is measured with is its source; `Scenario.model_validate` gives the scenario of that source.
    """

    HOW: ClassVar[frozenset[str]] = frozenset({"id", "prepare"})
    """Keys that say how the work is done and not what it is: they leave the configuration hash as it is."""

    id: ScenarioId
    source: SourceName
    """Where the pipeline comes from."""
    frames: Frames | None = None
    """Frames of the video; null for images."""
    prepare: Reference | None = None
    """`module:function`, called with each pipeline before the warm-up: here an engine installs what makes it
    fast. Null when the pipeline runs as it is, and where there is none in this process."""

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_source(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Any:  # noqa: ANN401 - any input
        if cls is not Scenario or not isinstance(data, Mapping):
            return handler(data)
        model = SOURCES.get(str(data.get("source", "builtin")), BuiltinScenario)
        return model.model_validate(data)


class BuiltinScenario(Scenario):
    """A pipeline of perf-ratchet's own: real classes, tiny, with random weights made in memory."""

    HOW: ClassVar[frozenset[str]] = Scenario.HOW | {"source"}
    """The source too: hashes are older than sources."""

    source: Literal["builtin"] = "builtin"
    pipeline: Family
    """The family of pipelines, see `ratchet_profiler.sources`."""
    prompt: Prompt
    width: Side
    """Pixels."""
    height: Side
    """Pixels."""
    steps: Steps
    """Denoising steps, of the first stage where there are two."""
    refinement_steps: Steps | None = None
    """Denoising steps of the second stage; null where there is one."""
    seed: Seed = 0
    """Seed of every request's noise."""

    @model_validator(mode="after")
    def _has_what_its_family_needs(self) -> Self:
        for key, families in (("frames", VIDEO_FAMILIES), ("refinement_steps", TWO_STAGE_FAMILIES)):
            is_needed, is_given = self.pipeline in families, getattr(self, key) is not None
            if is_needed != is_given:
                verdict = "is needed for" if is_needed else "is not for"
                raise ValueError(f"{key} {verdict} pipeline {self.pipeline!r}")
        return self


class DiffusersScenario(Scenario):
    """Any pipeline of diffusers, at its real size."""

    source: Literal["diffusers"]
    model: Word
    """A folder that `save_pretrained` wrote, or a repository of the Hugging Face hub."""
    pipeline: ClassName | None = None
    """Class of diffusers, such as "FluxPipeline"; null takes the one that the model names."""
    weights: Literal["hub", "random"] = "hub"
    """Those of the model, or random ones of the same size: then only its configurations are read."""
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    """What the weights are computed in."""
    prompt: Prompt | None = None
    width: Side | None = None
    """Pixels; null takes the pipeline's own, as for all keys below."""
    height: Side | None = None
    """Pixels."""
    steps: Steps | None = None
    """Denoising steps."""
    guidance: Guidance | None = None
    """Guidance scale."""
    seed: Seed = 0
    """Seed of every request's noise."""
    arguments: CallArguments = Field(default_factory=dict)
    """More arguments of the pipeline's call."""


class ServedScenario(Scenario):
    """An engine behind an OpenAI-compatible endpoint, such as `sglang serve`."""

    HOW: ClassVar[frozenset[str]] = Scenario.HOW | {"url", "command", "perf_log", "perf_dump"}

    source: Literal["served"]
    url: Address
    """Where the engine listens, such as "http://127.0.0.1:30000"."""
    command: Annotated[tuple[Argument, ...], Field(strict=False, min_length=1, max_length=1000)] | None = None
    """Starts the engine, argument by argument; null when it runs already."""
    model: Word
    """What is served; each request names it."""
    prompt: Prompt
    width: Side
    """Pixels."""
    height: Side
    """Pixels."""
    steps: Steps | None = None
    """Denoising steps; null takes the engine's own, as for `guidance`."""
    guidance: Guidance | None = None
    """Guidance scale."""
    seed: Seed = 0
    """Seed of every request's noise."""
    perf_log: Word | None = None
    """sglang's `performance.log`: from there come stages and steps."""
    perf_dump: bool = False
    """Whether each request asks for sglang's dump (`perf_dump_path`): stages and steps without a log."""
    arguments: JsonArguments = Field(default_factory=dict)
    """More members of the request's JSON."""

    @model_validator(mode="after")
    def _is_one_request(self) -> Self:
        if self.prepare is not None:
            raise ValueError("prepare is not for source 'served': the pipeline is in another process")
        if self.perf_log is not None and self.perf_dump:
            raise ValueError("perf_log and perf_dump both give the stages; leave out one")
        return self


class CallableScenario(Scenario):
    """A function of the engine's own that does one request."""

    source: Literal["callable"]
    call: Reference
    """`module:function`, called with the request's profiler, or with nothing when it takes nothing."""

    @model_validator(mode="after")
    def _is_one_request(self) -> Self:
        if self.prepare is not None:
            raise ValueError("prepare is not for source 'callable': the function prepares what it calls")
        return self


SOURCES: Final[Mapping[str, type[Scenario]]] = MappingProxyType(
    {
        "builtin": BuiltinScenario,
        "callable": CallableScenario,
        "diffusers": DiffusersScenario,
        "served": ServedScenario,
    }
)
"""The scenario of each source."""


def config_hash(scenario: Scenario) -> str:
    """Return 16 hexadecimal digits that change when the scenario asks for other work.

    How the work is done does not count (`Scenario.HOW`): how fast an engine does the same work is what is
    measured. Keys without a value do not count either, so that a key added later leaves the hashes of today
    as they are.
    """
    work = scenario.model_dump(mode="json", exclude=set(scenario.HOW), exclude_none=True)
    canonical = json.dumps(work, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:HASH_DIGITS]


def runs_already(scenario: Scenario) -> bool:
    """Return whether the scenario's engine is one that this run does not start."""
    return isinstance(scenario, ServedScenario) and scenario.command is None


def scenarios_from_toml(text: str, source: str) -> tuple[Scenario, ...]:
    """Return the scenarios of a TOML text, in its order: `[scenario.<id>]` and one key a line.

    Args:
        text: TOML 1.0.
        source: What the error calls the text: its file.

    Raises:
        ScenariosRejected: it is not TOML, does not have this shape, or holds no scenario.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenariosRejected(f"{source}: not TOML: {error}") from error
    for key in document:
        if key != "scenario":
            raise ScenariosRejected(f"{source}: {key}: unknown key{suggestion(key, ['scenario'])}")
    tables = document.get("scenario")
    if not isinstance(tables, dict) or not tables:
        raise ScenariosRejected(f"{source}: scenario: no scenario is given; begin one with [scenario.NAME]")
    return tuple(_scenario(name, table, source) for name, table in tables.items())


def builtin_scenarios() -> tuple[Scenario, ...]:
    """Return the scenarios that come with perf-ratchet: tiny real pipelines that run anywhere."""
    path = Path(__file__).with_name("scenarios.toml")
    return scenarios_from_toml(path.read_text(encoding="utf-8"), path.name)


def select(scenarios: Iterable[Scenario], glob: str) -> tuple[Scenario, ...]:
    """Return the scenarios whose id matches `glob` (`*`, `?`, `[...]`), in their order.

    Raises:
        ScenariosRejected: none does.
    """
    candidates = tuple(scenarios)
    chosen = tuple(scenario for scenario in candidates if fnmatchcase(scenario.id, glob))
    if not chosen:
        ids = [scenario.id for scenario in candidates]
        raise ScenariosRejected(
            f"no scenario matches {glob!r}{suggestion(glob, ids)}; there are: {', '.join(ids)}"
        )
    return chosen


def _scenario(name: str, table: object, source: str) -> Scenario:
    place = f"{source}: scenario.{name}"
    if not isinstance(table, Mapping):
        raise ScenariosRejected(f"{place}: not a table; write [scenario.{name}]")
    if "id" in table:
        raise ScenariosRejected(f"{place}.id: unknown key; the id is the table's name")
    given = table.get("source", "builtin")
    model = SOURCES.get(given) if isinstance(given, str) else None
    if model is None:
        raise ScenariosRejected(f"{place}.source: {unknown_value('source', given, tuple(SOURCES))}")
    try:
        return model.model_validate({"id": name, **table})
    except ValidationError as error:
        raise ScenariosRejected(f"{place}{first_problem(error, table, model)}") from error
