"""A series of values as one word: a line of small bars."""

from collections.abc import Sequence
from statistics import median
from typing import Final

BARS: Final = "▁▂▃▄▅▆▇█"
MOST_BARS: Final = 30
"""Values that are drawn, the last ones. Chosen: a month of nights."""
LEAST_SPAN_RATIO: Final = 0.04
"""Smallest span of the scale, as a fraction of the middle: noise is to look flat, not wild."""
MOST_SPAN_RATIO: Final = 0.5
"""Largest: one spike is not to flatten everything else; what is beyond it is a full bar."""


def sparkline(values: Sequence[float]) -> str:
    """Return the last values as bars, oldest first: higher is slower. "" without any."""
    shown = values[-MOST_BARS:]
    if not shown:
        return ""
    low, span = _scale(shown)
    return "".join(BARS[_step((value - low) / span)] for value in shown)


def _scale(values: Sequence[float]) -> tuple[float, float]:
    """Return where the scale begins, and how far it reaches; more than 0."""
    middle, lowest = median(values), min(values)
    span = max(values) - lowest
    if span > MOST_SPAN_RATIO * middle > 0:
        span = MOST_SPAN_RATIO * middle
        return max(lowest, middle - span / 2), span
    if span < LEAST_SPAN_RATIO * middle:
        span = LEAST_SPAN_RATIO * middle
        return middle - span / 2, span
    return lowest, span or 1.0


def _step(share: float) -> int:
    return min(int(min(max(share, 0.0), 1.0) * len(BARS)), len(BARS) - 1)
