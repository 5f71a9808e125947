"""Words of a command line as values: each with a mistake that says what is expected. No library is loaded."""

import argparse
import re
from datetime import datetime
from typing import Final

MAX_PULL_DIGITS: Final = 9
"""Digits of the largest number of a pull request: GitHub's are far below a billion."""
FULL_SHA: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
"""SHA-1 or SHA-256, as git writes them."""
MAX_RUN_ID: Final = 10**15
"""Above every id of an Actions run: those have 11 digits."""
HARDWARE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
"""`ratchet_profiler.record.HardwareName`, which is slow to import; tests/bot/test_defaults.py compares."""
MAX_SHARDS: Final = 256
"""Most shards of a plan: GitHub starts no more jobs of one matrix.
Source: https://docs.github.com/en/actions/reference/limits"""


def pull_number(word: str) -> int:
    """Return the number of a pull request.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not (word.isascii() and word.isdigit() and len(word) <= MAX_PULL_DIGITS and int(word)):
        raise argparse.ArgumentTypeError(f"{word!r} is no number of a pull request, such as 7")
    return int(word)


def full_sha(word: str) -> str:
    """Return the full SHA of a commit.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not FULL_SHA.fullmatch(word):
        raise argparse.ArgumentTypeError(f"{word!r} is not the full SHA of a commit: give all 40 digits")
    return word


def run_id(word: str) -> int:
    """Return the number of an Actions run.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not (word.isascii() and word.isdigit() and len(word) <= len(str(MAX_RUN_ID))):
        raise argparse.ArgumentTypeError(f"{word!r} is no number such as 25963872007")
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
        argparse.ArgumentTypeError: it is none from 1 to `MAX_SHARDS`.
    """
    count = int(word) if word.isascii() and word.isdigit() and len(word) <= len(str(MAX_SHARDS)) else 0
    if not 1 <= count <= MAX_SHARDS:
        raise argparse.ArgumentTypeError(f"{word!r} is no number from 1 to {MAX_SHARDS}")
    return count


def moment(word: str) -> datetime:
    """Return a time with its time zone.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        at = datetime.fromisoformat(word)
    except ValueError:
        at = datetime.min  # noqa: DTZ901 - no time zone: refused below
    if at.utcoffset() is None:
        raise argparse.ArgumentTypeError(f"{word!r} is no time such as 2026-05-17T03:11:22Z")
    return at


def fraction(word: str) -> float:
    """Return a fraction from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{word!r} is not a fraction from 0 to 1 (write 0.05 for 5 %)")
    return value
