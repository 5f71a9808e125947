"""Runs of workflows and what they left, here and on the other host."""

from github_fake import answers
from github_fake.endpoints.routes import REPOSITORY, STORE, page, require, route
from github_fake.state import Artifact, State
from github_fake.wire import Answer, Refused, Request

TICKET = "se-cret"
"""What the address on the other host holds instead of a token: who knows it may read."""


@route("GET", REPOSITORY + "/actions/runs/{id}")
def get_run(state: State, request: Request) -> Answer:
    """Tell of a run."""
    require(state, "actions: read")
    found = state.runs.get(int(request.values["id"]))
    if found is None:
        raise Refused(404, "Not Found")
    return Answer(200, answers.run(state, found))


@route("GET", REPOSITORY + "/actions/workflows/{file}/runs")
def list_runs(state: State, request: Request) -> Answer:
    """Newest first, narrowed down by the query."""
    require(state, "actions: read")
    attributes = {"head_sha": "head_sha", "branch": "head_branch", "event": "event", "status": "status"}
    wanted = {attributes[name]: value for name, value in request.query.items() if name in attributes}
    found = [
        it
        for it in reversed(state.runs.values())
        if it.workflow.rpartition("/")[2] == request.values["file"]
        and all(getattr(it, name) == value for name, value in wanted.items())
    ]
    shown, headers = page(state, request, found)
    runs = [answers.run(state, it) for it in shown]
    return Answer(200, {"total_count": len(found), "workflow_runs": runs}, headers)


@route("GET", REPOSITORY + "/actions/runs/{id}/artifacts")
def list_artifacts(state: State, request: Request) -> Answer:
    """Of all attempts."""
    require(state, "actions: read")
    found = [it for it in state.artifacts if it.run == int(request.values["id"])]
    shown, headers = page(state, request, found)
    listed = [answers.artifact(state, it) for it in shown]
    return Answer(200, {"total_count": len(found), "artifacts": listed}, headers)


@route("GET", REPOSITORY + "/actions/artifacts/{id}/zip")
def give_artifact(state: State, request: Request) -> Answer:
    """Lead to the other host."""
    require(state, "actions: read")
    it = _artifact(state, request)
    if it.is_expired:
        raise Refused(410, "Artifact has expired")
    return Answer(302, None, {"location": f"{state.store_url}{STORE}/{it.id}.zip?sig={TICKET}"})


@route("GET", STORE + "/{id}.zip")
def give_content(state: State, request: Request) -> Answer:
    """Give the bytes to who has the ticket and does not show a token: Azure refuses one."""
    if "authorization" in request.headers or request.query.get("sig") != TICKET:
        return Answer(403, b"<Error><Code>AuthenticationFailed</Code></Error>", {"content-type": "text/xml"})
    return Answer(200, _artifact(state, request).content, {"content-type": "application/zip"})


def _artifact(state: State, request: Request) -> Artifact:
    found = next((it for it in state.artifacts if it.id == int(request.values["id"])), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found
