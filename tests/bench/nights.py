"""Noise to judge on: real nights, and nights made like them."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random
from statistics import median
from typing import Final

from sglang_files import NIGHTLY_CSV

BLOCK_NIGHTS: Final = 5
"""Consecutive nights that are drawn together, so that what hangs together stays so."""
BRANCH_TRIAL: Final = "c84f085"
"""A run that was not of the main branch: all cases were up to 20 times slower."""
SPIKE_SHARE: Final = 0.03
SPIKE_RATIOS: Final = (0.15, 0.50)
"""Share and size of the nights with a spike, in made noise. Source: the public nights have such."""
SIGMA_RATIOS: Final = (0.001, 0.009)
"""Standard deviations of made noise. Source: scaled median absolute deviations of the public nights."""
SHARED_WITH_LAST: Final = 0.5
"""Correlation of made noise with the night before. Chosen: the public nights wander for a week at a time."""

_BEGIN, _NEW_I2V, _LAST_OLD, _FIRST_NEW, _END = "2e65c27", "a8759dd", "1ad6839", "70658bf", "3553fd0"
"""Commits: after the development runs of the first week; when i2v got another workload; the last night before
the workloads of 5 April and the first after; the end of the file."""
_STRETCHES: Final = (
    ("image", "flux1_dev_t2i_1024", _BEGIN, _END),
    ("image", "flux2_dev_t2i_1024", _BEGIN, _END),
    ("image", "zimage_turbo_t2i_1024", _BEGIN, "95cdbce"),
    ("image", "zimage_turbo_t2i_1024", _LAST_OLD, _END),
    ("image", "qwen_image_2512_t2i_1024", _BEGIN, _END),
    ("image", "qwen_image_edit_2511", _BEGIN, _LAST_OLD),
    ("image", "qwen_image_edit_2511", _FIRST_NEW, _END),
    ("video", "wan22_t2v_a14b_720p", _BEGIN, _LAST_OLD),
    ("video", "wan22_t2v_a14b_720p", _FIRST_NEW, _END),
    ("video", "wan22_ti2v_5b_720p", _BEGIN, _END),
    ("video", "wan22_i2v_a14b_720p", _FIRST_NEW, _END),
    ("two-mode", "wan22_i2v_a14b_720p", _BEGIN, "3650bfb"),
    ("two-mode", "wan22_i2v_a14b_720p", _NEW_I2V, _LAST_OLD),
    ("two-mode", "ltx2_twostage_t2v", _FIRST_NEW, "c016635"),
)
"""(kind, case, first and last commit) where no cause is known for a change: drawn by hand, before anything
was scored. Whole seconds, at which its client asked, are the two modes of i2v."""


@dataclass(frozen=True)
class Stretch:
    """Nights of one case in which nothing happened."""

    kind: str
    """Whose noise it is: "image", "video", "two-mode" or "made"."""
    case: str
    runs: tuple[str, ...]
    """The run of each night, oldest first."""
    values: tuple[float, ...]
    """One for each run, relative to their median."""


def real_stretches() -> list[Stretch]:
    """Return the stretches of the public nights."""
    with NIGHTLY_CSV.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if not row["commit_sha"].startswith(BRANCH_TRIAL)]
    return [_stretch(rows, *bounds) for bounds in _STRETCHES]


def made_stretches(count: int = 20, nights: int = 40) -> list[Stretch]:
    """Return stretches of made noise, from the least to the widest published width."""
    low, high = SIGMA_RATIOS
    sigmas = [low + (high - low) * number / max(1, count - 1) for number in range(count)]
    runs = tuple(str(night) for night in range(nights))
    return [
        Stretch("made", f"made {number}", runs, tuple(_made(Random(number), sigma, nights)))  # noqa: S311 - noise
        for number, sigma in enumerate(sigmas)
    ]


def draws(stretches: Sequence[Stretch], nights: int, count: int) -> Iterator[list[float]]:
    """Yield series of circular blocks, each of one stretch; a stretch is drawn as often as it is long."""
    random = Random(0)  # noqa: S311 - noise, the same in every run
    lengths = [len(stretch.values) for stretch in stretches]
    for _ in range(count):
        [values] = [one.values for one in random.choices(stretches, weights=lengths)]
        firsts = [random.randrange(len(values)) for _ in range(0, nights, BLOCK_NIGHTS)]
        series = [values[(first + step) % len(values)] for first in firsts for step in range(BLOCK_NIGHTS)]
        yield series[:nights]


def _stretch(rows: Sequence[Mapping[str, str]], kind: str, case: str, first: str, last: str) -> Stretch:
    commits = [row["commit_sha"][: len(first)] for row in rows]
    begin, end = commits.index(first), len(commits) - commits[::-1].index(last)
    taken = [row for row in rows[begin:end] if row["case_id"] == case]
    seconds = [float(row["latency_s"]) for row in taken]
    level = median(seconds)
    return Stretch(kind, case, tuple(row["run_id"] for row in taken), tuple(one / level for one in seconds))


def _made(random: Random, sigma_ratio: float, nights: int) -> Iterator[float]:
    noise_ratio = 0.0
    for _ in range(nights):
        fresh_ratio = random.gauss(0.0, sigma_ratio * sqrt(1 - SHARED_WITH_LAST**2))
        noise_ratio = SHARED_WITH_LAST * noise_ratio + fresh_ratio
        spike_ratio = random.uniform(*SPIKE_RATIOS) if random.random() < SPIKE_SHARE else 0.0
        yield 1.0 + noise_ratio + spike_ratio
