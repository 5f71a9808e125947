"""Which function answers which request."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, unquote

from github_fake.state import State
from github_fake.wire import Answer, Refused, Request

REPOSITORY = "/repos/{owner}/{repo}"
STORE = "/store"
"""Where the paths of the other host begin, on which artifacts lie."""

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
        f"&{name}={quote(value)}" for name, value in request.query.items() if name not in {"page", "per_page"}
    )
    target = f"{state.url}{request.path}?per_page={size}{others}&page="
    return shown, {
        "link": f'<{target}{number + 1}>; rel="next", <{target}{-(-len(items) // size)}>; rel="last"'
    }


def require(state: State, permission: str) -> None:
    """Refuse as GitHub does when the token lacks a permission."""
    if not state.may(permission):
        raise Refused(403, "Resource not accessible by integration")


def invalid(resource: str, **error: str) -> Refused:
    """Return GitHub's refusal of a request that makes no sense to it."""
    return Refused(422, "Validation Failed", errors=[{"resource": resource, **error}])
