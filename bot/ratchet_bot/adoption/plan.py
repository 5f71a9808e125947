"""Scenarios distributed over runners, so that all end about the same time, and profile.yml's jobs. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import fsum
from statistics import median
from typing import Final

from ratchet_bot.data.baselines import BaselineFile, ScenarioBaseline, is_measurement
from ratchet_bot.data.names import ARTIFACT_PREFIX
from ratchet_bot.data.settings import Settings

ESTIMATE: Final = "estimated_full_test_time_s"
"""The key of sglang's baseline files with the seconds that a scenario's test takes."""
ALONE: Final = "none of the baseline scenarios is among the scenarios that are measured"
NOTHING_KNOWN_S: Final = 1.0
"""Seconds of every scenario when none has an estimate: all count the same."""
MAX_EXCHANGES: Final = 1000
"""Most exchanges after the first distribution. Chosen: 67 scenarios need about ten."""
LEAST_GAIN_S: Final = 0.001
"""Seconds by which an exchange must shorten the longest shard. Chosen: estimates have 0.1 s."""


@dataclass(frozen=True)
class Shard:
    """The scenarios of one runner."""

    scenarios: tuple[str, ...]
    """Longest first."""
    estimated_s: float
    """Seconds."""


@dataclass(frozen=True)
class Plan:
    """Every scenario on one runner."""

    shards: tuple[Shard, ...]
    """Longest first; none is empty."""
    guessed: tuple[str, ...]
    """Scenarios without an estimate, in order."""
    guess_s: float
    """Seconds that those are taken to need: the median of the known ones, 1 when none is known."""
    ideal_s: float
    """Seconds that no distribution can stay below: an even share, or the longest scenario."""

    @property
    def is_blind(self) -> bool:
        """True when no scenario has an estimate: then its seconds mean nothing."""
        return len(self.guessed) == sum(len(shard.scenarios) for shard in self.shards)

    @property
    def longest_s(self) -> float:
        """Seconds of the longest shard."""
        return max(shard.estimated_s for shard in self.shards)

    @property
    def excess_ratio(self) -> float:
        """How much longer than ideal the longest shard is."""
        return self.longest_s / self.ideal_s - 1.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job on one runner, and all that its steps need to know. The names are those of profile.yml."""

    hardware: str
    runner: tuple[str, ...]
    """Labels that the runner must have, all of them."""
    device: str
    """As torch calls it."""
    shard: int
    """From 1."""
    of: int
    """Shards of this hardware."""
    scenarios: str
    """Ids, with spaces between."""
    scenario_file: str
    """Path from the top of the repository; "" for the built-in scenarios."""
    baselines: str
    """Path of the baseline file from the top of the repository."""
    profile: str
    """Tolerances of the baseline file."""
    history_branch: str
    """The branch that keeps the nights."""
    warmup: int
    """Requests before anything is measured."""
    measured: int
    """Requests of each scenario."""
    confirm: int
    """More requests of a suspect."""
    artifact: str
    """Name under which the record is handed over."""
    estimated_s: float | None
    """Seconds for all scenarios; None when no scenario has an estimate."""


def sharded(estimates_s: Mapping[str, float | None], shards: int) -> Plan:
    """Distribute scenarios over at most this many shards, longest first, each to the shortest shard so far.

    Then scenarios of the longest shard move, or change places, as long as that shortens it. The longest shard
    is at most 4/3 - 1/(3 x shards) of the shortest possible one.
    Source: Graham, "Bounds on multiprocessing timing anomalies", 1969.

    Args:
        estimates_s: Seconds by scenario, at least one, each above 0 and with a name; None where nothing is
            known. Their order does not matter.
        shards: At least 1.
    """
    known_s = [seconds for seconds in estimates_s.values() if seconds is not None]
    guess_s = median(known_s) if known_s else NOTHING_KNOWN_S
    needs_s = {name: guess_s if seconds is None else seconds for name, seconds in estimates_s.items()}
    longest_first = sorted(needs_s, key=lambda name: (-needs_s[name], name))
    loads: list[list[str]] = [[] for _ in range(min(shards, len(longest_first)))]
    for name in longest_first:
        min(loads, key=lambda load: _total(load, needs_s)).append(name)
    _even_out(loads, needs_s)
    return Plan(
        shards=tuple(_shards(loads, needs_s)),
        guessed=tuple(sorted(name for name, seconds in estimates_s.items() if seconds is None)),
        guess_s=guess_s,
        ideal_s=max(_total(longest_first, needs_s) / len(loads), needs_s[longest_first[0]]),
    )


