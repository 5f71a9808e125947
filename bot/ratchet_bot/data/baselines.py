"""The baseline file: read it, look at it, and change scenarios without touching any other byte.

The format is that of sglang's `perf_baselines.json`. Keys that we do not know are kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ratchet_profiler.record import Clock

from ratchet_bot.data.defaults import DEFAULT_PROFILE
from ratchet_bot.data.json_text import JsonRejected, parsed_json

PSEUDO_STAGES: Final = frozenset({"per_frame_generation"})
"""Names among the stages that are not stages: never summed, may be null (end-to-end time over frames)."""
END_TO_END: Final = "expected_e2e_ms"
AVERAGE_STEP: Final = "expected_avg_denoise_ms"
MEDIAN_STEP: Final = "expected_median_denoise_ms"
STEP_AGGREGATES: Final = (AVERAGE_STEP, MEDIAN_STEP)
AGGREGATES: Final = (END_TO_END, *STEP_AGGREGATES)
BIGGEST_KEPT_INT: Final = 2**53
"""Integers above this do not survive a float, so they are no measurement."""
_NUMBERS: Final = (int, float)
_INDEX = re.compile(r"0|[1-9][0-9]{0,6}")


def _as_index(key: object) -> object:
    """Return the index that a step's key names: "01", "1.0" and "+1" would be the same step as "1"."""
    if isinstance(key, str) and not _INDEX.fullmatch(key):
        raise ValueError("must be a step index such as 0 or 17, without sign, point or leading zero")
    return key


StepIndex = Annotated[int, BeforeValidator(_as_index), Field(ge=0, le=1_000_000)]
Tolerance = Annotated[float, Field(strict=True, ge=0, le=100)]
Fraction = Annotated[float, Field(strict=True, ge=0, le=1)]

_AN_OBJECT: Final = "must be a JSON object"
_DEMANDS: Final = {"missing": "is missing: add it", "dict_type": _AN_OBJECT, "model_type": _AN_OBJECT}
"""Problems in words for people, where pydantic's are for Python programmers."""


MAX_SCENARIOS: Final = 2048
"""Most scenarios of a file. Chosen: thirty times those of the largest file of sglang."""
MAX_VALUES: Final = 250_000
"""Most values of a file, by its commas and brackets. Chosen: 2048 scenarios of a hundred values have less."""
MAX_STAGES: Final = 1024
MAX_STEPS: Final = 4096
"""Most stages and steps of a scenario. Source: those of a request in a record."""
MAX_NAME: Final = 200
"""Longest name of a scenario or stage in characters. Source: the longest name in a record."""
MAX_KEY: Final = 1000
"""Longest comparability key in characters. Chosen: its names have at most 200 each."""
MAX_FRACTIONS: Final = 64
"""Most sampled steps. Chosen: ten times those that sglang samples."""
SGLANG_FRACTIONS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""The sampled steps where a file names none: sglang's."""


Name = Annotated[str, Field(max_length=MAX_NAME)]


def _few(steps: object) -> object:
    """Return a scenario's steps when they are not too many: before each of them is looked at."""
    if isinstance(steps, dict) and len(steps) > MAX_STEPS:
        raise ValueError(f"must be at most {MAX_STEPS} steps, not {len(steps)}")
    return steps


class BaselinesRejected(ValueError):
    """The text is not a baseline file; the message says where and why in one line."""


class _FilePart(BaseModel):
    """Base of the parts of the file: immutable, other keys allowed."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Tolerances(_FilePart):
    """How much slower each kind of metric may be: fractions of the baseline, 0.25 is 25 %."""

    e2e: Tolerance
    denoise_stage: Tolerance
    non_denoise_stage: Tolerance
    denoise_step: Tolerance
    denoise_agg: Tolerance
    """For the average and the median step."""


DEFAULT_TOLERANCES: Final[Mapping[str, Tolerances]] = {
    "long_term": Tolerances(
        e2e=0.15, denoise_stage=0.1, non_denoise_stage=0.5, denoise_step=0.25, denoise_agg=0.15
    ),
    DEFAULT_PROFILE: Tolerances(
        e2e=0.25, denoise_stage=0.25, non_denoise_stage=0.8, denoise_step=0.3, denoise_agg=0.2
    ),
}
"""For a file that has no `tolerances`, as sglang's Ascend file. Source: the profiles of its H100 file."""


