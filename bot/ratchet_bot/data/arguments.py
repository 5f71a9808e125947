"""Words of a command line as values; an error says what is expected. No library is loaded."""

import argparse
import re
from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.formatting import plain

MAX_PULL_DIGITS: Final = 9
"""Digits of the largest number of a pull request: GitHub's are far below a billion."""
FULL_SHA: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
"""SHA-1 or SHA-256, as git writes them."""
MAX_RUN_ID: Final = 10**15
"""Above every id of an Actions run: those have 11 digits."""
HARDWARE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
"""`ratchet_profiler.record.HardwareName`, which is slow to import; tests/bot/test_defaults.py compares."""
MAX_SHARDS: Final = 256
"""Most shards of a plan: GitHub starts at most so many jobs of one matrix.
Source: https://docs.github.com/en/actions/reference/limits"""
EVERY_SCENARIO: Final = "*"
"""The glob that every scenario matches."""


def pull_number(word: str) -> int:
    """Return the number of a pull request.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    if not (word.isascii() and word.isdigit() and len(word) <= MAX_PULL_DIGITS and int(word)):
        raise argparse.ArgumentTypeError(f"{word!r} is not the number of a pull request, such as 7")
    return int(word)


def full_sha(word: str) -> str:
    """Return the full SHA of a commit.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    if not FULL_SHA.fullmatch(word):
        raise argparse.ArgumentTypeError(f"{word!r} is not the full SHA of a commit: give all 40 digits")
    return word


def run_id(word: str) -> int:
    """Return the number of an Actions run.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    if not (word.isascii() and word.isdigit() and len(word) <= len(str(MAX_RUN_ID))):
        raise argparse.ArgumentTypeError(f"{word!r} is not a number such as 25963872007")
    return int(word)


def hardware_name(word: str) -> str:
    """Return the name of a hardware.

    Raises:
        argparse.ArgumentTypeError: a configuration could not have it.
    """
    if not HARDWARE_NAME.fullmatch(word):
        raise argparse.ArgumentTypeError(f"{word!r} is not the name of a hardware, such as h100")
    return word


def shard_count(word: str) -> int:
    """Return a number of shards.

    Raises:
        argparse.ArgumentTypeError: it is not a number from 1 to `MAX_SHARDS`.
    """
    count = int(word) if word.isascii() and word.isdigit() and len(word) <= len(str(MAX_SHARDS)) else 0
    if not 1 <= count <= MAX_SHARDS:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 1 to {MAX_SHARDS}")
    return count


def moment(word: str) -> datetime:
    """Return a time with its time zone.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    try:
        at = datetime.fromisoformat(word)
    except ValueError:
        at = datetime.min  # noqa: DTZ901 - no time zone: refused below
    if at.utcoffset() is None:
        raise argparse.ArgumentTypeError(f"{word!r} is not a time such as 2026-05-17T03:11:22Z")
    return at


def fraction(word: str) -> float:
    """Return a fraction from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{word!r} is not a fraction from 0 to 1 (write 0.05 for 5 %)")
    return value


def require_match(glob: str, scenarios: Iterable[str], path: Path | str) -> None:
    """Accept a glob that at least one of these scenarios matches, or the one for every scenario.

    Args:
        glob: Of the command line.
        scenarios: The ids in a file.
        path: The file, for the message.

    Raises:
        BadInput: no scenario matches; the message lists them.
    """
    known = list(dict.fromkeys(scenarios))
    if glob != EVERY_SCENARIO and not any(fnmatchcase(scenario, glob) for scenario in known):
        listed = plain(", ".join(known) or "none")
        raise BadInput(f"{path}: no scenario matches {plain(glob)!r}; known: {listed}")
