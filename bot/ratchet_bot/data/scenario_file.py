"""The scenarios of a repository, or the built-in ones."""

from pathlib import Path
from typing import Final

from ratchet_profiler.scenarios import Scenario, ScenariosRejected, builtin_scenarios, scenarios_from_toml

from ratchet_bot.data.bounded import bounded_text
from ratchet_bot.data.errors import BadInput

MAX_SCENARIOS_BYTES: Final = 4 * 1024 * 1024
"""Largest scenario file that is read. Chosen: a scenario has some 300 bytes, and no file has ten thousand."""


def scenarios_from_file(path: Path | None) -> tuple[Scenario, ...]:
    """Return the scenarios of a TOML file, or the built-in ones where there is no file.

    Raises:
        BadInput: it cannot be read, is no UTF-8, or holds no scenarios.
    """
    if path is None:
        return builtin_scenarios()
    try:
        return scenarios_from_toml(bounded_text(path, MAX_SCENARIOS_BYTES), str(path))
    except ScenariosRejected as error:
        raise BadInput(str(error)) from error
