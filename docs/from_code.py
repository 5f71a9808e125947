"""The reference pages that are made of the code: commands, configuration, run record, baseline file.

A page has a line `<!-- from code: NAME -->`; `PARTS` says which Markdown takes its place.
"""

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from typing import Any, Final

from ratchet_bot.__main__ import COMMANDS
from ratchet_bot.__main__ import main as perf_ratchet
from ratchet_bot.data.baselines import Metadata, Sampling, ScenarioBaseline, Tolerances
from ratchet_bot.data.settings import Settings
from ratchet_profiler.__main__ import main as ratchet_profiler
from ratchet_profiler.record_schema import Described, record_schema

MARK: Final = re.compile(r"<!-- from code: (.+) -->")
Program = Callable[[Sequence[str]], int]
Schema = Mapping[str, Any]
_SUBCOMMANDS = re.compile(r"^  (?:COMMAND|ACTION)\n((?:    .+\n)+)", re.MULTILINE)
_DEMANDS: Final[Mapping[str, str]] = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} items",
    "maxProperties": "at most {} keys",
    "format": "{}",
}
"""Keywords of JSON Schema that a reader needs, in words. Patterns are left to the schema itself."""
_NOUNS: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
}


def page(markdown: str) -> str:
    """Return a page with what its marks stand for.

    Raises:
        KeyError: a mark names none of `PARTS`.
    """
    return MARK.sub(lambda mark: PARTS[mark[1]](), markdown)


def command_table() -> str:
    """Return each command of `perf-ratchet` and what it does."""
    rows = [
        f"| [`perf-ratchet {command.name}`](#perf-ratchet-{command.name}) | {command.what} |"
        for command in COMMANDS
    ]
    return "\n".join(["| command | what it does |", "| --- | --- |", *rows])


def help_pages(program: Program, *words: str) -> Iterator[str]:
    """Yield a section with the --help of a command, and then one for each command below it."""
    told = io.StringIO()
    with redirect_stdout(told), suppress(SystemExit):
        program([*words[1:], "--help"])
    text = told.getvalue()
    yield f"{'#' * (len(words) + 1)} {' '.join(words)}\n\n```text\n{text.rstrip()}\n```"
    listed = _SUBCOMMANDS.search(text)
    for name in re.findall(r"^    (\w+)", listed[1], re.MULTILINE) if listed else ():
        yield from help_pages(program, *words, name)


def object_tables(schema: Schema) -> Iterator[str]:
    """Yield a section for each kind of object of a JSON Schema: its title, its description and its fields."""
    kinds = {schema["title"]: schema, **schema.get("$defs", {})}
    for name, kind in kinds.items():
        if "properties" not in kind:
            continue
        rows = [_row(field, kind) for field in kind["properties"]]
        head = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
        yield "\n\n".join(filter(None, [f"## {name}", kind.get("description"), "\n".join([*head, *rows])]))


def _row(field: str, kind: Schema) -> str:
    value = kind["properties"][field]
    is_required = field in kind.get("required", ())
    default = "required" if is_required else _default(value.get("default"))
    meaning = " ".join(value.get("description", "").split())
    return "| " + " | ".join([f"`{field}`", values_taken(value), default, meaning.replace("|", "\\|")]) + " |"


def _default(value: object) -> str:
    """Return a default as the reader of a table needs it: a whole object has its own table."""
    if value is None:
        return "absent"
    return "its own defaults" if isinstance(value, dict) and value else f"`{value}`"


def values_taken(value: Schema) -> str:
    """Return in words what a JSON Schema lets a value be."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in value or "const" in value:
        return ", ".join(f"`{choice}`" for choice in value.get("enum") or [value["const"]])
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(values_taken(choice) for choice in value["anyOf"]))
    demands = [words.format(_readable(value[key])) for key, words in _DEMANDS.items() if key in value]
    return ", ".join([_noun(value), *demands])


def _noun(value: Schema) -> str:
    match value:
        case {"type": "array"}:
            return f"list of {values_taken(value.get('items', {}))}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object; each value: {values_taken(values)}"
        case {"type": "object", "patternProperties": dict(patterns)}:
            return f"object; each value: {values_taken(next(iter(patterns.values())))}"
        case {"type": "object"}:
            return "object"
        case _:
            return _NOUNS.get(value.get("type", ""), "any value")


def _readable(bound: object) -> str:
    return f"{bound:,}" if isinstance(bound, int | float) else str(bound)


def _baseline_tables() -> Iterator[str]:
    for model in (ScenarioBaseline, Metadata, Tolerances, Sampling):
        yield from object_tables(model.model_json_schema(schema_generator=Described))


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "command table": command_table,
    "perf-ratchet": lambda: "\n\n".join(help_pages(perf_ratchet, "perf-ratchet")),
    "ratchet-profiler": lambda: "\n\n".join(help_pages(ratchet_profiler, "ratchet-profiler")),
    "configuration": lambda: "\n\n".join(object_tables(Settings.model_json_schema())),
    "run record": lambda: "\n\n".join(object_tables(record_schema())),
    "baseline file": lambda: "\n\n".join(_baseline_tables()),
}
"""By the name in a mark."""
