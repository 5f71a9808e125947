"""Check what was said to and by the fake GitHub against GitHub's own description of its REST API.

The description is fetched by tests/fetch_openapi.sh. /graphql is not in it and is not checked here.
A place in the description is written as a JSON pointer, such as /paths/~1repos~1{owner}~1{repo}/get.
"""

import functools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from github_fake import Exchange
from github_fake.endpoints.routes import STORE
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

DESCRIPTION = Path(__file__).parents[1] / ".tools" / "github-openapi.json"
NAME = "urn:github"  # what references within the description are relative to
WHOLE_TAIL = ("/contents/{path}", "/git/ref/{ref}", "/git/refs/{ref}")  # the last name may hold slashes
# GitHub gives these anywhere, and describes them only here and there.
USUAL_REFUSALS = {401, 403, 404, 422, 429, *range(500, 600)}

# GitHub gives null for deleted forks and unknown accounts, and says so of some places only; a check run
# that is in progress has no conclusion either, as in GitHub's own examples.
GONE = ("head_repository", "head.repo", "head.user", "user", "author", "committer", "conclusion")

BODY = ("requestBody", "content", "application/json", "schema")
ANSWER = ("content", "application/json", "schema")


def is_available() -> bool:
    """Whether there is something to check against. Where it is required, its absence is an error later on."""
    return DESCRIPTION.exists() or os.environ.get("PERF_RATCHET_REQUIRE_OPENAPI") == "1"


def violations(exchange: Exchange) -> list[str]:
    """Return what GitHub's description does not allow, one line each."""
    if exchange.request.path == "/graphql" or exchange.request.path.startswith(STORE):
        return []
    operation = _operation(exchange.request.method, exchange.request.path)
    if operation is None:
        return [f"{exchange}: GitHub has no such operation"]
    wrong = (*_query(operation, exchange), *_body(operation, exchange), *_answer(operation, exchange))
    return [f"{exchange}: {it}" for it in wrong]


def _query(operation: str, exchange: Exchange) -> Iterator[str]:
    listed = _read(operation).get("parameters", [])
    places = [_place(operation, "parameters", str(index)) for index in range(len(listed))]
    known = {_read(it)["name"]: f"{it}/schema" for it in places if it and _read(it)["in"] == "query"}
    for name, text in exchange.request.query.items():
        if name not in known:
            yield f"query: {name} is unknown"
            continue
        is_number = _read(known[name]).get("type") == "integer" and text.isdigit()
        yield from _mismatches(f"query {name}", known[name], int(text) if is_number else text)


def _body(operation: str, exchange: Exchange) -> Iterator[str]:
    schema = _place(operation, *BODY)
    if schema:
        yield from _mismatches("body", schema, exchange.request.body)
        yield from (f"body: {it} is unknown" for it in _unknown(schema, exchange.request.body, "$"))
    elif exchange.request.body is not None:
        yield "body: none is expected"


def _answer(operation: str, exchange: Exchange) -> Iterator[str]:
    if exchange.answer is None or exchange.is_made_up:
        return
    described = _place(operation, "responses", str(exchange.answer.status))
    if described is None and exchange.answer.status not in USUAL_REFUSALS:
        yield "answer: this status is not described"
    schema = described and _place(described, *ANSWER)
    if schema:
        wrong = _mismatches("answer", schema, exchange.answer.body)
        yield from (it for it in wrong if not _is_of_what_is_gone(it))


def _unknown(schema: str, value: object, where: str) -> Iterator[str]:
    """Yield properties that the schema does not name: GitHub passes over them, so a typo would go unseen."""
    if isinstance(value, list):
        items = _place(schema, "items")
        for item in value if items else ():
            yield from _unknown(items, item, f"{where}[]")
    if not isinstance(value, dict) or _read(schema).get("additionalProperties"):
        return
    for name, inner in value.items() if _place(schema, "properties") else ():
        known = _place(schema, "properties", name)
        if known:
            yield from _unknown(known, inner, f"{where}.{name}")
        else:
            yield f"{where}.{name}"


def _mismatches(what: str, schema: str, value: object) -> Iterator[str]:
    for it in _validator(schema).iter_errors(value):
        yield f"{what}: {it.json_path}: {it.message[-160:]}"  # the end: a long value stands at the beginning


def _is_of_what_is_gone(mismatch: str) -> bool:
    place, _, said = mismatch.removeprefix("answer: $").partition(": ")
    return said.startswith("None ") and place.endswith(GONE)


@functools.cache
def _description() -> Mapping[str, Any]:
    return json.loads(DESCRIPTION.read_bytes())


@functools.cache
def _validator(schema: str) -> OAS30Validator:
    registry = Registry().with_resource(NAME, Resource(contents=_description(), specification=DRAFT4))
    return OAS30Validator(
        {"$ref": f"{NAME}#{schema}"}, registry=registry, format_checker=oas30_format_checker
    )


@functools.cache
def _read(place: str) -> Any:
    node: Any = _description()
    for name in place.split("/")[1:]:
        key = name.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


@functools.cache
def _place(start: str, *names: str) -> str | None:
    """Return where these names lead, references followed, or None where there is nothing."""
    place = start
    for name in names:
        node = _read(place)
        if name not in (map(str, range(len(node))) if isinstance(node, list) else node):
            return None
        place += "/" + name.replace("~", "~0").replace("/", "~1")
        found = _read(place)
        if isinstance(found, dict) and "$ref" in found:
            place = found["$ref"].removeprefix("#")
    return place


@functools.cache
def _operations(method: str) -> list[tuple[str, list[str]]]:
    """Return the paths that know this method, each with its parts."""
    return [(path, path.split("/")) for path, item in _description()["paths"].items() if method in item]


@functools.cache
def _operation(method: str, path: str) -> str | None:
    """Return the operation for this request: of several, the one with the fewest names in its path."""
    parts = path.split("/")
    found = [
        known
        for known, names in _operations(method.lower())
        if _fits(names, parts, tail=known.endswith(WHOLE_TAIL))
    ]
    best = min(found, key=lambda it: it.count("{"), default=None)
    return best and _place("/paths", best, method.lower())


def _fits(names: list[str], parts: list[str], *, tail: bool) -> bool:
    if len(names) > len(parts) or (len(names) < len(parts) and not tail):
        return False
    return all(name.startswith("{") or name == part for name, part in zip(names, parts, strict=False))
