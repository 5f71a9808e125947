"""A repository on GitHub, opened by a workflow's token, a person's token, or a GitHub App."""

from collections.abc import Mapping
from typing import Final

from ratchet_bot.hosts.github.branches import Branches
from ratchet_bot.hosts.github.checks import Checks
from ratchet_bot.hosts.github.client import Client, Pace
from ratchet_bot.hosts.github.failures import ApiCall
from ratchet_bot.hosts.github.proposals import OwnPulls
from ratchet_bot.hosts.github.repository import GithubRepository
from ratchet_bot.hosts.github.rest_models import Installation, InstallationToken
from ratchet_bot.hosts.github.snapshots import Snapshots
from ratchet_bot.hosts.port import HostRefused

WORKFLOW_LOGIN: Final = "github-actions[bot]"
"""In whose name a workflow's own GITHUB_TOKEN writes."""
GITHUB_API: Final = "https://api.github.com"
"""Where GitHub's API is, unless GITHUB_API_URL says otherwise."""
TOKEN: Final = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable
API_URL: Final = "GITHUB_API_URL"
LOGIN: Final = "PERF_RATCHET_LOGIN"
APP_ID: Final = "PERF_RATCHET_APP_ID"
APP_KEY: Final = "PERF_RATCHET_APP_KEY"  # PEM


class GithubHost(OwnPulls, Checks, Branches, Snapshots):
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
            raise HostRefused("GITHUB_TOKEN is not set: pass it to the step")
        owner, _, name = repository.partition("/")
        if not owner or not name or "/" in name:
            raise HostRefused(f"{repository!r} is not a repository name; expected owner/name")
        super().__init__(Client.of_token(token, base_url, pace), repository, login)


def github_host_from_environment(
    repository: str,
    environ: Mapping[str, str],
    pace: Pace = Pace(),  # noqa: B008 - it is frozen
) -> GithubHost:
    """Return a repository on GitHub, for the account that the environment names.

    Args:
        repository: "owner/name".
        environ: GITHUB_TOKEN, with PERF_RATCHET_LOGIN where the token is a person's; or PERF_RATCHET_APP_ID
            and PERF_RATCHET_APP_KEY (PEM) of a GitHub App that is installed in the repository, which costs
            two requests. GITHUB_API_URL where GitHub is not github.com.
        pace: How gently to ask.

    Raises:
        HostRefused: there is neither, or GitHub refuses it.
    """
    base_url = environ.get(API_URL) or GITHUB_API
    app_id, app_key = environ.get(APP_ID, ""), environ.get(APP_KEY, "")
    if bool(app_id) != bool(app_key):
        raise HostRefused(f"a GitHub App needs both {APP_ID} and {APP_KEY}: one of them is empty")
    if app_id:
        token, login = _AppInstallation(
            Client.of_app(app_id, app_key, base_url, pace), repository, ""
        ).token()
    else:
        token, login = environ.get(TOKEN, ""), environ.get(LOGIN) or WORKFLOW_LOGIN
    return GithubHost(repository, token, login=login, base_url=base_url, pace=pace)


class _AppInstallation(GithubRepository):
    """A GitHub App in a repository where it is installed."""

    def token(self) -> tuple[str, str]:
        """Return a token for this repository alone, good for an hour, and the login that it writes as."""
        call = ApiCall(f"let the app into {self._repository}: is it installed there?", "metadata: read")
        return self._settle(call, self._token)

    def _token(self) -> tuple[str, str]:
        installation = Installation.model_validate(self._client.get(self._at("installation")))
        body = {"repositories": [self._repository.partition("/")[2]]}
        # A second token would be as good as the first, and expires as it does: asking again does no harm.
        path = f"/app/installations/{installation.id}/access_tokens"
        answer = self._client.send("POST", path, body)
        return InstallationToken.model_validate(answer.data).token, f"{installation.app_slug}[bot]"
