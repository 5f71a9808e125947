"""Which denoising stage each step of a request ran in, where the times prove it. Pure.

sglang writes the steps of all denoising stages into one list, in execution order. Two facts bound where a
stage's steps end: they are consecutive, and together they took no longer than their stage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ratchet_bot.judging.metrics import STEP_ROUNDING_MS


@dataclass(frozen=True)
class Owners:
    """The stage of each step, or why none is known."""

    stages: tuple[int | None, ...]
    """By step: the position of its stage among the denoising stages; None for every step when unproven."""
    reason: str = ""
    """Why they stay unassigned, as a clause; empty when they are assigned, or when there are no steps."""


def owners(stages_ms: Sequence[float], steps_ms: Sequence[float]) -> Owners:
    """Return which denoising stage each step belongs to.

    With one stage it is that one. With several, the stages must fit one and only one split of the list, a
    stage without steps included: it may have recorded none.

    Args:
        stages_ms: Every denoising stage, in execution order.
        steps_ms: Every step, in execution order; none is negative.
    """
    if not steps_ms:
        return Owners(())
    if not stages_ms:
        return Owners((None,) * len(steps_ms), "no stage denoises")
    if len(stages_ms) == 1:
        return Owners((0,) * len(steps_ms))
    slack_ms = STEP_ROUNDING_MS * len(steps_ms)
    latest = _latest_ends([stage + slack_ms for stage in stages_ms], steps_ms)
    backwards = _latest_ends([stage + slack_ms for stage in reversed(stages_ms)], steps_ms[::-1])
    if latest is None or backwards is None:
        return Owners((None,) * len(steps_ms), f"they do not fit into {len(stages_ms)} denoising stages")
    earliest = [len(steps_ms) - end for end in reversed(backwards[:-1])]
    if latest[:-1] != earliest:
        several = f"they fit into {len(stages_ms)} denoising stages in more than one way"
        return Owners((None,) * len(steps_ms), several)
    begins = [0, *earliest]
    counts = (end - begin for begin, end in zip(begins, latest, strict=True))
    return Owners(tuple(stage for stage, count in enumerate(counts) for _ in range(count)))


def _latest_ends(limits_ms: Sequence[float], steps_ms: Sequence[float]) -> list[int] | None:
    """Return where each stage's steps end when each takes as many as it can, or None when some are left.

    No other split has a later end of any stage, and filling from the other side gives the earliest ends: the
    split is the only one when both agree.
    """
    ends: list[int] = []
    end = 0
    for limit_ms in limits_ms:
        taken_ms = 0.0
        while end < len(steps_ms) and taken_ms + steps_ms[end] <= limit_ms:
            taken_ms += steps_ms[end]
            end += 1
        ends.append(end)
    return ends if end == len(steps_ms) else None
