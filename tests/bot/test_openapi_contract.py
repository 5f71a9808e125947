import pytest
from github_fake import Exchange
from github_fake.wire import Answer, Request
from openapi_contract import is_available, violations

CHECK = {"name": "perf-ratchet", "head_sha": "0" * 40}
COMMENTS = "/issues/7/comments"

needs_description = pytest.mark.skipif(not is_available(), reason="no .tools/github-openapi.json")


def asked(method: str, path: str, body: object = None, **query: str) -> Exchange:
    return Exchange(Request(method, f"/repos/octo/demo{path}", query, {}, body), None)


def check_with_output(**output: object) -> Exchange:
    return asked("POST", "/check-runs", {**CHECK, "output": {"title": "", "summary": "", **output}})


def test_the_description_is_there():
    """Without GitHub's description nothing is checked, which this skip makes visible."""
    if not is_available():
        pytest.skip("run bash tests/fetch_openapi.sh .tools/github-openapi.json to check what the bot sends")
    assert violations(asked("POST", "/check-runs", CHECK)) == []


@needs_description
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (asked("POST", "/check-runs", {"name": "perf"}), "body: $: 'head_sha' is a required property"),
        (
            asked("POST", "/check-runs", {**CHECK, "conclusion": "ok"}),
            "conclusion: 'ok' is not one of",
        ),
        (asked("POST", "/check-runs", {**CHECK, "sha": ""}), "body: $.sha is unknown"),
        (check_with_output(summary="x" * 65_536), "is too long"),
        (check_with_output(colour=1), "body: $.output.colour is unknown"),
        (check_with_output(annotations=[{"colour": 1}]), "body: $.output.annotations[].colour is unknown"),
        (asked("POST", COMMENTS), "body: $: None is not of type 'object'"),
        (asked("GET", COMMENTS, {"body": ""}), "body: none is expected"),
        (asked("GET", COMMENTS, author="me"), "query: author is unknown"),
        (asked("GET", COMMENTS, page="two"), "query page: $: 'two' is not of type 'integer'"),
        (asked("PATCH", "/git/ref/heads/main", {"sha": "0"}), "GitHub has no such operation"),
    ],
)
def test_a_wrong_request_is_reported(wrong: Exchange, told: str):
    """What GitHub would refuse, or pass over in silence, is a violation."""
    assert told in "\n".join(violations(wrong))


@needs_description
@pytest.mark.parametrize(
    "right",
    [
        asked("GET", COMMENTS, per_page="100", page="2"),
        asked("GET", "/contents/.github/perf-baselines/h100.json", ref="main"),
        check_with_output(summary="x" * 65_535),
        asked("GET", "/commits/heads%2Fmain"),
    ],
)
def test_a_right_request_is_not_reported(right: Exchange):
    """The check has no opinion of its own."""
    assert violations(right) == []


@needs_description
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(201, {"id": 1}), "answer: $: 'html_url' is a required property"),
        (Answer(202, None), "answer: this status is not described"),
        (Answer(422, {"message": "no"}), "answer: $: 'documentation_url' is a required property"),
    ],
)
def test_a_wrong_answer_is_reported(answer: Answer, told: str):
    """The fake may not invent statuses, nor leave out what GitHub promises."""
    request = asked("POST", COMMENTS, {"body": "hello"}).request
    assert told in "\n".join(violations(Exchange(request, answer)))
