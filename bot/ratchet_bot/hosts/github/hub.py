"""All of it together: one repository on GitHub."""

from typing import Final

from ratchet_bot.hosts.github.branches import Branches
from ratchet_bot.hosts.github.checks import Checks
from ratchet_bot.hosts.github.client import Client, Pace
from ratchet_bot.hosts.github.proposals import Proposals
from ratchet_bot.hosts.github.runs import Runs
from ratchet_bot.hosts.github.seen import Sight
from ratchet_bot.hosts.github.standing import Standings
from ratchet_bot.hosts.port import HostRefused

WORKFLOW_LOGIN: Final = "github-actions[bot]"
"""In whose name a workflow's own GITHUB_TOKEN writes."""
GITHUB_API: Final = "https://api.github.com"
"""Where GitHub's API is, unless GITHUB_API_URL says otherwise."""


class GithubHost(Proposals, Checks, Branches, Runs, Standings, Sight):
    """One repository on GitHub. Implements `port.Host`."""

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        login: str = WORKFLOW_LOGIN,
        base_url: str = GITHUB_API,
        pace: Pace = Pace(),  # noqa: B008 - it is frozen
    ) -> None:
        """Ask nothing yet.

        Args:
            repository: "owner/name".
            token: Appears in no message and no repr.
            login: Who comments with this token; the default is a workflow's own GITHUB_TOKEN.
            base_url: Workflows know it as GITHUB_API_URL.
            pace: How gently to ask.

        Raises:
            HostRefused: there is no token, or the name is no repository's.
        """
        if not token:
            raise HostRefused("there is no token for GitHub: give the step GITHUB_TOKEN")
        owner, _, name = repository.partition("/")
        if not owner or not name or "/" in name:
            raise HostRefused(f"{repository!r} is no repository: write owner/name")
        super().__init__(Client.of_token(token, base_url, pace), repository, login)
