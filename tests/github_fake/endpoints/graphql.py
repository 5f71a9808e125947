"""GraphQL: a few fields of repositories, and two mutations. Refusals come with the status 200."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pygit2

from github_fake.endpoints.issue_graph import create_issue, open_issues, update_issue
from github_fake.endpoints.pull_graph import (
    add_comment,
    add_reaction,
    close,
    history,
    own_pulls,
    pull_request,
)
from github_fake.endpoints.routes import route
from github_fake.endpoints.selection import Refusal, selected
from github_fake.state import State
from github_fake.wire import Answer, Request

COMMIT_INPUT = {"branch", "expectedHeadOid", "message", "fileChanges"}
NO_COMMIT = "0" * 40


@route("POST", "/graphql")
def graphql(state: State, request: Request) -> Answer:
    """Answer whatever fields are selected."""
    roots: dict[str, Callable[..., Any]] = {
        "repository": lambda owner, name: _repository(state, f"{owner}/{name}"),
        "createCommitOnBranch": lambda input: _commit(state, input),  # noqa: A006 - GitHub's name
        "updateRefs": lambda input: _update_refs(state, input),  # noqa: A006 - GitHub's name
        "addComment": lambda input: add_comment(state, input),  # noqa: A006 - GitHub's name
        "addReaction": lambda input: add_reaction(state, input),  # noqa: A006 - GitHub's name
        "closePullRequest": lambda input: close(state, input["pullRequestId"]),  # noqa: A006 - GitHub's name
        "createIssue": lambda input: create_issue(state, input),  # noqa: A006 - GitHub's name
        "updateIssue": lambda input: update_issue(state, input),  # noqa: A006 - GitHub's name
        "closeIssue": lambda input: close(state, input["issueId"]),  # noqa: A006 - GitHub's name
    }
    roots |= dict.fromkeys(state.refused_mutations, _refuse)
    data, errors = selected(request.body["query"], request.body.get("variables") or {}, roots)
    return Answer(200, {"data": data} | ({"errors": errors} if errors else {}))


def _refuse(input: object) -> None:  # noqa: A002, ARG001 - GitHub's name
    raise Refusal("SERVICE_UNAVAILABLE", "This may not be done just now.")


def _repository(state: State, name: str) -> dict[str, Any]:
    if name != state.repository:
        raise Refusal("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
    return {
        "__typename": "Repository",
        "id": f"R_{state.repository}",
        "object": lambda expression: _object(state, expression),
        "label": lambda name: {"id": f"LA_{name}"} if name in state.labels else None,
        "ref": lambda qualifiedName: _ref(state, qualifiedName),  # noqa: N803 - GitHub's name
        "defaultBranchRef": _ref(state, "refs/heads/main"),
        "issues": lambda first, states, labels: open_issues(state, labels, first),  # noqa: ARG005 - always OPEN
        "pullRequest": lambda number: pull_request(state, number),
    }


def _ref(state: State, name: str) -> dict[str, Any] | None:
    branch = name.removeprefix("refs/heads/")
    sha = state.branches.get(branch)
    if sha is None:
        return None
    target = {
        "__typename": "Commit",
        "oid": sha,
        "history": lambda first: history(state, sha, first),
        "file": lambda path: _entry(state, f"{sha}:{path}"),
    }
    return {
        "name": branch,
        "target": target,
        "associatedPullRequests": lambda first, orderBy, states=("OPEN", "CLOSED"): own_pulls(  # noqa: ARG005, N803 - GitHub's name
            state, branch, first, states
        ),
    }


def _entry(state: State, expression: str) -> dict[str, Any] | None:
    """Return a file of a commit."""
    found = _object(state, expression)
    return {"oid": found["oid"], "object": found} if found else None


def _object(state: State, expression: str) -> dict[str, Any] | None:
    """Return what `ref:path` names. A file too long is cut; what is not UTF-8 has no text."""
    found = state.git.found(expression)
    if found is None:
        return None
    told = {"__typename": type(found).__name__, "oid": str(found.id)}
    if not isinstance(found, pygit2.Blob):
        return told
    try:
        text = found.data[: state.graphql_text_limit].decode()
    except UnicodeDecodeError:
        text = None
    is_truncated = found.size > state.graphql_text_limit
    about = {"byteSize": found.size, "isBinary": text is None, "isTruncated": is_truncated, "text": text}
    return told | about


def _commit(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    if set(asked) != COMMIT_INPUT:
        raise Refusal("ARGUMENT_ERROR", f"createCommitOnBranch takes {sorted(COMMIT_INPUT)}")
    additions, branch = asked["fileChanges"]["additions"], asked["branch"]["branchName"]
    _require_possible(state, asked)
    files = {it["path"]: base64.b64decode(it["contents"], validate=True) for it in additions}
    message = "\n\n".join(filter(None, [asked["message"]["headline"], asked["message"].get("body")]))
    return {"commit": {"__typename": "Commit", "oid": state.commit(branch, files, message)}}


def _require_possible(state: State, asked: Mapping[str, Any]) -> None:
    branch, repository = asked["branch"]["branchName"], asked["branch"]["repositoryNameWithOwner"]
    _require_permission(state)
    if repository != state.repository or branch not in state.branches:
        raise Refusal("NOT_FOUND", f"Could not resolve to a ref '{branch}' of '{repository}'.")
    head = state.branches[branch]
    if asked["expectedHeadOid"] != head:
        raise Refusal("STALE_DATA", f'Expected branch to point to "{head}" but it did not.')
    for it in asked["fileChanges"]["additions"]:
        if {"", ".", "..", ".git"}.intersection(it["path"].lower().split("/")):
            raise Refusal("UNPROCESSABLE", f"The path '{it['path']}' is not allowed.")


def _update_refs(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    _require_permission(state)
    if asked["repositoryId"] != f"R_{state.repository}":
        raise Refusal("NOT_FOUND", "Could not resolve to a node with the global id.")
    for it in asked["refUpdates"]:
        now = state.branches.get(it["name"].removeprefix("refs/heads/"), NO_COMMIT)
        if it.get("beforeOid", now) != now:
            raise Refusal("UNPROCESSABLE", f"Reference cannot be updated: {it['name']} is not there.")
        if it["afterOid"] not in state.commits:
            raise Refusal("UNPROCESSABLE", f"{it['afterOid']} is no commit.")
        is_forward = now == NO_COMMIT or not state.git.past(now, without=it["afterOid"])
        if not is_forward and not it.get("force"):
            raise Refusal("UNPROCESSABLE", "Update is not a fast forward.")
    for it in asked["refUpdates"]:
        branch = it["name"].removeprefix("refs/heads/")
        state.branches[branch] = it["afterOid"]
        state.follow(None, branch)
    return {"clientMutationId": None}


def _require_permission(state: State) -> None:
    if not state.may("contents: write"):
        raise Refusal("FORBIDDEN", "Resource not accessible by integration")
