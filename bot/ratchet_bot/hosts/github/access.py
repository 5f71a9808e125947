"""Who the bot is on GitHub: a workflow's token, a person's token, or a GitHub App."""

from collections.abc import Mapping
from typing import Final

from ratchet_bot.hosts.github.answers import Installation, Token
from ratchet_bot.hosts.github.client import Client, Pace
from ratchet_bot.hosts.github.failures import ApiCall
from ratchet_bot.hosts.github.hub import GITHUB_API, WORKFLOW_LOGIN, GithubHost
from ratchet_bot.hosts.github.repository import Repository
from ratchet_bot.hosts.port import HostRefused

TOKEN: Final = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable
API_URL: Final = "GITHUB_API_URL"
LOGIN: Final = "PERF_RATCHET_LOGIN"
APP_ID: Final = "PERF_RATCHET_APP_ID"
APP_KEY: Final = "PERF_RATCHET_APP_KEY"  # PEM


def github_host_from_environment(
    repository: str,
    environ: Mapping[str, str],
    pace: Pace = Pace(),  # noqa: B008 - it is frozen
) -> GithubHost:
    """Return the hub of a repository, in the name of whoever the environment says.

    Args:
        repository: "owner/name".
        environ: GITHUB_TOKEN, with PERF_RATCHET_LOGIN where the token is a person's; or PERF_RATCHET_APP_ID
            and PERF_RATCHET_APP_KEY (PEM) of a GitHub App that is installed in the repository, which costs
            two requests. GITHUB_API_URL where GitHub is not github.com.
        pace: How gently to ask.

    Raises:
        HostRefused: there is neither, or GitHub does not accept it.
    """
    base_url = environ.get(API_URL) or GITHUB_API
    app_id, app_key = environ.get(APP_ID, ""), environ.get(APP_KEY, "")
    if bool(app_id) != bool(app_key):
        raise HostRefused(f"a GitHub App needs both {APP_ID} and {APP_KEY}: one of them is empty")
    if app_id:
        token, login = _Installation(Client.of_app(app_id, app_key, base_url, pace), repository, "").token()
    else:
        token, login = environ.get(TOKEN, ""), environ.get(LOGIN) or WORKFLOW_LOGIN
    return GithubHost(repository, token, login=login, base_url=base_url, pace=pace)


class _Installation(Repository):
    """A GitHub App, where it is installed."""

    def token(self) -> tuple[str, str]:
        """Return a token for this repository alone, good for an hour, and in whose name it writes."""
        call = ApiCall(f"let the app into {self._repository}: is it installed there?", "metadata: read")
        return self._settle(call, self._token)

    def _token(self) -> tuple[str, str]:
        installation = Installation.model_validate(self._client.get(self._at("installation")))
        asked = {"repositories": [self._repository.partition("/")[2]]}
        # A second token would be as good as the first, and expires as it does: asking again does no harm.
        path = f"/app/installations/{installation.id}/access_tokens"
        made = self._client.send("POST", path, asked)
        return Token.model_validate(made.data).token, f"{installation.app_slug}[bot]"
