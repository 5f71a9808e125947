"""When others call a measurement slower: each rule as the limit that a history sets.

Written from what their documentation and sources say; none is their code.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt
from statistics import NormalDist, mean, median, median_low, stdev
from typing import Final

from ratchet_bot.judging.level import MAD_TO_SIGMA, lower_hinge
from ratchet_bot.judging.noise import noise_limit_ms

Limit = Callable[[Sequence[float]], float]
"""A history, oldest first -> the largest value that is not slower; infinite where the rule says nothing."""

BENCHER_CHANCE: Final = 0.99
"""Source: Bencher's suggested upper boundary of the t-test."""
RUSTC_NIGHTS: Final = 30
RUSTC_TOO_FEW_RATIO: Final = 0.002
RUSTC_FENCE: Final = 3.0
"""Source: rustc-perf, NUM_PREVIOUS_COMMITS, DEFAULT_SIGNIFICANCE_THRESHOLD and IQR_MULTIPLIER."""
MAD_WIDTHS: Final = 5.0
"""Source: Conbench's z-score of 5, on median and median absolute deviation."""
SGLANG_RATIO: Final = 0.25
"""Source: sglang's performance test, end to end."""
ACTION_RATIO: Final = 2.0
"""Source: github-action-benchmark, alert-threshold."""


@dataclass(frozen=True)
class Rule:
    """One way to judge."""

    name: str
    limit: Limit
    measured: Callable[[Sequence[float]], float] = median_low
    """Requests -> what is held against the limit; the rules of others know one value a run."""


def sglang(history: Sequence[float]) -> float:
    """A quarter above the baseline, which is one run: here the first of the history."""
    return history[0] * (1 + SGLANG_RATIO)


def github_action_benchmark(history: Sequence[float]) -> float:
    """Twice the run before."""
    return history[-1] * ACTION_RATIO


def bencher(history: Sequence[float]) -> float:
    """The upper end of the prediction interval of Student's t; nothing where all values are equal."""
    width = student_t(BENCHER_CHANCE, len(history) - 1) * sqrt(1 + 1 / len(history))
    spread = stdev(history)
    return mean(history) + width * spread if spread else inf


def rustc_perf(history: Sequence[float]) -> float:
    """The upper fence of the changes from run to run, above the run before."""
    newest_first = history[: -RUSTC_NIGHTS - 1 : -1]
    if len(newest_first) < RUSTC_NIGHTS:
        return history[-1] * (1 + RUSTC_TOO_FEW_RATIO)
    changes = sorted(abs(new - old) / new for new, old in pairwise(newest_first))
    half = len(changes) // 2
    first, third = median(changes[:half]), median(changes[-half:])
    return history[-1] * (1 + third + RUSTC_FENCE * (third - first))


def median_and_mad(history: Sequence[float]) -> float:
    """Five scaled median absolute deviations above the median."""
    level = median(history)
    return level + MAD_WIDTHS * MAD_TO_SIGMA * median(abs(one - level) for one in history)


def ours(requests: int) -> Rule:
    """Return the rule of `ratchet_bot.judging.noise` for a number of requests."""

    def limit(history: Sequence[float]) -> float:
        most = noise_limit_ms(history, requests)
        return inf if most is None else most

    return Rule(OURS, limit, lower_hinge)


OURS: Final = "perf-ratchet"
THEIRS: Final = (
    Rule("sglang, 25 % of one run", sglang),
    Rule("github-action-benchmark, 200 %", github_action_benchmark),
    Rule("Bencher, t-test 0.99", bencher),
    Rule("rustc-perf, IQR fence", rustc_perf),
    Rule("median and MAD, z > 5", median_and_mad),
)


def student_t(chance: float, freedom: int) -> float:
    """Return a quantile of Student's t, right to four digits at ten degrees of freedom or more.

    Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.5.
    """
    x = NormalDist().inv_cdf(chance)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(term / float(freedom) ** power for power, term in enumerate(terms, 1))
