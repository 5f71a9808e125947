"""The hub on GitHub: every effect of `port.HostEffects` and every read of `port.HostReads`.

Only `client.py` imports `github`. A lost answer never doubles an effect: only a GET is repeated blindly. When
the answer to a POST or PATCH is lost, the whole effect starts again, and every effect looks before it writes.
"""

from ratchet_bot.hosts.github.client import Pace
from ratchet_bot.hosts.github.host import GithubHost, github_host_from_environment

__all__ = ["GithubHost", "Pace", "github_host_from_environment"]