class Metadata(_FilePart):
    """The file's description of itself."""

    clock: Clock = "host"
    """The clock of stages and steps; absent means host, so that sglang's files keep their meaning."""
    description: str | None = None
    last_updated: str | None = None


class Sampling(_FilePart):
    """Which denoising steps are compared one by one."""

    step_fractions: Annotated[tuple[Fraction, ...], Field(max_length=MAX_FRACTIONS)] = SGLANG_FRACTIONS
    """Positions in the list of steps, as fractions of its last index."""


class Provenance(_FilePart):
    """Where a scenario's values come from."""

    run_id: int | None = None
    """The run of the workflow; null where a person measured."""
    head_sha: str | None = None
    """The measured commit; null where nobody named it."""
    request_id: str
    """The request of that run whose values these are."""
    captured_at: AwareDatetime
    """When the run began."""
    requests: Annotated[int, Field(ge=1)]
    """How many measured requests the snapshot was chosen from."""
    comparability: Annotated[str, Field(max_length=MAX_KEY)] | None = None
    """The setting: `ratchet_profiler.record.comparability_key`. Absent in files of other writers."""


class ScenarioBaseline(_FilePart):
    """The expected times of one scenario. Values that are not measurements are kept, and audited."""

    stages_ms: Annotated[Mapping[Name, Any], Field(max_length=MAX_STAGES)] = {}
    """Milliseconds of each stage, by its name."""
    denoise_step_ms: Annotated[Mapping[StepIndex, Any], BeforeValidator(_few)] = {}
    """Milliseconds of each denoising step, by its index from 0."""
    expected_e2e_ms: Any = None
    """Milliseconds of a whole request, from prompt to output."""
    expected_avg_denoise_ms: Any = None
    """Mean of the steps, in milliseconds."""
    expected_median_denoise_ms: Any = None
    """Median of the steps, in milliseconds."""
    provenance: Provenance | None = None
    """Absent in files of others."""

    @cached_property
    def stages(self) -> Mapping[str, float]:
        """Milliseconds by stage, in the file's order, without pseudo-stages and bad values."""
        return {
            name: float(value)
            for name, value in self.stages_ms.items()
            if name not in PSEUDO_STAGES and is_measurement(value)
        }

    @cached_property
    def steps(self) -> Mapping[int, float]:
        """Milliseconds by step index, in the order of the indices, without bad values."""
        return {
            index: float(value)
            for index, value in sorted(self.denoise_step_ms.items())
            if is_measurement(value)
        }

    @cached_property
    def has_every_step(self) -> bool:
        """True when the step list is 0..n-1 with good values: neither sampled nor spoiled."""
        return list(self.steps) == list(range(len(self.denoise_step_ms)))

    @property
    def guards(self) -> bool:
        """True when a slowdown can be seen: there is an end-to-end time."""
        return bool(self.aggregate(END_TO_END))

    @property
    def is_end_to_end_only(self) -> bool:
        """True when nothing inside of a request has a baseline: a change cannot be attributed."""
        return self.guards and not (self.stages or self.steps)

    def aggregate(self, field: str) -> float | None:
        """Return one of `AGGREGATES` in milliseconds, or None when it is absent or no measurement."""
        value = getattr(self, field)
        return float(value) if is_measurement(value) else None

    def by_field(self) -> dict[str, float]:
        """Return every good value in milliseconds by its place, such as "stages_ms.DecodingStage".

        End to end, average and median come first, then stages, then steps.
        """
        aggregates = {field: self.aggregate(field) for field in AGGREGATES}
        return (
            {field: value for field, value in aggregates.items() if value is not None}
            | {f"stages_ms.{name}": value for name, value in self.stages.items()}
            | {f"denoise_step_ms.{index}": value for index, value in self.steps.items()}
        )

    def bad_values(self) -> Iterator[tuple[str, Any]]:
        """Yield place and value of everything that should be a measurement and is not."""
        for name, value in self.stages_ms.items():
            if not (is_measurement(value) or (value is None and name in PSEUDO_STAGES)):
                yield f"stages_ms.{name}", value
        for index, value in self.denoise_step_ms.items():
            if index not in self.steps:
                yield f"denoise_step_ms.{index}", value
        for field in AGGREGATES:
            if field in self.model_fields_set and not is_measurement(getattr(self, field)):
                yield field, getattr(self, field)


