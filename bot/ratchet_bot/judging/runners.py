"""On which machine the nights were measured: one that is another since something moved explains it first.

The name of a machine is no part of the comparability key: an ephemeral runner has a new one every time. So a
change of names says something only where names last.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from ratchet_bot.data.history import Series

LASTING_NIGHTS: Final = 2
"""Nights before on which a name must have been seen to be one that lasts. Chosen: the fewest that show it."""


@dataclass(frozen=True)
class RunnerChange:
    """Measured on one machine since then, on another before."""

    before: str
    """The machine of most nights before."""
    since: str


def runner_change(before: Series, since: Series) -> RunnerChange | None:
    """Return which machine took over, or None where names do not last or the machine had measured before.

    Args:
        before: The nights before something moved, oldest first, of one scenario or of several.
        since: The nights since then.
    """
    names = {line.runner for line in since}
    nights = {(line.run_id, line.runner): line.runner for line in reversed(before) if line.runner}
    usual, count = next(iter(Counter(nights.values()).most_common(1)), ("", 0))
    now = names.pop() if len(names) == 1 else None
    if now is None or now in nights.values() or count < LASTING_NIGHTS:
        return None
    return RunnerChange(usual, now)
