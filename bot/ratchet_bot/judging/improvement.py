"""What a tighter baseline must gain, and what it may not lose."""

from ratchet_bot.data.baselines import AGGREGATES
from ratchet_bot.judging.limits import has_improved, is_slower_decoding
from ratchet_bot.judging.proposals import Change, Proposal


def shortfall(proposal: Proposal, min_improvement: float) -> str:
    """Return why a tighter baseline is not deserved, or "" when it is.

    Args:
        proposal: Of a scenario that has a baseline.
        min_improvement: By how much end to end must fall, as a fraction.
    """
    e2e = proposal.top_level[0]
    change = e2e.change_ratio or 0.0
    if not has_improved(change, min_improvement):
        needed = f"a new baseline needs a fall of at least {min_improvement * 100:.1f} %"
        return f"end to end changed by {change * 100:+.1f} %; {needed}"
    for value in proposal.top_level:
        was_placeholder = value.field in AGGREGATES and not value.old_ms
        if not was_placeholder and value.rise_ms > value.slack_ms:
            return _risen(value)
    slower = (one for one in proposal.raised if is_slower_decoding(one.field, one.old_ms or 0.0, one.new_ms))
    return next(map(_risen, slower), "")


def _risen(value: Change) -> str:
    return f"{value.field} rose from {value.old_ms:,.2f} to {value.new_ms:,.2f} ms"
