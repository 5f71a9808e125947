"""The configuration of a repository."""

from pathlib import Path
from typing import Final

from ratchet_bot.data.bounded import bounded_text
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.settings import Settings, SettingsRejected, settings_from_yaml

MAX_SETTINGS_BYTES: Final = 64 * 1024
"""Largest configuration file that is read. Chosen: a long one has a hundred lines."""


def settings_from_file(path: Path) -> Settings:
    """Return the configuration in a file.

    Raises:
        BadInput: there is no such file, it is no UTF-8, or it is no configuration.
    """
    if not path.exists():
        raise BadInput(f"{path}: No such file or directory; check the path, or perf-ratchet init writes one")
    try:
        return settings_from_yaml(bounded_text(path, MAX_SETTINGS_BYTES))
    except SettingsRejected as error:
        raise BadInput(f"{path}: {error}") from error
