"""The YAML of `.github/perf-ratchet.yml`: read without surprises, with the line of the first mistake."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import bounded_text
from ratchet_bot.data.settings import Hardware, Requests, Settings, SettingsPart, Tighten, Waiver

MAX_SETTINGS_BYTES: Final = 64 * 1024
"""Largest configuration file that is read. Chosen: a long one has a hundred lines."""
LONGEST_SHOWN: Final = 80
"""Characters shown of a key that is not understood."""
_MEANT: Final[Mapping[str, str]] = {"ascend": "npu", "gpu": "cuda", "nvidia": "cuda", "rocm": "cuda"}
"""Common names of devices for which torch has another name."""
_PARTS: Final[Mapping[str, type[SettingsPart]]] = {
    "hardware": Hardware,
    "requests": Requests,
    "tighten": Tighten,
    "waivers": Waiver,
}


class SettingsRejected(ValueError):
    """The text is not a configuration; the message says where and why in one line."""


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, merge keys and repeated keys: a file is nothing more than it looks."""

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


def settings_from_file(path: Path) -> Settings:
    """Return the configuration in a file.

    Raises:
        BadInput: there is no such file, it is not UTF-8, or it is not a configuration.
    """
    if not path.exists():
        raise BadInput(f"{path}: No such file or directory; check the path, or perf-ratchet init writes one")
    try:
        return settings_from_yaml(bounded_text(path, MAX_SETTINGS_BYTES))
    except SettingsRejected as error:
        raise BadInput(f"{path}: {error}") from error


def settings_from_yaml(text: str) -> Settings:
    """Return the configuration that this YAML text holds.

    Raises:
        SettingsRejected: it is not YAML, or a key is unknown, missing or has a wrong value.
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
    return f"{place}: {_remedy(problem, path)}"


def _line(text: str, path: Sequence[str | int]) -> int:
    """Return the line of the text, from 1, of a value, or of the nearest part that contains its place."""
    node, line = yaml.compose(text, _PlainLoader), 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            member = next(((key, value) for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode):
            member = (node.value[int(part)],) * 2
        else:
            member = None
        if member is None:
            break
        line, node = member[0].start_mark.line + 1, member[1]
    return line


def _remedy(problem: Mapping[str, Any], path: Sequence[str | int]) -> str:
    """Return the problem of a value, and its remedy."""
    if problem["type"] == "string_pattern_mismatch":
        return f"is not of the form {problem['ctx']['pattern']}"
    if problem["type"] == "literal_error":
        return _unknown_value(str(problem["input"])[:LONGEST_SHOWN], problem["ctx"]["expected"])
    if problem["type"] != "extra_forbidden":
        return str(problem["msg"]).removeprefix("Value error, ")
    part = _PARTS.get(str(path[0]), Settings) if len(path) > 1 else Settings
    close = get_close_matches(str(path[-1]), part.model_fields, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(part.model_fields)}"
    return f"unknown key; {hint}"


def _unknown_value(given: str, expected: str) -> str:
    """Return that a value is unknown, what was probably meant, and all known values."""
    known = re.findall(r"'([^']+)'", expected)
    meant = _MEANT.get(given.lower())
    close = [meant] if meant in known else get_close_matches(given.lower(), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"unknown value {given!r}; {hint}it is one of {', '.join(known)}"
