"""What a person is told when something goes wrong with us."""

from ratchet_bot.data.errors import BadInput
from ratchet_bot.hosts.hub import HubRefused


def reason_of(error: BaseException) -> str:
    """Return what a person is told of an error: of one that nobody foresaw, its kind only."""
    if isinstance(error, BadInput | HubRefused):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "the job was cancelled, or took too long"
    return f"perf-ratchet failed ({type(error).__name__}): please report this"
