"""What the fake GitHub answers: one function an endpoint."""

import base64
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

from github_fake import answers
from github_fake.state import CheckRun, Comment, State
from github_fake.wire import Answer, Refused, Request

COMMENT_LIMIT = 65_536  # characters
REPOSITORY = "/repos/{owner}/{repo}"
COMMIT_INPUT = {"branch", "expectedHeadOid", "message", "fileChanges"}

Endpoint = Callable[[State, Request], Answer]
ROUTES: list[tuple[str, re.Pattern[str], Endpoint]] = []


def route(method: str, template: str) -> Callable[[Endpoint], Endpoint]:
    """Let a function answer the requests of this method and path; {name} stands for one part of the path."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

    def register(endpoint: Endpoint) -> Endpoint:
        ROUTES.append((method, pattern, endpoint))
        return endpoint

    return register


def answer(state: State, request: Request) -> Answer:
    """Answer as GitHub would."""
    for method, pattern, endpoint in ROUTES:
        found = pattern.fullmatch(request.path)
        if found and method == request.method:
            values = {name: unquote(value) for name, value in found.groupdict().items()}
            if "repo" in values and f"{values['owner']}/{values['repo']}" != state.repository:
                break
            return endpoint(state, Request(**{**vars(request), "values": values}))
    raise Refused(404, "Not Found")


def page(state: State, request: Request, items: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
    """Return the page that is asked for, and the headers that lead to the next one."""
    size = min(int(request.query.get("per_page", 30)), 100)
    number = int(request.query.get("page", 1))
    shown = list(items[(number - 1) * size : number * size])
    if number * size >= len(items):
        return shown, {}
    others = "".join(
        f"&{name}={value}" for name, value in request.query.items() if name not in {"page", "per_page"}
    )
    target = f"{state.url}{request.path}?per_page={size}{others}&page="
    return shown, {
        "link": f'<{target}{number + 1}>; rel="next", <{target}{-(-len(items) // size)}>; rel="last"'
    }


@route("GET", REPOSITORY + "/issues/{number}/comments")
def list_comments(state: State, request: Request) -> Answer:
    """Oldest first."""
    pull = _pull(state, request)
    shown, headers = page(state, request, [it for it in state.comments if it.pull == pull])
    return Answer(200, [answers.comment(state, it) for it in shown], headers)


@route("POST", REPOSITORY + "/issues/{number}/comments")
def create_comment(state: State, request: Request) -> Answer:
    """Comment in the name of the token's owner."""
    pull = _pull(state, request)
    _require(state, "pull-requests: write")
    _require_short(request.body["body"])
    return Answer(201, answers.comment(state, state.comment(pull, state.login, request.body["body"])))


@route("PATCH", REPOSITORY + "/issues/comments/{id}")
def edit_comment(state: State, request: Request) -> Answer:
    """Edit, but only what is the owner's own: a bot has no right to others' words."""
    it = _comment(state, int(request.values["id"]))
    _require(state, "pull-requests: write")
    if it.author != state.login:
        raise Refused(403, "Must have admin rights to Repository.")
    _require_short(request.body["body"])
    it.body = request.body["body"]
    return Answer(200, answers.comment(state, it))


@route("GET", REPOSITORY + "/commits/{ref}/check-runs")
def list_checks(state: State, request: Request) -> Answer:
    """Without filter=all, of each name only the latest is shown."""
    wanted = request.query.get("check_name")
    found = [
        it
        for it in state.checks
        if it.said["head_sha"] == request.values["ref"] and wanted in {None, it.said["name"]}
    ]
    if request.query.get("filter", "latest") == "latest":
        found = list({it.said["name"]: it for it in found}.values())
    shown, headers = page(state, request, found)
    runs = [answers.check_run(state, it) for it in shown]
    return Answer(200, {"total_count": len(found), "check_runs": runs}, headers)


