"""Commits, comparisons and git's own objects, as GitHub tells of them."""

import base64
from collections.abc import Sequence
from typing import Any

import pygit2

from github_fake.answers.accounts import WEB, WHEN, account
from github_fake.git import EMAIL, Commit
from github_fake.skeletons import skeleton
from github_fake.state import State

COMPARED_FILES = 300
STATUSES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed"}
"""GitHub's words for git's letters."""


def commit(state: State, it: Commit) -> dict[str, Any]:
    """Return a commit with the files that it changes."""
    who = {"name": it.author, "email": EMAIL.format(it.author), "date": WHEN}
    whose = account(state, it.author)
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
        "author": whose,
        "committer": whose,
        "parents": [_commit_link(state, it.parent)] if it.parent else [],
        "files": _changed_files(state, it, state.found(it.parent)),
    }


def comparison(
    state: State, base: Commit, parted: Commit, head: Commit, shown: Sequence[Commit], ahead: int
) -> dict[str, Any]:
    """Return what a head has that a base has not: some of the commits, and their number."""
    behind = len(state.git.past(base.sha, without=head.sha))
    words = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    return skeleton("commit-comparison") | {
        "base_commit": commit(state, base),
        "merge_base_commit": commit(state, parted),
        "status": words.get((ahead > 0, behind > 0), "diverged"),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": [commit(state, it) for it in shown],
        "files": _changed_files(state, head, parted)[:COMPARED_FILES],
    }


def ref(state: State, branch: str) -> dict[str, Any]:
    """Return a branch, as git's reference."""
    sha = state.branches[branch]
    return skeleton("git-ref") | {
        "ref": f"refs/heads/{branch}",
        "url": f"{_api(state)}/git/refs/heads/{branch}",
        "object": {"type": "commit", "sha": sha, "url": f"{_api(state)}/git/commits/{sha}"},
    }


def blob(state: State, it: pygit2.Blob) -> dict[str, Any]:
    """Return a file's content, in the lines in which GitHub gives base64."""
    return skeleton("blob") | {
        "sha": str(it.id),
        "url": f"{_api(state)}/git/blobs/{it.id}",
        "size": it.size,
        "content": base64.encodebytes(it.data).decode(),
        "encoding": "base64",
    }


def tree(state: State, it: pygit2.Tree) -> dict[str, Any]:
    """Return a folder, without what is in the folders in it."""
    url = f"{_api(state)}/git/trees/{it.id}"
    entries = [
        {"path": part.name, "mode": f"{part.filemode:06o}", "type": part.type_str, "sha": str(part.id)}
        for part in it
    ]
    return skeleton("git-tree") | {"sha": str(it.id), "url": url, "tree": entries}


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


def _changed_files(state: State, it: Commit, before: Commit | None) -> list[dict[str, Any]]:
    return [_changed_file(state, it, patch) for patch in it.changes(before)]


def _changed_file(state: State, it: Commit, patch: pygit2.Patch) -> dict[str, Any]:
    old, new = patch.delta.old_file, patch.delta.new_file
    status = STATUSES[patch.delta.status_char()]
    path = new.path
    _, additions, deletions = patch.line_stats
    return {
        "sha": str(old.id if status == "removed" else new.id),
        "filename": path,
        "status": status,
        **({"previous_filename": old.path} if status == "renamed" else {}),
        "additions": additions,
        "deletions": deletions,
        "changes": additions + deletions,
        "blob_url": f"{WEB}/{state.repository}/blob/{it.sha}/{path}",
        "raw_url": f"{WEB}/{state.repository}/raw/{it.sha}/{path}",
        "contents_url": f"{_api(state)}/contents/{path}?ref={it.sha}",
    }
