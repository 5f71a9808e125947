"""Pull requests."""

from github_fake import answers
from github_fake.endpoints.routes import REPOSITORY, invalid, page, require, route
from github_fake.state import Pull, State
from github_fake.wire import Answer, Refused, Request

NOT_PERMITTED = "GitHub Actions is not permitted to create or approve pull requests."


@route("GET", REPOSITORY + "/pulls")
def list_pulls(state: State, request: Request) -> Answer:
    """Newest first; `head` is "owner:branch" and chooses, `base` too."""
    head, wanted = request.query.get("head", ""), request.query.get("state", "open")
    found = [
        it
        for it in sorted(state.pulls.values(), key=lambda it: -it.number)
        if wanted in {"all", "open" if it.is_open else "closed"}
        and request.query.get("base") in {None, it.base_branch}
        and head in {"", _head(it)}
    ]
    shown, headers = page(state, request, found)
    return Answer(200, [answers.pull_simple(state, it) for it in shown], headers)


@route("POST", REPOSITORY + "/pulls")
def create_pull(state: State, request: Request) -> Answer:
    """Open one, but only one for a head and a base."""
    require(state, "pull-requests: write")
    if not state.may_open_pulls:
        raise Refused(403, NOT_PERMITTED)
    head, base = request.body["head"], request.body["base"]
    if head not in state.branches:
        raise invalid("PullRequest", field="head", code="invalid")
    if base not in state.branches:
        raise invalid("PullRequest", field="base", code="invalid")
    owner = state.repository.split("/")[0]
    for it in state.pulls.values():
        same = (it.head_repository, it.head_branch, it.base_branch) == (state.repository, head, base)
        if it.is_open and same:
            said = f"A pull request already exists for {owner}:{head}."
            raise invalid("PullRequest", code="custom", message=said)
    if not state.git.past(state.branches[head], without=state.branches[base]):
        raise invalid("PullRequest", code="custom", message=f"No commits between {base} and {head}")
    it = state.pull(head, author=state.login, base=base)
    it.title, it.body = request.body["title"], request.body.get("body")
    return Answer(201, answers.pull(state, it))


@route("GET", REPOSITORY + "/pulls/{number}")
def get_pull(state: State, request: Request) -> Answer:
    """Tell all."""
    return Answer(200, answers.pull(state, _pull(state, request)))


@route("PATCH", REPOSITORY + "/pulls/{number}")
def edit_pull(state: State, request: Request) -> Answer:
    """Change what is named."""
    require(state, "pull-requests: write")
    it = _pull(state, request)
    it.title = request.body.get("title", it.title)
    it.body = request.body.get("body", it.body)
    it.base_branch = request.body.get("base", it.base_branch)
    it.is_open = request.body.get("state", "open" if it.is_open else "closed") == "open"
    return Answer(200, answers.pull(state, it))


def _head(it: Pull) -> str:
    """Return how a pull request's head is named in a query: the owner, not the repository."""
    return f"{(it.head_repository or 'unknown/').split('/')[0]}:{it.head_branch}"


def _pull(state: State, request: Request) -> Pull:
    found = state.pulls.get(int(request.values["number"]))
    if found is None:
        raise Refused(404, "Not Found")
    return found
