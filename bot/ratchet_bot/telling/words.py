"""Values to Markdown, HTML, text and JSON through `templates/`, whatever they are.

Each kind of reader has its own way to escape: GitHub (`markdown`, where every value is inert unless a filter
of ours has made it safe), a browser (`html`) and a terminal (`text`). Reports, which are more than a template
and its values, are in `render`; what init writes, with delimiters of its own, in `adoption.scaffold`.
"""

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import BaseModel

from ratchet_bot.data import formatting
from ratchet_bot.data.defaults import MAX_FLAKE_RATE
from ratchet_bot.judging.proposals import run_chance
from ratchet_bot.telling.sparkline import sparkline

MOST_NOTES: Final = 5
"""Notes shown of one scenario. Chosen: more of them say that the workload changed, whatever they say."""
MOST_NAMES: Final = 20
"""Scenarios named that were not judged for one reason. Chosen: more names say no more than their number."""
MOST_LED: Final = 3
"""Regressed scenarios named and explained before any table. Chosen: they are read, a list is not."""
MOST_OPEN: Final = 20
"""Regressed scenarios in the open table, the worst; the others are folded. Chosen: one screen."""
MOST_COLUMNS: Final = 27
"""Columns of scenario ids: with verdict and numbers a row is 80 long. A longer id has a line of its own."""
MOST_RECORDS: Final = 12
"""Records of one run whose source and machine are told. Chosen: more shards than anybody has."""
JSON_VERSION: Final = 1
"""Version of every JSON output of the command line."""
_PACKAGE: Final = Path(__file__).parents[1]
TEMPLATES: Final = next(
    folder for folder in (_PACKAGE / "templates", _PACKAGE.parents[1] / "templates") if folder.is_dir()
)
"""In the installed package, or beside it in a checkout."""

_DERIVED: Final = (property, cached_property)
"""What a dataclass says besides its fields."""


@dataclass(frozen=True)
class Listing:
    """The first of a list, and how many are left out."""

    shown: Sequence[Any]
    hidden: int


def markdown(name: str, **values: object) -> str:
    """Return `templates/NAME.md.j2` with these values."""
    return _markdown().get_template(f"{name}.md.j2").render(**values)


def html(name: str, **values: object) -> str:
    """Return `templates/NAME.html.j2` with these values: a page that needs no network but to be read."""
    return _html().get_template(f"{name}.html.j2").render(**values)


def text(name: str, **values: object) -> str:
    """Return `templates/NAME.txt.j2` with these values, for a terminal: control characters are taken out."""
    return _plain().get_template(f"{name}.txt.j2").render(**values)


def printed(name: str, **values: object) -> str:
    """Return `text` for standard output: wrapped in a terminal, whole lines in a file or a pipe."""
    lines = text(name, **values)
    if not sys.stdout.isatty():
        return lines
    return formatting.wrapped(lines, shutil.get_terminal_size().columns)


def to_json(**values: object) -> str:
    """Return values as JSON with `"version": 1`: dataclasses and models become objects."""
    return json.dumps({"version": JSON_VERSION, **values}, indent=2, default=_jsonable)


def _jsonable(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value)]
        derived = [name for name, member in vars(type(value)).items() if isinstance(member, _DERIVED)]
        return {name: getattr(value, name) for name in (*fields, *derived)}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Enum):
        return value.value
    return str(value)


def _escaped(value: object) -> Markup:
    return value if isinstance(value, Markup) else formatting.text(value)


def _short(sha: object) -> str:
    return str(sha)[: formatting.SHORT_SHA]


def _listed(values: Sequence[object], limit: int) -> Listing:
    return Listing(values[:limit], max(len(values) - limit, 0))


@cache
def _markdown() -> Environment:
    """Return the environment in which everything is escaped for Markdown."""
    return _environment(autoescape=True, finalize=_escaped)


@cache
def _html() -> Environment:
    """Return the environment in which everything is escaped for a browser."""
    return _environment(autoescape=True, finalize=None)


@cache
def _plain() -> Environment:
    """Return the environment for a terminal: one line stays one line, and nothing moves the cursor."""
    return _environment(autoescape=False, finalize=formatting.plain)


def _environment(*, autoescape: bool, finalize: Callable[[object], str] | None) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,  # noqa: S701 - off for a terminal only
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        max_flake_rate=MAX_FLAKE_RATE,
        most_columns=MOST_COLUMNS,
        most_led=MOST_LED,
        most_names=MOST_NAMES,
        most_notes=MOST_NOTES,
        most_open=MOST_OPEN,
        most_records=MOST_RECORDS,
    )
    environment.filters.update(
        about=formatting.about,
        block=formatting.block,
        chance=formatting.chance,
        change=formatting.change,
        code=formatting.code,
        link=formatting.link,
        listed=_listed,
        metric=formatting.metric,
        ms=formatting.ms,
        named=formatting.code if autoescape else formatting.plain,
        percent=formatting.percent,
        plain=formatting.plain,
        plural=formatting.plural,
        run_chance=run_chance,
        sha=formatting.sha,
        short=_short,
        share=formatting.share,
        span=formatting.span,
        sparkline=sparkline,
        widest=formatting.widest,
    )
    return environment