@route("POST", REPOSITORY + "/check-runs")
def create_check(state: State, request: Request) -> Answer:
    """Take anything that names a commit of ours."""
    _require(state, "checks: write")
    if request.body["head_sha"] not in state.commits:
        raise Refused(422, f"No commit found for SHA: {request.body['head_sha']}")
    return Answer(201, answers.check_run(state, state.check(dict(request.body))))


@route("PATCH", REPOSITORY + "/check-runs/{id}")
def edit_check(state: State, request: Request) -> Answer:
    """Put what is said over what was said."""
    _require(state, "checks: write")
    it = _check(state, int(request.values["id"]))
    it.said |= request.body
    return Answer(200, answers.check_run(state, it))


@route("GET", REPOSITORY + "/commits/{ref}")
def get_commit(state: State, request: Request) -> Answer:
    """By SHA, by name, or by heads/name."""
    ref = request.values["ref"]
    it = state.commits.get(state.branches.get(ref.removeprefix("heads/"), ref))
    if it is None:
        raise Refused(422, f"No commit found for SHA: {ref}")
    return Answer(200, answers.commit(state, it))


@route("POST", "/graphql")
def graphql(state: State, request: Request) -> Answer:
    """Know one mutation, createCommitOnBranch. Refusals come with the status 200."""
    if "createCommitOnBranch(input: $input)" not in request.body["query"]:
        return _graphql_refusal(None, "this fake knows createCommitOnBranch only")
    asked = request.body["variables"]["input"]
    if set(asked) != COMMIT_INPUT:
        return _graphql_refusal("ARGUMENT_ERROR", f"createCommitOnBranch takes {sorted(COMMIT_INPUT)}")
    refusal = _commit_refusal(state, asked)
    if refusal:
        return refusal
    files = {
        it["path"]: base64.b64decode(it["contents"], validate=True)
        for it in asked["fileChanges"]["additions"]
    }
    message = "\n\n".join(filter(None, [asked["message"]["headline"], asked["message"].get("body")]))
    sha = state.commit(asked["branch"]["branchName"], files, message)
    return Answer(200, {"data": {"createCommitOnBranch": {"commit": {"oid": sha}}}})


def _commit_refusal(state: State, asked: dict[str, Any]) -> Answer | None:
    branch, repository = asked["branch"]["branchName"], asked["branch"]["repositoryNameWithOwner"]
    if not state.may("contents: write"):
        return _graphql_refusal("FORBIDDEN", "Resource not accessible by integration")
    if repository != state.repository or branch not in state.branches:
        return _graphql_refusal("NOT_FOUND", f"Could not resolve to a ref '{branch}' of '{repository}'.")
    head = state.branches[branch]
    if asked["expectedHeadOid"] != head:
        return _graphql_refusal("STALE_DATA", f'Expected branch to point to "{head}" but it did not.')
    for it in asked["fileChanges"]["additions"]:
        if {"", ".", "..", ".git"}.intersection(it["path"].lower().split("/")):
            return _graphql_refusal("UNPROCESSABLE", f"The path '{it['path']}' is not allowed.")
    return None


def _graphql_refusal(kind: str | None, message: str) -> Answer:
    error = {"path": ["createCommitOnBranch"], "message": message} | ({"type": kind} if kind else {})
    return Answer(200, {"data": {"createCommitOnBranch": None}, "errors": [error]})


def _require(state: State, permission: str) -> None:
    if not state.may(permission):
        raise Refused(403, "Resource not accessible by integration")


def _require_short(body: str) -> None:
    if len(body) > COMMENT_LIMIT:
        error = {
            "resource": "IssueComment",
            "code": "unprocessable",
            "field": "data",
            "message": "Body is too long",
        }
        raise Refused(422, "Validation Failed", errors=[error])


def _pull(state: State, request: Request) -> int:
    pull = int(request.values["number"])
    if pull not in state.pulls:
        raise Refused(404, "Not Found")
    return pull


def _comment(state: State, wanted: int) -> Comment:
    found = next((it for it in state.comments if it.id == wanted), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found


def _check(state: State, wanted: int) -> CheckRun:
    found = next((it for it in state.checks if it.id == wanted), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found
