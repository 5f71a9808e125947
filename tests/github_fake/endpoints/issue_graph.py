"""What GraphQL tells of issues, and how they are opened and changed."""

from collections.abc import Collection, Mapping
from typing import Any

from github_fake.endpoints.pull_graph import actor
from github_fake.endpoints.selection import Refusal
from github_fake.state import Issue, State

BODY_LIMIT = 65_536  # characters


def open_issues(state: State, labels: Collection[str], first: int) -> dict[str, Any]:
    """Return the open issues that have one of these labels, the oldest first."""
    found = [it for it in state.issues.values() if it.is_open and set(labels).intersection(it.labels)]
    return {"nodes": [_issue(it) for it in found[:first]]}


def create_issue(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Open an issue in the name of the token's owner."""
    _require_permission(state)
    labels = [key.removeprefix("LA_") for key in asked["labelIds"]]
    if asked["repositoryId"] != f"R_{state.repository}" or not state.labels.issuperset(labels):
        raise Refusal("NOT_FOUND", "Could not resolve to a node with the global id.")
    _require_short(asked["body"])
    return {"issue": _issue(state.issue(state.login, asked["title"], asked["body"], labels))}


def update_issue(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is named."""
    _require_permission(state)
    _require_short(asked["body"])
    it = state.issues[int(asked["id"].removeprefix("I_"))]
    it.title, it.body = asked["title"], asked["body"]
    return {"clientMutationId": None}


def _require_permission(state: State) -> None:
    if not state.may("issues: write"):
        raise Refusal("FORBIDDEN", "Resource not accessible by integration")


def _require_short(body: str) -> None:
    if len(body) > BODY_LIMIT:
        raise Refusal("UNPROCESSABLE", "Body is too long (maximum is 65536 characters)")


def _issue(it: Issue) -> dict[str, Any]:
    return {
        "id": f"I_{it.number}",
        "number": it.number,
        "title": it.title,
        "body": it.body,
        "author": actor(it.author),
        "labels": lambda first: {"nodes": [{"name": name} for name in it.labels[:first]]},
    }
