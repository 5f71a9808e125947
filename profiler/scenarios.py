"""What is measured: one scenario is one pipeline with one prompt, size, number of steps and seed.

Version history of the configuration hash, newest first:
    1: the first.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from profiler.record import MAX_STEPS, Frozen, ScenarioId

MAX_PROMPT: Final = 4000
"""Longest prompt in characters. Chosen: several times the 512 tokens that text encoders read."""
MAX_SIDE: Final = 16_384
"""Largest width or height in pixels. Chosen: four times what any known pipeline makes."""
MAX_FRAMES: Final = 10_000
"""Most frames of a video. Chosen: far above any known pipeline."""
MAX_SEED: Final = 2**63 - 1
"""Largest seed: the largest that both TOML and torch.Generator take."""
HASH_DIGITS: Final = 16
"""Hexadecimal digits of a configuration hash: 64 bits, no collision among any list a person can write."""

Family = Literal["flux", "ltx2_two_stage", "wan"]
VIDEO_FAMILIES: Final = frozenset[Family](("ltx2_two_stage", "wan"))
TWO_STAGE_FAMILIES: Final = frozenset[Family](("ltx2_two_stage",))

Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]
Steps = Annotated[int, Field(ge=1, le=MAX_STEPS)]


class ScenariosRejected(ValueError):
    """The scenarios cannot be used; the message is one line: file, key, what is wrong, how to mend it."""

    def __init__(self, message: str) -> None:
        """Keep the message on one line: a quoted key of TOML may hold line breaks."""
        super().__init__(" ".join(message.split()))


class Scenario(Frozen):
    """One thing measured. Two requests of one scenario do the same work."""

    id: ScenarioId
    pipeline: Family
    """The family of pipelines, see `profiler.pipelines`."""
    prompt: Annotated[str, Field(min_length=1, max_length=MAX_PROMPT)]
    width: Side
    """Pixels."""
    height: Side
    """Pixels."""
    frames: Annotated[int, Field(ge=1, le=MAX_FRAMES)] | None = None
    """Frames of the video; null for images."""
    steps: Steps
    """Denoising steps, of the first stage where there are two."""
    refinement_steps: Steps | None = None
    """Denoising steps of the second stage; null where there is one."""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    """Seed of every request's noise."""
    prepare: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    """`module:function`, called with each pipeline before the warm-up: here an engine installs what makes it
    fast. Null when the pipeline runs as it is."""

    @model_validator(mode="after")
    def _has_what_its_family_needs(self) -> Self:
        for key, families in (("frames", VIDEO_FAMILIES), ("refinement_steps", TWO_STAGE_FAMILIES)):
            is_needed, is_given = self.pipeline in families, getattr(self, key) is not None
            if is_needed != is_given:
                verdict = "is needed for" if is_needed else "is not for"
                raise ValueError(f"{key} {verdict} pipeline {self.pipeline!r}")
        return self


def config_hash(scenario: Scenario) -> str:
    """Return 16 hexadecimal digits that change when the scenario asks for other work.

    Its id and `prepare` do not count: how fast an engine does the same work is what is measured. Keys without
    a value do not count either, so that a key added later leaves the hashes of today as they are.
    """
    work = scenario.model_dump(mode="json", exclude={"id", "prepare"}, exclude_none=True)
    canonical = json.dumps(work, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:HASH_DIGITS]


def scenarios_from_toml(text: str, source: str) -> tuple[Scenario, ...]:
    """Return the scenarios of a TOML text, in its order: `[scenario.<id>]` and one key a line.

    Args:
        text: TOML 1.0.
        source: What the error calls the text: its file.

    Raises:
        ScenariosRejected: it is no TOML, or not of this shape, or holds no scenario.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenariosRejected(f"{source}: not TOML: {error}") from error
    for key in document:
        if key != "scenario":
            raise ScenariosRejected(f"{source}: {key}: unknown key{_suggestion(key, ['scenario'])}")
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
    known = tuple(scenarios)
    chosen = tuple(scenario for scenario in known if fnmatchcase(scenario.id, glob))
    if not chosen:
        ids = [scenario.id for scenario in known]
        raise ScenariosRejected(
            f"no scenario matches {glob!r}{_suggestion(glob, ids)}; there are: {', '.join(ids)}"
        )
    return chosen


def _scenario(name: str, table: object, source: str) -> Scenario:
    place = f"{source}: scenario.{name}"
    if not isinstance(table, Mapping):
        raise ScenariosRejected(f"{place}: not a table; write [scenario.{name}]")
    if "id" in table:
        raise ScenariosRejected(f"{place}.id: unknown key; the id is the table's name")
    try:
        return Scenario.model_validate({"id": name, **table})
    except ValidationError as error:
        raise ScenariosRejected(f"{place}{_first_problem(error, table)}") from error


def _first_problem(error: ValidationError, table: Mapping[str, Any]) -> str:
    """Return the first problem as `.key: what is wrong`, an unknown key before a missing one."""
    problems = error.errors(include_url=False)
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    key = str(problem["loc"][0]) if problem["loc"] else ""
    if key == "id":
        return ": an id has letters, digits and . _ + - only, at most 120"
    place = f".{key}" if key else ""
    match problem["type"]:
        case "extra_forbidden":
            others = [name for name in Scenario.model_fields if name not in {"id", *table}]
            return f"{place}: unknown key{_suggestion(key, others)}"
        case "missing":
            return f"{place}: missing"
        case "literal_error":
            families, value = get_args(Family), problem["input"]
            hint = f"{_suggestion(value, families)}; there are: {', '.join(families)}"
            return f"{place}: unknown pipeline {value!r}{hint}"
        case _:
            return f"{place}: {problem['msg'].removeprefix('Value error, ')}"


def _suggestion(word: object, known: Sequence[str]) -> str:
    """Return `; did you mean X?` when one of the known words is close, else nothing."""
    close = get_close_matches(str(word), known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
