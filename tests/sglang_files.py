"""sglang's own figures: `tests/data/README.md` says which file is which and where they come from."""

from functools import cache
from pathlib import Path
from typing import Final

from ratchet_bot.data.baselines import BaselineFile, baselines_from_text

FOLDER: Final = Path(__file__).parent / "data/sglang"
NIGHTLY_CSV: Final = FOLDER / "nightly_h100.csv"
"""Nightly end-to-end latencies in seconds, a line for each run and case."""


def sglang_text(name: str) -> str:
    """Return the text of a baseline file, such as "h100_2026-10"; line ends stay as they are."""
    return (FOLDER / f"{name}.json").read_bytes().decode()


@cache
def sglang_file(name: str) -> BaselineFile:
    """Return a baseline file, such as "h100_2026-10"."""
    return baselines_from_text(sglang_text(name))
