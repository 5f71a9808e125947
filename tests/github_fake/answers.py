"""Objects of GitHub's API, complete enough for its own description of them."""

import hashlib
from typing import Any

from github_fake.state import CheckRun, Comment, Commit, State

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


def comment(state: State, it: Comment) -> dict[str, Any]:
    """Return a comment of the conversation."""
    api = f"{state.url}/repos/{state.repository}/issues"
    return {
        "id": it.id,
        "node_id": f"IC_{it.id}",
        "url": f"{api}/comments/{it.id}",
        "html_url": f"{WEB}/{state.repository}/pull/{it.pull}#issuecomment-{it.id}",
        "issue_url": f"{api}/{it.pull}",
        "user": user(state, it.author) if it.author else None,
        "body": it.body,
        "created_at": WHEN,
        "updated_at": WHEN,
        "author_association": "NONE",
        "performed_via_github_app": None,
    }


def check_run(state: State, it: CheckRun) -> dict[str, Any]:
    """Return a check run, with an output that is empty until something is said."""
    api = f"{state.url}/repos/{state.repository}/check-runs/{it.id}"
    said: dict[str, Any] = {"title": None, "summary": None, "text": None} | dict(it.said.get("output") or {})
    return {
        "id": it.id,
        "node_id": f"CR_{it.id}",
        "url": api,
        "html_url": f"{WEB}/{state.repository}/runs/{it.id}",
        "details_url": f"{WEB}/{state.repository}/runs/{it.id}",
        "external_id": "",
        "status": "completed" if it.said.get("conclusion") else "queued",
        "conclusion": None,
        "started_at": WHEN,
        "completed_at": WHEN if it.said.get("conclusion") else None,
        "check_suite": {"id": 5},
        "app": None,
        "pull_requests": [],
        **it.said,
        "output": {**said, "annotations_count": 0, "annotations_url": f"{api}/annotations"},
    }


def commit(state: State, it: Commit) -> dict[str, Any]:
    """Return a commit with the files that it changes."""
    parent = state.commits[it.parent].files if it.parent else {}
    changed = {path: content for path, content in it.files.items() if parent.get(path) != content}
    who = {"name": state.login, "email": "bot@users.noreply.github.com", "date": WHEN}
    return {
        **_commit_link(state, it.sha),
        "node_id": f"C_{it.sha[:8]}",
        "comments_url": f"{state.url}/repos/{state.repository}/commits/{it.sha}/comments",
        "commit": {
            "url": f"{state.url}/repos/{state.repository}/git/commits/{it.sha}",
            "author": who,
            "committer": who,
            "message": it.message,
            "comment_count": 0,
            "tree": {
                "sha": it.sha,
                "url": f"{state.url}/repos/{state.repository}/git/trees/{it.sha}",
            },
        },
        "author": user(state, state.login),
        "committer": user(state, state.login),
        "parents": [_commit_link(state, it.parent)] if it.parent else [],
        "files": [_changed_file(state, it, path, is_new=path not in parent) for path in changed],
    }


def _commit_link(state: State, sha: str) -> dict[str, str]:
    api = f"{state.url}/repos/{state.repository}/commits/{sha}"
    return {"sha": sha, "url": api, "html_url": f"{WEB}/{state.repository}/commit/{sha}"}


def _changed_file(state: State, it: Commit, path: str, *, is_new: bool) -> dict[str, Any]:
    content = it.files[path]
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - as git names it
    return {
        "sha": blob,
        "filename": path,
        "status": "added" if is_new else "modified",
        "additions": 1,
        "deletions": 0,
        "changes": 1,
        "blob_url": f"{WEB}/{state.repository}/blob/{it.sha}/{path}",
        "raw_url": f"{WEB}/{state.repository}/raw/{it.sha}/{path}",
        "contents_url": f"{state.url}/repos/{state.repository}/contents/{path}?ref={it.sha}",
    }