def _by_profile(tolerances: object) -> object:
    """Return a flat table of tolerances under every default profile's name; anything else as it is."""
    is_flat = isinstance(tolerances, dict) and tolerances.keys() & Tolerances.model_fields.keys()
    return dict.fromkeys(DEFAULT_TOLERANCES, tolerances) if is_flat else tolerances


class _Document(_FilePart):
    metadata: Metadata = Metadata()
    tolerances: Annotated[Mapping[str, Tolerances] | None, BeforeValidator(_by_profile)] = None
    sampling: Sampling = Sampling()
    scenarios: Annotated[Mapping[Name, object], Field(max_length=MAX_SCENARIOS)]
    """Not validated here: each is read on its own, up to the first that cannot be read."""


@dataclass(frozen=True)
class BaselineFile:
    """A baseline file: its text and its parsed content."""

    text: str
    metadata: Metadata
    tolerances: Mapping[str, Tolerances] | None
    """By profile; None when the file has none."""
    sampling: Sampling
    scenarios: Mapping[str, ScenarioBaseline]
    repeated_keys: tuple[str, ...]
    """Keys that occur twice in one object: only the last one counts."""

    def profile(self, name: str) -> Tolerances:
        """Return the tolerances of one profile.

        Raises:
            BaselinesRejected: the file has no such profile.
        """
        profiles = DEFAULT_TOLERANCES if self.tolerances is None else self.tolerances
        if name not in profiles:
            known = ", ".join(sorted(profiles)) or "none"
            raise BaselinesRejected(f"tolerances: there is no profile {name!r}; it has {known}")
        return profiles[name]


def is_measurement(value: object) -> bool:
    """Return whether this JSON value can be a duration in milliseconds: a finite number, not negative."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return False
    return 0 <= value <= BIGGEST_KEPT_INT  # which no NaN is, and no infinity


def baselines_from_text(text: str) -> BaselineFile:
    """Return the baseline file that this JSON text holds.

    A flat `tolerances` table (no profiles) is offered under every default profile's name.

    Raises:
        BaselinesRejected: it is not JSON, or not of the shape of a baseline file.
    """
    if sum(map(text.count, ",[{")) > MAX_VALUES:
        raise BaselinesRejected(f"the top level: more than {MAX_VALUES} values; that is not a baseline file")
    try:
        document, repeated_keys = parsed_json(text)
        file = _Document.model_validate(document)
    except JsonRejected as error:
        raise BaselinesRejected(str(error)) from error
    except ValidationError as error:
        raise BaselinesRejected(_first_problem(error)) from error
    scenarios = {name: _scenario(name, values) for name, values in file.scenarios.items()}
    return BaselineFile(text, file.metadata, file.tolerances, file.sampling, scenarios, repeated_keys)


def _scenario(name: str, values: object) -> ScenarioBaseline:
    try:
        return ScenarioBaseline.model_validate(values)
    except ValidationError as error:
        raise BaselinesRejected(_first_problem(error, "scenarios", name)) from error


def _first_problem(error: ValidationError, *within: str) -> str:
    """Return pydantic's first problem as `place: what to do (and N more)`, on one line."""
    problems = error.errors(include_url=False, include_input=False)
    loc = (*within, *problems[0]["loc"])
    place = ".".join(repr(str(part)[:80])[1:-1] for part in loc) or "the top level"
    what = _DEMANDS.get(problems[0]["type"], problems[0]["msg"].removeprefix("Value error, "))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{place}: {what}{more}"
