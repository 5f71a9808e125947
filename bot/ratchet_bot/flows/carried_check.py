"""The check of a pull request's head, carried over to the commit that a command has put on it.

GitHub starts no workflow for what its own token commits. Without this a required check would be missing there
for good.
"""

from ratchet_bot.flows.asked import AskedChange
from ratchet_bot.hosts.hub import Hub, HubRefused
from ratchet_bot.telling.run_report import carried


def carry(hub: Hub, change: AskedChange, sha: str) -> str:
    """Say of our commit what was said of the head before it, if that was a success; return why not, or "".

    Only baselines differ, and those that judge are the base branch's: so the measurement says the same. What
    the check says of the pull request's own baselines holds when the new ones loosen nothing either.

    Args:
        hub: The repository.
        change: What was changed.
        sha: Our commit, made just now by this very command.
    """
    pull, said = change.ask.pull, change.ask.check
    if said is None or said.conclusion != "success":
        return f"the check of {pull.head_sha[:7]} has not concluded as success"
    if change.is_doubtful:
        return "the new baselines are looser than those of the base branch somewhere"
    try:
        hub.upsert_check(carried(said, pull, sha), is_first=True)
    except HubRefused as refusal:
        return str(refusal)
    return ""
