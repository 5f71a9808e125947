"""A pull request judged on nights: how often noise is called slower, and how often a slowdown is found."""

from collections.abc import Iterator, Sequence
from typing import Final

from bench.nights import Stretch, draws
from bench.rules import THEIRS, Rule, ours

HISTORY_NIGHTS: Final = 30
SLOWDOWNS: Final = (0.0, 0.01, 0.02, 0.03, 0.05, 0.10, 0.20)
"""What the new engine costs, as fractions. The first is none: what is found there is false."""
DRAWS: Final = 2000
"""Histories for each kind of noise: the standard error at 1 % is 0.2 points."""
REQUESTS: Final = (3, 1)


def shares(rule: Rule, stretches: Sequence[Stretch], requests: int, count: int = DRAWS) -> list[float]:
    """Return for each of `SLOWDOWNS` the share of pull requests that a rule calls slower.

    The new requests are the nights that follow the history: what a run has in common stays in.
    """
    found = [0] * len(SLOWDOWNS)
    for series in draws(stretches, HISTORY_NIGHTS + requests, count):
        limit = rule.limit(series[:HISTORY_NIGHTS])
        measured = rule.measured(series[HISTORY_NIGHTS:])
        for place, slowdown in enumerate(SLOWDOWNS):
            found[place] += measured * (1 + slowdown) > limit
    return [one / count for one in found]


def lines(stretches: Sequence[Stretch], count: int = DRAWS) -> Iterator[str]:
    """Yield the tables, in percent."""
    head = " ".join(f"{f'+{slowdown:.0%}' if slowdown else 'false':>6}" for slowdown in SLOWDOWNS)
    for kind in dict.fromkeys(stretch.kind for stretch in stretches):
        of_kind = [stretch for stretch in stretches if stretch.kind == kind]
        for requests in REQUESTS:
            yield f"{f'{kind} noise, {HISTORY_NIGHTS} nights, requests: {requests}':<44}{head}"
            for rule in (ours(requests), *THEIRS):
                row = " ".join(f"{100 * share:6.1f}" for share in shares(rule, of_kind, requests, count))
                yield f"  {rule.name:<42}{row}"
            yield ""
