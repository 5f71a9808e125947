"""Reports to Markdown, HTML, text and JSON, through `templates/`.

In Markdown and HTML every value is escaped unless a filter of ours has made it safe.
"""

import dataclasses
import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import BaseModel

from bot import filters, sticky
from bot.proposals import run_chance
from bot.report import HardwareReport, Report
from bot.run_report import RunReport

MAX_COMMENT_BYTES: Final = 60_000
"""Most UTF-8 bytes of a comment. GitHub refuses more than 65,536 characters, and elsewhere counts bytes."""
MARKER: Final = sticky.MARKER
"""How a comment begins that is ours."""
MOST_NOTES: Final = 5
"""Notes shown of one scenario. Chosen: more of them say that the workload changed, whatever they say."""
MOST_NAMES: Final = 20
"""Scenarios named that were not judged for one reason. Chosen: more names say no more than their number."""
MOST_RECORDS: Final = 12
"""Records of one run whose source and machine are told. Chosen: more shards than anybody has."""
JSON_VERSION: Final = 1
"""Version of every JSON output of the command line."""
_HERE: Final = Path(__file__).parent
TEMPLATES: Final = _HERE / "templates" if (_HERE / "templates").is_dir() else _HERE.parent / "templates"
"""In the installed package, or beside it in a checkout."""


@dataclass(frozen=True)
class Listing:
    """The first of a list, and how many are left out."""

    shown: Sequence[Any]
    hidden: int


def comment(report: Report, told: RunReport | None = None) -> str:
    """Return the pull-request comment: Markdown of at most 60,000 bytes that begins with `MARKER`.

    Where it would be longer, rows are left out from the end of each list and counted: first those of the
    folded details, then those that crossed a line.

    Args:
        report: What was measured.
        told: What the host and the diff say besides, where a run of the host is told.
    """
    edits = max((len(edit.findings) for edit in told.edits), default=0) if told else 0
    most = max((edits, *map(_longest_list, report.hardware)))
    return _longest_fitting(lambda size: _comment(report, told, size, most), 2 * most)


def answer(name: str, most: int, **values: object) -> str:
    """Return `templates/NAME.md.j2` with these values, and `shown`: how much of each list fits a comment.

    Args:
        name: Of the template.
        most: Length of the longest list.
        values: What the template names.
    """
    return _longest_fitting(lambda size: markdown(name, shown=size, **values), most)


def headline(report: Report) -> str:
    """Return the verdict in one line of plain text."""
    return _plain().get_template("headline.txt.j2").render(report=report).strip()


def title(told: RunReport) -> str:
    """Return what came of a run in one line of plain text."""
    return _plain().get_template("title.txt.j2").render(told=told, headline=headline(told.report)).strip()


def page(title: str, parts: Sequence[tuple[str, str]]) -> str:
    """Return an HTML page of (heading, HTML) parts; the HTML is what GitHub's Markdown parser made."""
    html = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    bodies = [{"heading": heading, "body": Markup(body)} for heading, body in parts]  # noqa: S704 - see above
    return html.get_template("page.html.j2").render(title=title, parts=bodies)


def markdown(name: str, **values: object) -> str:
    """Return `templates/NAME.md.j2` with these values."""
    return _markdown().get_template(f"{name}.md.j2").render(**values)


def text(name: str, **values: object) -> str:
    """Return `templates/NAME.txt.j2` with these values, for a terminal: control characters are taken out."""
    return _plain().get_template(f"{name}.txt.j2").render(**values)


def to_json(**values: object) -> str:
    """Return values as JSON with `"version": 1`: dataclasses and models become objects."""
    return json.dumps({"version": JSON_VERSION, **values}, indent=2, default=_jsonable)


def _comment(report: Report, told: RunReport | None, size: int, most: int) -> str:
    """Return the comment, its lists cut: up to `most` crossed rows, the rest of the size in details."""
    return markdown(
        "comment",
        report=report,
        told=told,
        headline=headline(report),
        marker=Markup(MARKER),  # noqa: S704 - a constant
        rows=min(size, most),
        details=max(size - most, 0),
    )


def _longest_fitting(text_of: Callable[[int], str], most: int) -> str:
    """Return the text of the greatest size, at most `most`, that fits a comment; of size 0 when none does."""
    whole = text_of(most)
    if _fits(whole):
        return whole
    too_long = bisect_left(range(most + 1), x=True, key=lambda size: not _fits(text_of(size)))
    return text_of(max(too_long - 1, 0))


def _fits(body: str) -> bool:
    return len(body.encode()) <= MAX_COMMENT_BYTES


def _longest_list(report: HardwareReport) -> int:
    lists: Sequence[Sequence[object]] = (
        report.crossed,
        report.suspicious,
        report.told,
        report.comparison.scenarios,
        report.findings,
        report.proposals.proposals,
        report.proposals.declined,
    )
    return max(map(len, lists))


def _jsonable(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value)]
        derived = [name for name, member in vars(type(value)).items() if isinstance(member, property)]
        return {name: getattr(value, name) for name in (*fields, *derived)}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Enum):
        return value.value
    return str(value)


def _escaped(value: object) -> Markup:
    return value if isinstance(value, Markup) else filters.text(value)


def _listed(values: Sequence[object], limit: int) -> Listing:
    return Listing(values[:limit], max(len(values) - limit, 0))


@cache
def _markdown() -> Environment:
    """Return the environment in which everything is escaped for Markdown."""
    return _environment(autoescape=True, finalize=_escaped)


@cache
def _plain() -> Environment:
    """Return the environment for a terminal: one line stays one line, and nothing moves the cursor."""
    return _environment(autoescape=False, finalize=filters.plain)


def _environment(*, autoescape: bool, finalize: Callable[[object], str]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,  # noqa: S701 - off for a terminal only
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(most_notes=MOST_NOTES, most_names=MOST_NAMES, most_records=MOST_RECORDS)
    environment.filters.update(
        about=filters.about,
        block=filters.block,
        chance=filters.chance,
        change=filters.change,
        code=filters.code,
        link=filters.link,
        listed=_listed,
        metric=filters.metric,
        ms=filters.ms,
        named=filters.code if autoescape else filters.plain,
        percent=filters.percent,
        plural=filters.plural,
        run_chance=run_chance,
        sha=filters.sha,
        share=filters.share,
        span=filters.span,
    )
    return environment
