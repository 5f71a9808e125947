"""The terms by which a run is judged and new baselines are proposed, with their defaults."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from ratchet_bot.data.settings import Waiver  # it loads a YAML parser

Policy: TypeAlias = Literal["ratchet", "sglang"]
"""By whose rule a run is judged: ours, or that of sglang's own performance test."""

DEFAULT_PROFILE: Final = "pr_test"
"""The tolerances that hold where none are named: those of sglang's own performance test."""
MIN_IMPROVEMENT: Final = 0.05
"""Fraction by which end to end must fall to be an improvement. Source: the rule of sglang's #25510."""
MAX_FLAKE_RATE: Final = 0.05
"""Largest predicted chance, of one scenario, that an unchanged engine breaks a new baseline's limits.
Chosen: with 67 scenarios of that rate hardly a run would pass, one such scenario is bearable."""
NIGHTS: Final = 3
"""Nights for which an improvement must hold before the nightly job proposes it."""


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
    waivers: "Sequence[Waiver]" = ()
    """Findings of the audit that are accepted for a while."""
