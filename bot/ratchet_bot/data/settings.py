"""The configuration file `.github/perf-ratchet.yml`: what runs where, and how it is judged."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from ratchet_profiler.record import HardwareName

from ratchet_bot.data.baselines import DEFAULT_PROFILE
from ratchet_bot.data.repo_names import OWN_BRANCHES, is_own_branch, is_plain_path
from ratchet_bot.data.terms import MAX_FLAKE_RATE, MIN_IMPROVEMENT

LONGEST_SHOWN: Final = 80
"""Characters shown of a key that is not understood."""
MAX_LABELS: Final = 16
"""Labels of a runner. Chosen: runners have three or four."""
MAX_REQUESTS: Final = 100
"""Requests of a scenario. Chosen: far above what a nightly run affords."""
MAX_NIGHTS: Final = 30
"""Nights to wait for. Chosen: after a month without a proposal the setting is a mistake."""
MAX_WAIVERS: Final = 1000
"""Waivers of a file. Chosen: more than a baseline file has scenarios."""
MAX_WORDS: Final = 200
"""Characters of a waiver's rule, scenario and reason. Chosen: a line of a comment."""

Device = Literal["cuda", "npu", "cpu", "xpu", "mps", "musa", "mlu", "hpu", "mtia"]
"""What torch calls a kind of device, those of its extensions (npu, musa, mlu, hpu) among them."""
_MEANT: Final[Mapping[str, str]] = {"ascend": "npu", "gpu": "cuda", "nvidia": "cuda", "rocm": "cuda"}
"""What people call a device that torch calls otherwise."""

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A label of a runner. Chosen: what GitHub's own labels look like, so nothing in it can reach a shell."""


