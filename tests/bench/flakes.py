"""Predicted chances to exceed a limit beside what happened, one night ahead."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from ratchet_bot.judging.noise import flake_rate, floor, pooled_share, run_flake_rate

from bench.nights import Stretch

LIMITS: Final = (0.01, 0.02, 0.03, 0.05, 0.10, 0.15, 0.25)
"""How far a limit is above the level, as fractions."""
LEAST_NIGHTS: Final = 5
MOST_NIGHTS: Final = 30
"""Nights of history that a prediction is made from."""
LEAST_CHANCE: Final = 1e-3
"""For the log loss, what "never" is taken to mean."""


@dataclass(frozen=True)
class Prediction:
    """One night of one case against one limit."""

    run: str
    limit_ratio: float
    predicted: float
    by_share: float
    """What the plain share of its own nights above the limit would have said."""
    seen: bool


def predictions(stretches: Sequence[Stretch]) -> Iterator[Prediction]:
    """Yield a prediction for each night of each stretch that has enough nights before it."""
    for stretch in stretches:
        others = [other.values for other in stretches if other.case != stretch.case]
        shares = {limit_ratio: pooled_share(others, limit_ratio) for limit_ratio in LIMITS}
        for night in range(LEAST_NIGHTS, len(stretch.values)):
            history = stretch.values[max(0, night - MOST_NIGHTS) : night]
            level = floor(history).level
            for limit_ratio, share in shares.items():
                limit = level * (1 + limit_ratio)
                yield Prediction(
                    stretch.runs[night],
                    limit_ratio,
                    flake_rate(history, limit, share) or 0.0,
                    sum(value > limit for value in history) / len(history),
                    stretch.values[night] > limit,
                )


def log_loss(chances: Iterable[tuple[float, bool]]) -> float:
    """Return the mean of -log(chance given to what happened)."""
    losses = [-log(max(LEAST_CHANCE, chance if seen else 1 - chance)) for chance, seen in chances]
    return sum(losses) / len(losses)


def lines(stretches: Sequence[Stretch]) -> Iterator[str]:
    """Yield the table: nights and whole runs that exceed a limit, predicted and seen."""
    made = list(predictions(stretches))
    columns = "".join(f"{f'{what}: predicted':>18}{'seen':>6}{'of':>6}" for what in ("nights", "runs"))
    yield f"{'exceeds a limit of':<20}{columns}"
    for limit_ratio in LIMITS:
        nights = [one for one in made if one.limit_ratio == limit_ratio]
        runs: dict[str, list[Prediction]] = defaultdict(list)
        for one in nights:
            runs[one.run].append(one)
        expected = sum(run_flake_rate(one.predicted for one in run) for run in runs.values())
        broken = sum(any(one.seen for one in run) for run in runs.values())
        yield (
            f"{f'+{limit_ratio:.0%}':<20}{sum(one.predicted for one in nights):18.1f}"
            f"{sum(one.seen for one in nights):6}{len(nights):6}{expected:18.1f}{broken:6}{len(runs):6}"
        )
    ours = log_loss((one.predicted, one.seen) for one in made)
    plain = log_loss((one.by_share, one.seen) for one in made)
    yield f"log loss: {ours:.4f}; of the plain share of its own nights: {plain:.4f} (never means 1 in 1000)"
