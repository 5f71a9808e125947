"""Who may do what: people, and the app."""

import jwt

from github_fake import answers
from github_fake.endpoints.routes import REPOSITORY, route
from github_fake.state import App, State
from github_fake.wire import Answer, Refused, Request

FOLDED = {"maintain": "write", "triage": "read"}
"""What `permission` says for the roles that it does not know."""
INSTALLATION = 42


@route("GET", REPOSITORY + "/collaborators/{login}/permission")
def get_permission(state: State, request: Request) -> Answer:
    """Everybody may read a public repository; nobody knows a stranger."""
    login = request.values["login"]
    if login in state.strangers:
        raise Refused(404, f"{login} is not a user")
    role = state.people.get(login, "read")
    who = answers.user(state, login) | {"role_name": role}
    return Answer(200, {"permission": FOLDED.get(role, role), "role_name": role, "user": who})


@route("GET", REPOSITORY + "/installation")
def get_installation(state: State, request: Request) -> Answer:
    """Tell the app where it is installed."""
    app = _proven(state, request)
    return Answer(200, answers.installation(state, app, INSTALLATION))


@route("POST", "/app/installations/{id}/access_tokens")
def create_token(state: State, request: Request) -> Answer:
    """Give the app a token, which from now on speaks in its name."""
    app = _proven(state, request)
    if int(request.values["id"]) != INSTALLATION:
        raise Refused(404, "Not Found")
    if request.body.get("repositories") != [state.repository.split("/")[1]]:
        raise Refused(422, "There is at least one repository that does not exist")
    state.login = f"{app.slug}[bot]"
    return Answer(201, {"token": app.token, "expires_at": "2026-05-17T13:00:00Z"})


def _proven(state: State, request: Request) -> App:
    """Return the app whose key has signed the request."""
    kind, _, proof = request.headers["authorization"].partition(" ")
    if state.app is None:
        raise Refused(404, "Not Found")
    try:
        said = jwt.decode(proof, state.app.public_key, algorithms=["RS256"], options={"verify_iat": False})
    except jwt.PyJWTError:
        raise Refused(401, "A JSON web token could not be decoded") from None
    if kind != "Bearer" or said["iss"] != state.app.id:
        raise Refused(401, "Integration not found")
    return state.app