def _even_out(loads: Sequence[list[str]], needs_s: Mapping[str, float]) -> None:
    """Shorten the longest load by moves and exchanges with one other load, the best one first."""
    for _ in range(MAX_EXCHANGES):
        longest = max(loads, key=lambda load: _total(load, needs_s))
        total_s = _total(longest, needs_s)
        others = [load for load in loads if load is not longest]
        choices = [
            (max(total_s - given_s, _total(other, needs_s) + given_s), given, taken, index)
            for index, other in enumerate(others)
            for given, taken in product(longest, ["", *other])
            if (given_s := needs_s[given] - needs_s.get(taken, 0.0)) > 0
        ]
        best_s, given, taken, index = min(choices, default=(total_s, "", "", 0))
        if best_s > total_s - LEAST_GAIN_S:
            return
        longest.remove(given)
        others[index].append(given)
        if taken:
            others[index].remove(taken)
            longest.append(taken)


def _shards(loads: Iterable[Iterable[str]], needs_s: Mapping[str, float]) -> list[Shard]:
    """Return the loads as shards, the longest one first."""
    ordered = [sorted(load, key=lambda name: (-needs_s[name], name)) for load in loads]
    shards = [Shard(tuple(load), _total(load, needs_s)) for load in ordered]
    return sorted(shards, key=lambda shard: (-shard.estimated_s, shard.scenarios))


def _total(load: Iterable[str], needs_s: Mapping[str, float]) -> float:
    return fsum(needs_s[name] for name in load)


def estimate_s(scenario: ScenarioBaseline) -> float | None:
    """Return the seconds that a scenario's test takes, None when it has no good value above 0."""
    seconds = (scenario.model_extra or {}).get(ESTIMATE)
    return float(seconds) if seconds and is_measurement(seconds) else None


def plans(
    settings: Settings, scenarios: Collection[str], files: Mapping[str, BaselineFile], shards: int
) -> dict[str, Plan]:
    """Return a plan for each hardware of the configuration, with the seconds that its baselines know.

    Args:
        settings: The configuration.
        scenarios: Ids of the scenarios to run, at least one.
        files: Baselines by hardware; none where it has no file yet.
        shards: Runners of each hardware, at most.
    """
    unknown = dict.fromkeys(scenarios)
    return {
        name: sharded(
            unknown
            | {
                scenario: estimate_s(baseline)
                for scenario, baseline in (files[name].scenarios.items() if name in files else ())
                if scenario in unknown
            },
            shards,
        )
        for name in settings.hardware
    }


def jobs(settings: Settings, by_hardware: Mapping[str, Plan]) -> list[Job]:
    """Return the jobs of every hardware of the configuration, in its order.

    Args:
        settings: The configuration.
        by_hardware: A plan for each.
    """
    return [
        Job(
            hardware=name,
            runner=hardware.runner,
            device=hardware.device,
            shard=number,
            of=len(plan.shards),
            scenarios=joined_ids(shard),
            scenario_file=settings.scenarios or "",
            baselines=hardware.baselines,
            profile=hardware.profile,
            history_branch=settings.history_branch,
            warmup=settings.requests.warmup,
            measured=settings.requests.measured,
            confirm=settings.requests.confirm,
            artifact=f"{ARTIFACT_PREFIX}{name}" + (f"-{number}" if len(plan.shards) > 1 else ""),
            estimated_s=rounded_s(plan, shard),
        )
        for name, hardware in settings.hardware.items()
        for plan in [by_hardware[name]]
        for number, shard in enumerate(plan.shards, start=1)
    ]


def unmeasured(ids: Collection[str], file: BaselineFile) -> bool:
    """Return whether a file has baselines, and none of them is of a scenario that is measured."""
    return bool(file.scenarios) and not any(name in ids for name in file.scenarios)


def joined_ids(shard: Shard) -> str:
    """Return a shard's scenarios as one word list: ids have no spaces."""
    return " ".join(shard.scenarios)


def rounded_s(plan: Plan, shard: Shard) -> float | None:
    """Return a shard's seconds to a tenth, None when nothing is known."""
    return None if plan.is_blind else round(shard.estimated_s, 1)
