"""Comments, reactions, issues and check runs, as GitHub tells of them."""

from typing import Any

from github_fake.answers.accounts import WEB, WHEN, account, label, user
from github_fake.skeletons import skeleton
from github_fake.state import CheckRun, Comment, Issue, Pull, State


def comment(state: State, it: Comment) -> dict[str, Any]:
    """Return a comment of the conversation."""
    api = f"{state.url}/repos/{state.repository}/issues"
    kind = "pull" if it.pull in state.pulls else "issues"
    return {
        "id": it.id,
        "node_id": f"IC_{it.id}",
        "url": f"{api}/comments/{it.id}",
        "html_url": f"{WEB}/{state.repository}/{kind}/{it.pull}#issuecomment-{it.id}",
        "issue_url": f"{api}/{it.pull}",
        "user": account(state, it.author),
        "body": it.body,
        "created_at": WHEN,
        "updated_at": WHEN,
        "author_association": "NONE",
        "performed_via_github_app": None,
    }


def reaction(state: State, it: Comment, login: str, content: str) -> dict[str, Any]:
    """Return a reaction to a comment."""
    return skeleton("reaction") | {"id": it.id, "user": user(state, login), "content": content}


def issue(state: State, it: Issue | Pull) -> dict[str, Any]:
    """Return an issue; a pull request is one too, and says so."""
    api = f"{state.url}/repos/{state.repository}"
    kind = "pull" if isinstance(it, Pull) else "issues"
    told = skeleton("issue") | {
        "id": it.number,
        "number": it.number,
        "title": it.title,
        "body": it.body,
        "state": "open" if it.is_open else "closed",
        "user": account(state, it.author),
        "labels": [label(name) for name in it.labels],
        "html_url": f"{WEB}/{state.repository}/{kind}/{it.number}",
        "url": f"{api}/issues/{it.number}",
    }
    links = dict.fromkeys(("diff_url", "html_url", "patch_url", "url"), f"{api}/pulls/{it.number}")
    return told | ({"pull_request": links} if isinstance(it, Pull) else {})


def check_run(state: State, it: CheckRun) -> dict[str, Any]:
    """Return a check run, with an output that is empty until something is said."""
    api = f"{state.url}/repos/{state.repository}/check-runs/{it.id}"
    output = it.said.get("output")
    said: dict[str, Any] = {"title": None, "summary": None, "text": None}
    said |= output if isinstance(output, dict) else {}
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
        "app": skeleton("integration") | {"slug": it.author.removesuffix("[bot]")},
        "pull_requests": [],
        **it.said,
        "output": {**said, "annotations_count": len(it.annotations), "annotations_url": f"{api}/annotations"},
    }
