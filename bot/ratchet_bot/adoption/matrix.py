"""The jobs of profile.yml: each hardware's scenarios, distributed over its runners. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ratchet_bot.adoption.sharding import Plan, Shard
from ratchet_bot.data.artifact_names import ARTIFACT_PREFIX
from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.settings import Settings

ALONE: Final = "none of the baseline scenarios is among the scenarios that are measured"


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


def jobs(settings: Settings, plans: Mapping[str, Plan]) -> list[Job]:
    """Return the jobs of every hardware of the configuration, in its order.

    Args:
        settings: The configuration.
        plans: By hardware, one for each.
    """
    return [job for name in settings.hardware for job in _jobs(name, settings, plans[name])]


def unmeasured(ids: Collection[str], file: BaselineFile) -> bool:
    """Return whether a file has baselines, and none of them is of a scenario that is measured."""
    return bool(file.scenarios) and not any(name in ids for name in file.scenarios)


def _jobs(name: str, settings: Settings, plan: Plan) -> Iterator[Job]:
    hardware, of = settings.hardware[name], len(plan.shards)
    for number, shard in enumerate(plan.shards, start=1):
        yield Job(
            hardware=name,
            runner=hardware.runner,
            device=hardware.device,
            shard=number,
            of=of,
            scenarios=joined_ids(shard),
            scenario_file=settings.scenarios or "",
            baselines=hardware.baselines,
            profile=hardware.profile,
            history_branch=settings.history_branch,
            warmup=settings.requests.warmup,
            measured=settings.requests.measured,
            confirm=settings.requests.confirm,
            artifact=f"{ARTIFACT_PREFIX}{name}" if of == 1 else f"{ARTIFACT_PREFIX}{name}-{number}",
            estimated_s=rounded_s(plan, shard),
        )


def joined_ids(shard: Shard) -> str:
    """Return a shard's scenarios as one word list: ids have no spaces."""
    return " ".join(shard.scenarios)


def rounded_s(plan: Plan, shard: Shard) -> float | None:
    """Return a shard's seconds to a tenth, None when nothing is known."""
    return None if plan.is_blind else round(shard.estimated_s, 1)
