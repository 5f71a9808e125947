"""Pull requests, runs and artifacts, as GitHub tells of them."""

from typing import Any

from github_fake.answers.accounts import WEB, account, label, repository
from github_fake.skeletons import skeleton
from github_fake.state import Artifact, Pull, Run, State


def pull(state: State, it: Pull) -> dict[str, Any]:
    """Return a pull request, asked for alone."""
    return skeleton("pull-request") | _pull(state, it)


def pull_simple(state: State, it: Pull) -> dict[str, Any]:
    """Return a pull request, as one of a list."""
    return skeleton("pull-request-simple") | _pull(state, it)


def _pull(state: State, it: Pull) -> dict[str, Any]:
    return {
        "id": it.number,
        "number": it.number,
        "title": it.title,
        "body": it.body,
        "state": "open" if it.is_open else "closed",
        "user": account(state, it.author),
        "labels": [label(name) for name in it.labels],
        "html_url": f"{WEB}/{state.repository}/pull/{it.number}",
        "head": _side(state, it.head_repository, it.head_branch, it.head_sha),
        "base": _side(state, state.repository, it.base_branch, state.branches.get(it.base_branch, "0" * 40)),
    }


def _side(state: State, full_name: str | None, branch: str, sha: str) -> dict[str, Any]:
    owner = full_name.split("/")[0] if full_name else None
    return {
        "label": f"{owner or 'unknown repository'}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": account(state, owner),
        "repo": repository(state, full_name),
    }


def run(state: State, it: Run) -> dict[str, Any]:
    """Return a run of a workflow. GitHub tells of its pull requests only when they are not from forks."""
    return skeleton("workflow-run") | {
        "id": it.id,
        "run_number": 1,
        "run_attempt": it.attempt,
        "event": it.event,
        "status": it.status,
        "conclusion": it.conclusion,
        "head_sha": it.head_sha,
        "head_branch": it.head_branch,
        "path": it.workflow,
        "html_url": f"{WEB}/{state.repository}/actions/runs/{it.id}",
        **({"created_at": it.created_at} if it.created_at else {}),
        "pull_requests": [],
        "repository": repository(state, state.repository),
        "head_repository": repository(state, it.head_repository),
    }


def artifact(state: State, it: Artifact) -> dict[str, Any]:
    """Return an artifact, without its content."""
    api = f"{state.url}/repos/{state.repository}/actions/artifacts/{it.id}"
    return skeleton("artifact") | {
        "id": it.id,
        "name": it.name,
        "size_in_bytes": len(it.content),
        "expired": it.is_expired,
        "url": api,
        "archive_download_url": f"{api}/zip",
    }
