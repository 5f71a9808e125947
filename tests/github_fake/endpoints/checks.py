"""Check runs."""

from github_fake import answers
from github_fake.endpoints.routes import REPOSITORY, page, require, route
from github_fake.state import CheckRun, State
from github_fake.wire import Answer, Refused, Request


@route("GET", REPOSITORY + "/commits/{ref}/check-runs")
def list_checks(state: State, request: Request) -> Answer:
    """Without filter=all, of each name only the latest is shown."""
    wanted = request.query.get("check_name")
    found = [
        it
        for it in state.checks
        if it.said["head_sha"] == request.values["ref"]
        and wanted in {None, it.said["name"]}
        and request.query.get("status") in {None, it.said.get("status", "queued")}
    ]
    if request.query.get("filter", "latest") == "latest":
        found = list({it.said["name"]: it for it in found}.values())
    shown, headers = page(state, request, found)
    runs = [answers.check_run(state, it) for it in shown]
    return Answer(200, {"total_count": len(found), "check_runs": runs}, headers)


@route("POST", REPOSITORY + "/check-runs")
def create_check(state: State, request: Request) -> Answer:
    """Take anything that names a commit of ours."""
    require(state, "checks: write")
    if request.body["head_sha"] not in state.commits:
        raise Refused(422, f"No commit found for SHA: {request.body['head_sha']}")
    it = state.check({})
    _say(it, request)
    return Answer(201, answers.check_run(state, it))


@route("PATCH", REPOSITORY + "/check-runs/{id}")
def edit_check(state: State, request: Request) -> Answer:
    """Put what is said over what was said; annotations are added to those that are there."""
    require(state, "checks: write")
    it = next((it for it in state.checks if it.id == int(request.values["id"])), None)
    if it is None:
        raise Refused(404, "Not Found")
    if it.author != state.login:
        raise Refused(
            403, "Invalid app_id `1` - check run can only be modified by the GitHub App that created it."
        )
    _say(it, request)
    return Answer(200, answers.check_run(state, it))


def _say(it: CheckRun, request: Request) -> None:
    body = dict(request.body)
    output = dict(body.get("output") or {})
    it.annotations += output.pop("annotations", [])
    if body.get("status", "completed") != "completed":
        it.said.pop("conclusion", None)
    it.said |= body | ({"output": output} if output else {})
