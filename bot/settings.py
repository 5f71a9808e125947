"""The configuration file `.github/perf-ratchet.yml`: which hardware has which baselines."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.files import is_plain_path
from bot.limits import MIN_IMPROVEMENT

LONGEST_SHOWN: Final = 80
"""Characters shown of a key that is not understood."""


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
    profile: str = "pr_test"
    """Which tolerances of that file to use."""


class Tighten(_Part):
    """When a tighter baseline is proposed."""

    min_improvement: Annotated[float, Field(ge=0, le=1)] = MIN_IMPROVEMENT
    """Fraction by which end to end must fall."""


class Settings(_Part):
    """The whole file."""

    hardware: Annotated[Mapping[str, Hardware], Field(min_length=1)]
    """By the name that run records give."""
    tighten: Tighten = Tighten()


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
        raise SettingsRejected(_first_problem(error)) from error
    except yaml.YAMLError as error:
        raise SettingsRejected(str(error).splitlines()[0]) from error
    except (AttributeError, KeyError, RecursionError, ValueError) as error:  # what PyYAML lets through
        raise SettingsRejected("a value is not what its YAML tag or its form says") from error


def _first_problem(error: ValidationError) -> str:
    problems: Any = error.errors(include_url=False, include_input=False)
    mistyped = (problem for problem in problems if problem["type"] == "extra_forbidden")
    problem = next(mistyped, problems[0])
    *parents, key = problem["loc"] or ("the file",)
    place = ".".join(map(str, (*parents, key)))
    if problem["type"] != "extra_forbidden":
        return f"{place}: {problem['msg'].removeprefix('Value error, ')}"
    parts: dict[str, type[_Part]] = {"hardware": Hardware, "tighten": Tighten}
    known = parts.get(str(parents[0]), Settings) if parents else Settings
    close = get_close_matches(str(key), known.model_fields, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known.model_fields)}"
    return f"{place}: unknown key; {hint}"
