"""What GraphQL tells of pull requests, and how it is replied to a comment."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from github_fake import answers
from github_fake.endpoints.selection import Refusal
from github_fake.git import Commit
from github_fake.state import Pull, State

CONTENTS = {"EYES": "eyes", "ROCKET": "rocket", "THUMBS_DOWN": "-1", "CONFUSED": "confused"}


def pull_request(state: State, number: int) -> dict[str, Any]:
    """Return a pull request."""
    it = state.pulls.get(number)
    if it is None:
        raise Refusal("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
    return _pull(state, it)


def commit(state: State, it: Commit) -> dict[str, Any]:
    """Return a commit."""
    raw = state.git.found(it.sha)
    user = None if it.author.endswith("[bot]") else {"login": it.author}
    return {
        "__typename": "Commit",
        "oid": it.sha,
        "message": it.message,
        "authoredDate": _date(raw.author.time),
        "committedDate": _date(raw.committer.time),
        "author": {"name": it.author, "user": user},
        "parents": lambda first: {"nodes": [{"oid": str(sha)} for sha in raw.parent_ids[:first]]},
        "file": lambda path: _file(state, it, path),
    }


def _file(state: State, it: Commit, path: str) -> dict[str, Any] | None:
    found = state.git.found(f"{it.sha}:{path}")
    return {"oid": str(found.id)} if found else None


def own_pulls(state: State, branch: str, first: int, states: Collection[str]) -> dict[str, Any]:
    """Return the pull requests of a branch of the repository, the newest first."""
    head = (state.repository, branch)
    ours = [
        it
        for it in state.pulls.values()
        if (it.head_repository, it.head_branch) == head and _state(it) in states
    ]
    return {"nodes": [_pull(state, it) for it in sorted(ours, key=lambda it: -it.number)[:first]]}


def history(state: State, sha: str, first: int) -> dict[str, Any]:
    """Return a commit and those before it."""
    return {"nodes": [commit(state, it) for it in state.git.past(sha)[:first]]}


def add_comment(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Comment in the name of the token's owner."""
    number = int(asked["subjectId"].partition("_")[2])
    _require_permission(state)
    said = answers.comment(state, state.comment(number, state.login, asked["body"]))
    return {
        "clientMutationId": None,
        "commentEdge": {"node": {"__typename": "IssueComment", "url": said["html_url"]}},
    }


def close(state: State, key: str) -> dict[str, Any]:
    """Close a pull request or an issue; one that is closed stays so."""
    _require_permission(state)
    number = int(key.partition("_")[2])
    (state.pulls if key.startswith("PR_") else state.issues)[number].is_open = False
    return {"clientMutationId": None}


def add_reaction(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    """React in the name of the token's owner, once."""
    it = next(it for it in state.comments if f"IC_{it.id}" == asked["subjectId"])
    _require_permission(state)
    reaction = (state.login, CONTENTS[asked["content"]])
    if reaction not in it.reactions:
        it.reactions.append(reaction)
    return {"clientMutationId": None}


def _pull(state: State, it: Pull) -> dict[str, Any]:
    base = state.branches.get(it.base_branch)
    past = state.git.past(it.head_sha, without=base)
    return {
        "__typename": "PullRequest",
        "id": f"PR_{it.number}",
        "number": it.number,
        "state": _state(it),
        "title": it.title,
        "body": it.body or "",
        "headRefOid": it.head_sha,
        "headRefName": it.head_branch,
        "headRepository": {"nameWithOwner": it.head_repository} if it.head_repository else None,
        "baseRefName": it.base_branch,
        "baseRefOid": base or "0" * 40,
        "baseRef": {"target": {"__typename": "Commit", "oid": base}} if base else None,
        "author": actor(it.author),
        "labels": lambda first: {"nodes": [{"name": name} for name in it.labels[:first]]},
        "createdAt": it.created_at,
        "timelineItems": lambda last, itemTypes: _moves(it, last, itemTypes),  # noqa: N803 - GitHub's name
        "commits": lambda last=None, first=None: _commits(state, past[::-1], first, last),
        "files": lambda first: {"nodes": [{"path": path} for path in _paths(state, it)[:first]]},
    }


def _moves(it: Pull, last: int, kinds: Collection[str]) -> dict[str, Any]:
    """Return what has happened to a pull request last, of these kinds."""
    found = [(kind.title().replace("_", ""), at) for kind, at in it.moves if kind in kinds]
    return {"nodes": [{"__typename": kind, "createdAt": at} for kind, at in found[-last:]]}


def _commits(state: State, past: Sequence[Commit], first: int | None, last: int | None) -> dict[str, Any]:
    shown = past[:first] if first else past[-(last or 0) :]
    return {"totalCount": len(past), "nodes": [{"commit": commit(state, it)} for it in shown]}


def _paths(state: State, it: Pull) -> list[str]:
    """Return the files in which a pull request differs from where it left its base."""
    base = state.branches.get(it.base_branch)
    parted = state.git.merge_base(base, it.head_sha) if base else None
    return [patch.delta.new_file.path for patch in state.commits[it.head_sha].changes(parted)]


def _state(it: Pull) -> str:
    return "OPEN" if it.is_open else "CLOSED"


def actor(login: str | None) -> dict[str, Any] | None:
    """Return an account; None where it is gone."""
    if login is None:
        return None
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {"__typename": kind, "login": login.removesuffix("[bot]")}


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _require_permission(state: State) -> None:
    if not state.may("pull-requests: write"):
        raise Refusal("FORBIDDEN", "Resource not accessible by integration")
