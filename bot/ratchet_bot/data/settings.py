"""The configuration file `.github/perf-ratchet.yml`: what runs where, and how it is judged."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from ratchet_profiler.record import HardwareName

from ratchet_bot.data.defaults import DEFAULT_PROFILE, MAX_FLAKE_RATE, MIN_IMPROVEMENT, NIGHTS, Policy
from ratchet_bot.data.names import OWN_BRANCHES, is_own_branch, is_plain_path

MAX_LABELS: Final = 16
"""Labels of a runner. Chosen: runners have three or four."""
MAX_REQUESTS: Final = 100
"""Requests of a scenario. Chosen: far above what a nightly run affords."""
MAX_NIGHTS: Final = 30
"""Nights to wait for. Chosen: after a month without a proposal the setting is a mistake."""
MAX_WAIVERS: Final = 1000
"""Waivers of a file. Chosen: more than a baseline file has scenarios."""
MAX_WORDS: Final = 200
"""Characters of a waiver's rule, scenario and reason. Chosen: a line of a comment."""

Device = Literal["cuda", "npu", "cpu", "xpu", "mps", "musa", "mlu", "hpu", "mtia"]
"""What torch calls a kind of device, those of its extensions (npu, musa, mlu, hpu) among them."""
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A label of a runner. Chosen: what GitHub's own labels look like, so nothing in it can reach a shell."""


class SettingsPart(BaseModel):
    """Base of the parts of the file: frozen, unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _below_the_top(path: str) -> str:
    if not is_plain_path(path):
        raise ValueError("must be a path below the top of the repository, such as .github/h100.json")
    return path


class Hardware(SettingsPart):
    """One kind of machine that scenarios run on."""

    baselines: Annotated[str, AfterValidator(_below_the_top)]
    """Path of its baseline file, from the top of the repository."""
    runner: Annotated[tuple[Label, ...], Field(min_length=1, max_length=MAX_LABELS)] = ("self-hosted",)
    """Labels that a runner must have, all of them."""
    device: Device = "cuda"
    """What torch calls the device: cuda, npu, cpu."""
    profile: str = DEFAULT_PROFILE
    """Which tolerances of the baseline file to use."""


class Requests(SettingsPart):
    """How many requests a scenario gets."""

    warmup: Annotated[int, Field(ge=0, le=MAX_REQUESTS)] = 1
    """Before anything is measured."""
    measured: Annotated[int, Field(ge=1, le=MAX_REQUESTS)] = 3
    """Each time a scenario runs."""
    confirm: Annotated[int, Field(ge=0, le=MAX_REQUESTS)] = 5
    """More of them for a suspect."""


class Tighten(SettingsPart):
    """When a tighter baseline is proposed."""

    min_improvement: Annotated[float, Field(ge=0, le=1)] = MIN_IMPROVEMENT
    """Fraction by which end to end must fall."""
    max_flake_rate: Annotated[float, Field(ge=0, le=1)] = MAX_FLAKE_RATE
    """Largest predicted probability, for one scenario, that an unchanged engine breaks the new limit."""
    nights: Annotated[int, Field(ge=1, le=MAX_NIGHTS)] = NIGHTS
    """Nights for which an improvement must hold before the nightly refresh proposes it."""


class Waiver(SettingsPart):
    """A finding that somebody has looked at and accepts for a while."""

    rule: Annotated[str, Field(max_length=MAX_WORDS)]
    """Name of the rule."""
    scenario: Annotated[str, Field(max_length=MAX_WORDS)]
    """Id of the scenario, no pattern: a waiver covers what was looked at."""
    reason: Annotated[str, Field(min_length=1, max_length=MAX_WORDS)]
    """Why it is accepted, one line."""
    expires: date
    """The last day on which it counts."""


@dataclass(frozen=True)
class Terms:
    """The terms of one hardware."""

    profile: str = DEFAULT_PROFILE
    """Which tolerances of the baseline file make the limits."""
    policy: Policy = "ratchet"
    """"ratchet" audits requests, checks whether they compare at all, knows noise, and lets only the gating
    metrics affect the verdict. "sglang" is that engine's own test: every limit gates, and so does a
    missing stage."""
    scenarios: str = "*"
    """Glob; only these scenarios are considered, in the file and in the run."""
    min_improvement: float = MIN_IMPROVEMENT
    """Fraction by which end to end must fall to be an improvement, and for a new baseline."""
    max_flake_rate: float = MAX_FLAKE_RATE
    """Largest predicted chance, of one scenario, that an unchanged engine breaks a new baseline's limits."""
    nights: int = NIGHTS
    """Nights for which an improvement must hold before the nightly job proposes it."""
    add: bool = False
    """Whether to propose first baselines too, where there is none or a placeholder."""
    replaced: Sequence[str] = ()
    """Globs; such a scenario of the file takes the run's values whatever they improve, and from whatever
    workload or machine. Only for a person who asks for it on their own machine."""
    waivers: Sequence[Waiver] = ()
    """Findings of the audit that are accepted for a while."""


def _no_shard(name: str) -> str:
    if re.search(r"-[0-9]+$", name):
        raise ValueError("must not end with a dash and digits, which number shards")
    return name


ConfiguredName = Annotated[HardwareName, AfterValidator(_no_shard)]
"""The name of a hardware, as run records and the history take it; file and branch names have it too."""


def _not_the_bots(branch: str) -> str:
    if is_own_branch(branch):
        raise ValueError(f"must not be {OWN_BRANCHES} or below it, where the branches of proposals are")
    return branch


class Settings(SettingsPart):
    """The whole file."""

    hardware: Annotated[Mapping[ConfiguredName, Hardware], Field(min_length=1)]
    """By the name that run records give."""
    scenarios: Annotated[str, AfterValidator(_below_the_top)] | None = None
    """Path of the scenario file, from the top of the repository; absent: the built-in scenarios."""
    requests: Requests = Requests()
    tighten: Tighten = Tighten()
    comment: Literal["always", "changes", "never"] = "changes"
    """When a pull request gets a comment. "changes": once there is something to tell, and as long as there is
    a comment to keep true."""
    history_branch: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$"), AfterValidator(_not_the_bots)
    ] = "perf-history"
    """The branch that keeps the nights."""
    waivers: Annotated[tuple[Waiver, ...], Field(max_length=MAX_WAIVERS)] = ()

    def terms(self, hardware: str) -> Terms:
        """Return the terms by which a hardware of this configuration is judged."""
        return Terms(
            profile=self.hardware[hardware].profile,
            min_improvement=self.tighten.min_improvement,
            max_flake_rate=self.tighten.max_flake_rate,
            nights=self.tighten.nights,
            waivers=self.waivers,
        )
