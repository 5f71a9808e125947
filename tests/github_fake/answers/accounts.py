"""Accounts, repositories and labels, as GitHub tells of them."""

from typing import Any

from github_fake.skeletons import skeleton
from github_fake.state import App, State

WHEN = "2026-05-17T12:00:00Z"
WEB = "https://github.com"


def user(state: State, login: str) -> dict[str, Any]:
    """Return an account. A name ending in [bot] is an app's."""
    quoted = login.replace("[", "%5B").replace("]", "%5D")
    api = f"{state.url}/users/{quoted}"
    links = ["followers", "subscriptions", "orgs", "repos", "received_events"]
    names = ["followers_url", "subscriptions_url", "organizations_url", "repos_url", "received_events_url"]
    return {
        "login": login,
        "id": 41_898_282,
        "node_id": "MDM6Qm90NDE4OTgyODI=",
        "avatar_url": "https://avatars.githubusercontent.com/in/15368",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{WEB}/{quoted}",
        **{name: f"{api}/{link}" for name, link in zip(names, links, strict=True)},
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "events_url": f"{api}/events{{/privacy}}",
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


def account(state: State, login: str | None) -> dict[str, Any] | None:
    """Return an account, or nothing when it is gone or never was."""
    return user(state, login) if login and login not in state.strangers else None


def repository(state: State, full_name: str | None, like: str = "repository") -> dict[str, Any] | None:
    """Return the repository or a fork of it, or nothing when it is gone.

    Args:
        state: What there is.
        full_name: "owner/name".
        like: Which of GitHub's three forms of a repository.
    """
    if full_name is None:
        return None
    owner, name = full_name.split("/")
    return skeleton(like) | {
        "id": abs(hash(full_name)) % 10**9,
        "name": name,
        "full_name": full_name,
        "owner": user(state, owner),
        "fork": full_name != state.repository,
        "default_branch": "main",
        "html_url": f"{WEB}/{full_name}",
        "url": f"{state.url}/repos/{full_name}",
    }


def label(name: str) -> dict[str, Any]:
    """Return a label."""
    return skeleton("label") | {"name": name, "node_id": f"LA_{name}", "color": "ededed", "description": ""}


def installation(state: State, app: App, number: int) -> dict[str, Any]:
    """Return where an app is installed."""
    return skeleton("installation") | {
        "id": number,
        "app_id": int(app.id),
        "app_slug": app.slug,
        "account": user(state, state.repository.split("/")[0]),
        "access_tokens_url": f"{state.url}/app/installations/{number}/access_tokens",
    }
