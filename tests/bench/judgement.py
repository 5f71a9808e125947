"""`make bench`: how well noise floor, change points and flake prediction do, beside the rules of others.

Every number comes from fixed seeds: two runs print the same but for the times.
"""

import platform
import resource
import sys
import time
from collections.abc import Iterator
from typing import Final

from ratchet_bot.judging.changepoints import changes

from bench import flakes, nightly, pull_requests
from bench.nights import draws, made_stretches, real_stretches

BUDGET_S: Final = 10.0
BUDGET_BYTES: Final = 500 * 2**20
"""Source: design, "Budgets"."""
SERIES: Final = 67 * 12
"""67 scenarios of 12 metrics each. Source: the same."""
YEAR_NIGHTS: Final = 365
DISCOVERY_NIGHTS: Final = 90
SLOWED_EVERY: Final = 20
SLOW_NIGHTS: Final = 5
SLOWDOWN: Final = 0.05
"""Of the series in which some have changed: every 20th is 5 % slower in its last five nights."""
KIBIBYTE: Final = 1024
"""Bytes in the unit in which Linux tells the largest memory of a process."""


def lines() -> Iterator[str]:
    """Yield the scoreboard."""
    stretches = real_stretches()
    yield f"Python {platform.python_version()}, seeds fixed"
    yield ""
    yield from pull_requests.lines(stretches)
    yield from nightly.lines(stretches)
    yield from flakes.lines(stretches)
    yield ""
    yield from discovery_lines()
    yield from year_lines()


def year_lines() -> Iterator[str]:
    """Yield what the change points of all series of a year cost."""
    year = dict(enumerate(draws(made_stretches(), YEAR_NIGHTS, SERIES)))
    begin_s = time.process_time()
    changes(year)
    took_s = time.process_time() - begin_s
    most_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE
    yield f"change points of {SERIES} series of {YEAR_NIGHTS} nights of made noise, on one core:"
    yield f"budget: {took_s:.1f} s of at most {BUDGET_S:.0f}: {'ok' if took_s <= BUDGET_S else 'MISSED'}"
    ok = "ok" if most_bytes <= BUDGET_BYTES else "MISSED"
    yield f"budget: {most_bytes >> 20} MiB of at most {BUDGET_BYTES >> 20}: {ok}"


def discovery_lines() -> Iterator[str]:
    """Yield how many changes of many series are found, and how many of those are noise."""
    series = list(draws(made_stretches(), DISCOVERY_NIGHTS, SERIES))
    begin = DISCOVERY_NIGHTS - SLOW_NIGHTS
    slowed = range(0, SERIES, SLOWED_EVERY)
    for number in slowed:
        series[number][begin:] = [(1 + SLOWDOWN) * value for value in series[number][begin:]]
    found = changes(dict(enumerate(series)))
    right = sum(any(change.index == begin for change in found.get(number, ())) for number in slowed)
    false = sum(map(len, found.values())) - right
    yield (
        f"{SERIES} series of {DISCOVERY_NIGHTS} nights, {len(slowed)} of them +{SLOWDOWN:.0%} in the last "
        f"{SLOW_NIGHTS}: {right} found on the night, {false} more that are noise or another night"
    )


def main() -> None:
    """Print the scoreboard as it comes."""
    for line in lines():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
