"""The repository itself: commits, comparisons, and git's own objects."""

import base64

import pygit2

from github_fake import answers
from github_fake.endpoints.routes import REPOSITORY, invalid, require, route
from github_fake.state import State
from github_fake.wire import Answer, Refused, Request

COMPARED_COMMITS = 250


@route("GET", REPOSITORY + "/commits/{ref}")
def get_commit(state: State, request: Request) -> Answer:
    """By SHA, by name, or by heads/name."""
    it = state.found(request.values["ref"])
    if it is None:
        raise Refused(422, f"No commit found for SHA: {request.values['ref']}")
    return Answer(200, answers.commit(state, it))


@route("GET", REPOSITORY + "/compare/{basehead}")
def compare(state: State, request: Request) -> Answer:
    """Tell what the head has and the base has not; without paging the newest 250 commits."""
    base, head = (state.found(it) for it in request.values["basehead"].split("...", 1))
    if base is None or head is None:
        raise Refused(404, "Not Found")
    parted = state.git.merge_base(base.sha, head.sha)
    if parted is None:
        raise Refused(404, f"No common ancestor between {base.sha} and {head.sha}.")
    ahead = state.git.past(head.sha, without=base.sha)[::-1]
    is_paged = "per_page" in request.query
    shown = ahead[: int(request.query["per_page"])] if is_paged else ahead[-COMPARED_COMMITS:]
    return Answer(200, answers.comparison(state, base, parted, head, shown, len(ahead)))


@route("GET", REPOSITORY + "/git/ref/{ref}")
def get_ref(state: State, request: Request) -> Answer:
    """Know branches only. A slash of the name is encoded, or is another part of the path: both are asked."""
    branch = request.values["ref"].removeprefix("heads/")
    if branch not in state.branches:
        raise Refused(404, "Not Found")
    return Answer(200, answers.ref(state, branch))


@route("GET", REPOSITORY + "/git/ref/heads/{branch}")
def get_branch_ref(state: State, request: Request) -> Answer:
    """See `get_ref`."""
    return get_ref(state, Request(**{**vars(request), "values": {"ref": request.values["branch"]}}))


@route("POST", REPOSITORY + "/git/refs")
def create_ref(state: State, request: Request) -> Answer:
    """Make a branch, but only a new one."""
    require(state, "contents: write")
    branch, sha = request.body["ref"].removeprefix("refs/heads/"), request.body["sha"]
    if branch in state.branches:
        raise Refused(422, "Reference already exists")
    if sha not in state.commits:
        raise Refused(422, "Object does not exist")
    state.branches[branch] = sha
    return Answer(201, answers.ref(state, branch))


@route("GET", REPOSITORY + "/git/blobs/{sha}")
def get_blob(state: State, request: Request) -> Answer:
    """Tell a file's content, as base64 in lines."""
    found = state.git.found(request.values["sha"])
    if not isinstance(found, pygit2.Blob):
        raise Refused(404, "Not Found")
    return Answer(200, answers.blob(state, found))


@route("POST", REPOSITORY + "/git/blobs")
def create_blob(state: State, request: Request) -> Answer:
    """Keep a file's content."""
    require(state, "contents: write")
    content = request.body["content"]
    is_bytes = request.body.get("encoding") == "base64"
    sha = state.git.blob(base64.b64decode(content, validate=True) if is_bytes else content.encode())
    return Answer(201, {"sha": sha, "url": f"{state.url}/repos/{state.repository}/git/blobs/{sha}"})


@route("POST", REPOSITORY + "/git/trees")
def create_tree(state: State, request: Request) -> Answer:
    """Keep a folder of files, from their text or from what was sent before."""
    require(state, "contents: write")
    blobs = {
        it["path"]: it["sha"] if "sha" in it else state.git.blob(it["content"].encode())
        for it in request.body["tree"]
    }
    try:
        made = state.git.found(state.git.tree(blobs))
    except pygit2.GitError as error:
        raise invalid("Tree", field="tree", code="invalid") from error
    return Answer(201, answers.tree(state, made))


@route("POST", REPOSITORY + "/git/commits")
def create_commit(state: State, request: Request) -> Answer:
    """Make a commit, on no branch yet."""
    require(state, "contents: write")
    asked = request.body
    try:
        made = state.git.commit(asked["tree"], asked.get("parents", []), asked["message"], state.login)
    except pygit2.GitError as error:
        raise Refused(422, "Tree SHA does not exist") from error
    return Answer(201, answers.git_commit(state, state.commits[made]))
