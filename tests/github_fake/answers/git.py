"""Commits, comparisons and git's own objects, as GitHub tells of them."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from github_fake.answers.accounts import WEB, WHEN, user
from github_fake.git import EMAIL, Commit, changed, named
from github_fake.skeletons import skeleton
from github_fake.state import State

COMPARED_FILES = 300


def commit(state: State, it: Commit) -> dict[str, Any]:
    """Return a commit with the files that it changes."""
    before = state.commits[it.parent].files if it.parent else {}
    who = {"name": it.author, "email": EMAIL.format(it.author), "date": WHEN}
    account = user(state, it.author) if it.has_account else None
    return {
        **_commit_link(state, it.sha),
        "node_id": f"C_{it.sha[:8]}",
        "comments_url": f"{_api(state)}/commits/{it.sha}/comments",
        "commit": {
            "url": f"{_api(state)}/git/commits/{it.sha}",
            "author": who,
            "committer": who,
            "message": it.message,
            "comment_count": 0,
            "tree": {"sha": it.tree, "url": f"{_api(state)}/git/trees/{it.tree}"},
        },
        "author": account,
        "committer": account,
        "parents": [_commit_link(state, it.parent)] if it.parent else [],
        "files": _changed_files(state, it, before),
    }


def comparison(
    state: State, base: Commit, parted: Commit, head: Commit, shown: Sequence[Commit], ahead: int
) -> dict[str, Any]:
    """Return what a head has that a base has not: some of the commits, and their number."""
    behind = len(state.git.past(base.sha)) - len(state.git.past(parted.sha))
    words = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    return skeleton("commit-comparison") | {
        "base_commit": commit(state, base),
        "merge_base_commit": commit(state, parted),
        "status": words.get((ahead > 0, behind > 0), "diverged"),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": [commit(state, it) for it in shown],
        "files": _changed_files(state, head, parted.files)[:COMPARED_FILES],
    }


def ref(state: State, branch: str) -> dict[str, Any]:
    """Return a branch, as git's reference."""
    sha = state.branches[branch]
    return skeleton("git-ref") | {
        "ref": f"refs/heads/{branch}",
        "url": f"{_api(state)}/git/refs/heads/{branch}",
        "object": {"type": "commit", "sha": sha, "url": f"{_api(state)}/git/commits/{sha}"},
    }


def blob(state: State, sha: str, content: bytes) -> dict[str, Any]:
    """Return a file's content, in the lines in which GitHub gives base64."""
    return skeleton("blob") | {
        "sha": sha,
        "url": f"{_api(state)}/git/blobs/{sha}",
        "size": len(content),
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }


def tree(state: State, sha: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return a folder."""
    entries = [
        {"path": path, "mode": "100644", "type": "blob", "size": len(content), "sha": named("blob", content)}
        for path, content in files.items()
    ]
    return skeleton("git-tree") | {"sha": sha, "url": f"{_api(state)}/git/trees/{sha}", "tree": entries}


def git_commit(state: State, it: Commit) -> dict[str, Any]:
    """Return a commit, as git's object."""
    told = commit(state, it)
    return skeleton("git-commit") | {
        "sha": it.sha,
        "url": told["commit"]["url"],
        "html_url": told["html_url"],
        "message": it.message,
        "tree": told["commit"]["tree"],
        "parents": told["parents"],
    }


def _api(state: State) -> str:
    return f"{state.url}/repos/{state.repository}"


def _commit_link(state: State, sha: str) -> dict[str, str]:
    url = f"{_api(state)}/commits/{sha}"
    return {"sha": sha, "url": url, "html_url": f"{WEB}/{state.repository}/commit/{sha}"}


def _changed_files(state: State, it: Commit, before: Mapping[str, bytes]) -> list[dict[str, Any]]:
    return [_changed_file(state, it, path, status, before) for path, status in changed(it, before)]


def _changed_file(
    state: State, it: Commit, path: str, status: str, before: Mapping[str, bytes]
) -> dict[str, Any]:
    return {
        "sha": named("blob", it.files.get(path, before.get(path, b""))),
        "filename": path,
        "status": status,
        "additions": 1,
        "deletions": 0,
        "changes": 1,
        "blob_url": f"{WEB}/{state.repository}/blob/{it.sha}/{path}",
        "raw_url": f"{WEB}/{state.repository}/raw/{it.sha}/{path}",
        "contents_url": f"{_api(state)}/contents/{path}?ref={it.sha}",
    }
