"""Pages for a browser, through `templates/`: they need no network and no program but the browser."""

from functools import cache
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot import filters
from bot.render import TEMPLATES

SHORT_SHA: Final = 7
"""Characters of a commit's SHA that are shown, as git does."""


def page(name: str, **values: object) -> str:
    """Return `templates/NAME.html.j2` with these values; every one of them is escaped."""
    return _html().get_template(f"{name}.html.j2").render(**values)


@cache
def _html() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        change=filters.change,
        ms=filters.ms,
        plain=filters.plain,
        plural=filters.plural,
        short=lambda sha: str(sha)[:SHORT_SHA],
    )
    return environment
