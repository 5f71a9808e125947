"""Defaults of the terms by which a run is judged. No library is loaded: the command line shows them."""

from typing import Final, Literal, TypeAlias

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