class SettingsRejected(ValueError):
    """The text is no configuration; the message says where and why in one line."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, merge keys and repeated keys: nothing in a file is more than it looks."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            problem = "aliases are not taken; write the value out"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=self.get_mark())
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            problem = f"key {str(twice)[:LONGEST_SHOWN]!r} stands twice; remove one of the two"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _below_the_top(path: str) -> str:
    if not is_plain_path(path):
        raise ValueError("must be a path below the top of the repository, such as .github/h100.json")
    return path


class Hardware(_Part):
    """One kind of machine that scenarios run on."""

    baselines: Annotated[str, AfterValidator(_below_the_top)]
    """Path of its baseline file, from the top of the repository."""
    runner: Annotated[tuple[Label, ...], Field(min_length=1, max_length=MAX_LABELS)] = ("self-hosted",)
    """Labels that a runner must have, all of them."""
    device: Device = "cuda"
    """What torch calls the device: cuda, npu, cpu."""
    profile: str = DEFAULT_PROFILE
    """Which tolerances of the baseline file to use."""


class Requests(_Part):
    """How many requests a scenario gets."""

    warmup: Annotated[int, Field(ge=0, le=MAX_REQUESTS)] = 1
    """Before anything is measured."""
    measured: Annotated[int, Field(ge=1, le=MAX_REQUESTS)] = 3
    """Each time a scenario runs."""
    confirm: Annotated[int, Field(ge=0, le=MAX_REQUESTS)] = 5
    """More of them for a suspect."""


class Tighten(_Part):
    """When a tighter baseline is proposed."""

    min_improvement: Annotated[float, Field(ge=0, le=1)] = MIN_IMPROVEMENT
    """Fraction by which end to end must fall."""
    max_flake_rate: Annotated[float, Field(ge=0, le=1)] = MAX_FLAKE_RATE
    """Largest predicted probability, for one scenario, that an unchanged engine breaks the new limit."""
    nights: Annotated[int, Field(ge=1, le=MAX_NIGHTS)] = 3
    """Nights for which an improvement must hold before the nightly refresh proposes it."""


class Waiver(_Part):
    """A finding that somebody has looked at and accepts for a while."""

    rule: Annotated[str, Field(max_length=MAX_WORDS)]
    """Name of the rule."""
    scenario: Annotated[str, Field(max_length=MAX_WORDS)]
    """Id of the scenario, no pattern: a waiver covers what was looked at."""
    reason: Annotated[str, Field(min_length=1, max_length=MAX_WORDS)]
    """Why it is accepted, one line."""
    expires: date
    """The last day on which it counts."""


def _no_shard(name: str) -> str:
    if re.search(r"-[0-9]+$", name):
        raise ValueError("must not end with a dash and digits, which number shards")
    return name


ConfiguredName = Annotated[HardwareName, AfterValidator(_no_shard)]
"""The name of a hardware, as run records and the history take it; file and branch names have it too."""


def _not_the_bots(branch: str) -> str:
    if is_own_branch(branch):
        raise ValueError(f"must not be {OWN_BRANCHES} or below it, where the branches of proposals are")
    return branch


class Settings(_Part):
    """The whole file."""

    hardware: Annotated[Mapping[ConfiguredName, Hardware], Field(min_length=1)]
    """By the name that run records give."""
    scenarios: Annotated[str, AfterValidator(_below_the_top)] | None = None
    """Path of the scenario file, from the top of the repository; absent: the built-in scenarios."""
    requests: Requests = Requests()
    tighten: Tighten = Tighten()
    comment: Literal["always", "changes", "never"] = "changes"
    """When a pull request gets a comment. "changes": once there is something to tell, and as long as there is
    a comment to keep true."""
    history_branch: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$"), AfterValidator(_not_the_bots)
    ] = "perf-history"
    """The branch that keeps the nights."""
    waivers: Annotated[tuple[Waiver, ...], Field(max_length=MAX_WAIVERS)] = ()


_PARTS: Final[Mapping[str, type[_Part]]] = {
    "hardware": Hardware,
    "requests": Requests,
    "tighten": Tighten,
    "waivers": Waiver,
}


def settings_from_yaml(text: str) -> Settings:
    """Return the configuration that this YAML text holds.

    Raises:
        SettingsRejected: it is no YAML, or a key is unknown, missing or has a wrong value.
    """
    try:
        return Settings.model_validate(yaml.load(text, _PlainLoader))  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise SettingsRejected(f"{place}{error.problem}") from error
    except ValidationError as error:
        raise SettingsRejected(_first_problem(error, text)) from error
    except yaml.YAMLError as error:
        raise SettingsRejected(str(error).splitlines()[0]) from error
    except (AttributeError, KeyError, RecursionError, ValueError) as error:  # what PyYAML lets through
        raise SettingsRejected("a value is not what its YAML tag or its form says") from error


def _first_problem(error: ValidationError, text: str) -> str:
    problems: Any = error.errors(include_url=False)
    mistyped = (problem for problem in problems if problem["type"] == "extra_forbidden")
    problem = next(mistyped, problems[0])
    path = [part for part in problem["loc"] if part != "[key]"]
    place = f"line {_line(text, path)}: {'.'.join(map(str, path))}" if path else "the file"
    return f"{place}: {_said(problem, path)}"


def _line(text: str, path: Sequence[str | int]) -> int:
    """Return the line of the text, from 1, where a value stands, or where what would hold it stands."""
    node, line = yaml.compose(text, _PlainLoader), 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode):
            found = (node.value[int(part)],) * 2
        else:
            found = None
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _said(problem: Mapping[str, Any], path: Sequence[str | int]) -> str:
    """Return what is wrong with a value, and how to mend it."""
    if problem["type"] == "string_pattern_mismatch":
        return f"is not of the form {problem['ctx']['pattern']}"
    if problem["type"] == "literal_error":
        return _unknown_value(str(problem["input"])[:LONGEST_SHOWN], problem["ctx"]["expected"])
    if problem["type"] != "extra_forbidden":
        return str(problem["msg"]).removeprefix("Value error, ")
    known = _PARTS.get(str(path[0]), Settings) if len(path) > 1 else Settings
    close = get_close_matches(str(path[-1]), known.model_fields, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known.model_fields)}"
    return f"unknown key; {hint}"


def _unknown_value(given: str, expected: str) -> str:
    """Return that a closed set does not hold a value, what was probably meant, and the whole set."""
    known = re.findall(r"'([^']+)'", expected)
    meant = _MEANT.get(given.lower())
    close = [meant] if meant in known else get_close_matches(given.lower(), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"unknown value {given!r}; {hint}it is one of {', '.join(known)}"
