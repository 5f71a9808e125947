"""Comments, reactions, issues and labels."""

from github_fake import answers
from github_fake.endpoints.routes import REPOSITORY, invalid, page, require, route
from github_fake.state import Comment, State
from github_fake.wire import Answer, Refused, Request

COMMENT_LIMIT = 65_536  # characters


@route("GET", REPOSITORY + "/issues/{number}/comments")
def list_comments(state: State, request: Request) -> Answer:
    """Oldest first."""
    number = _conversation(state, request)
    shown, headers = page(state, request, [it for it in state.comments if it.pull == number])
    return Answer(200, [answers.comment(state, it) for it in shown], headers)


@route("POST", REPOSITORY + "/issues/{number}/comments")
def create_comment(state: State, request: Request) -> Answer:
    """Comment in the name of the token's owner."""
    number = _conversation(state, request)
    require(state, "pull-requests: write" if number in state.pulls else "issues: write")
    _require_short(request.body["body"])
    return Answer(201, answers.comment(state, state.comment(number, state.login, request.body["body"])))


@route("PATCH", REPOSITORY + "/issues/comments/{id}")
def edit_comment(state: State, request: Request) -> Answer:
    """Edit, but only what is the owner's own: a bot has no right to others' words."""
    it = _comment(state, request)
    require(state, "pull-requests: write")
    if it.author != state.login:
        raise Refused(403, "Must have admin rights to Repository.")
    _require_short(request.body["body"])
    it.body = request.body["body"]
    return Answer(200, answers.comment(state, it))


@route("POST", REPOSITORY + "/issues/comments/{id}/reactions")
def react(state: State, request: Request) -> Answer:
    """Take each reaction of an account once: 201 the first time, then 200."""
    it = _comment(state, request)
    require(state, "pull-requests: write")
    reaction = (state.login, request.body["content"])
    is_new = reaction not in it.reactions
    if is_new:
        it.reactions.append(reaction)
    return Answer(201 if is_new else 200, answers.reaction(state, it, *reaction))


@route("GET", REPOSITORY + "/issues")
def list_issues(state: State, request: Request) -> Answer:
    """Newest first, pull requests among them."""
    wanted, creator = request.query.get("state", "open"), request.query.get("creator")
    labels = set(filter(None, request.query.get("labels", "").split(",")))
    threads = sorted([*state.issues.values(), *state.pulls.values()], key=lambda it: -it.number)
    found = [
        it
        for it in threads
        if wanted in {"all", "open" if it.is_open else "closed"}
        and creator in {None, it.author}
        and labels <= set(it.labels)
    ]
    shown, headers = page(state, request, found)
    return Answer(200, [answers.issue(state, it) for it in shown], headers)


@route("POST", REPOSITORY + "/issues")
def create_issue(state: State, request: Request) -> Answer:
    """Open an issue in the name of the token's owner."""
    require(state, "issues: write")
    it = state.issue(
        state.login, request.body["title"], request.body.get("body", ""), request.body.get("labels", [])
    )
    return Answer(201, answers.issue(state, it))


@route("GET", REPOSITORY + "/issues/{number}")
def get_issue(state: State, request: Request) -> Answer:
    """Know pull requests too."""
    number = _conversation(state, request)
    return Answer(200, answers.issue(state, state.issues.get(number) or state.pulls[number]))


@route("PATCH", REPOSITORY + "/issues/{number}")
def edit_issue(state: State, request: Request) -> Answer:
    """Change what is named."""
    require(state, "issues: write")
    it = state.issues.get(_conversation(state, request))
    if it is None:
        raise Refused(404, "Not Found")
    it.title = request.body.get("title", it.title)
    it.body = request.body.get("body", it.body)
    it.is_open = request.body.get("state", "open" if it.is_open else "closed") == "open"
    return Answer(200, answers.issue(state, it))


@route("POST", REPOSITORY + "/issues/{number}/labels")
def add_labels(state: State, request: Request) -> Answer:
    """Add the labels that are not there; a label that the repository does not know is made."""
    number = _conversation(state, request)
    require(state, "pull-requests: write" if number in state.pulls else "issues: write")
    it = state.issues.get(number) or state.pulls[number]
    it.labels += [name for name in request.body["labels"] if name not in it.labels]
    state.labels.update(it.labels)
    return Answer(200, [answers.label(name) for name in it.labels])


@route("POST", REPOSITORY + "/labels")
def create_label(state: State, request: Request) -> Answer:
    """Make a label of the repository, once."""
    require(state, "issues: write")
    if request.body["name"] in state.labels:
        raise invalid("Label", code="already_exists", field="name")
    state.labels.add(request.body["name"])
    return Answer(201, answers.label(request.body["name"]))


@route("GET", REPOSITORY + "/labels/{name}")
def get_label(state: State, request: Request) -> Answer:
    """Tell of a label of the repository."""
    if request.values["name"] not in state.labels:
        raise Refused(404, "Not Found")
    return Answer(200, answers.label(request.values["name"]))


def _require_short(body: str) -> None:
    if len(body) > COMMENT_LIMIT:
        raise invalid("IssueComment", code="unprocessable", field="data", message="Body is too long")


def _conversation(state: State, request: Request) -> int:
    number = int(request.values["number"])
    if number not in state.pulls and number not in state.issues:
        raise Refused(404, "Not Found")
    return number


def _comment(state: State, request: Request) -> Comment:
    found = next((it for it in state.comments if it.id == int(request.values["id"])), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found
