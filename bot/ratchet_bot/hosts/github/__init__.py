"""The hub on GitHub: every effect of `hub.Hub` and every read of `host.Host`.

`client.py` alone names `github`. A lost answer never doubles an effect: only a GET is repeated blindly. When
the answer to a POST or PATCH is lost, the whole effect starts anew, and every effect looks before it writes.
"""

from ratchet_bot.hosts.github.access import github_hub_from_environment
from ratchet_bot.hosts.github.client import Pace
from ratchet_bot.hosts.github.hub import GithubHub

__all__ = ["GithubHub", "Pace", "github_hub_from_environment"]
