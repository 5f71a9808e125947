import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.data.events import MAX_EVENT_BYTES, CommandComment, EventRejected, comment_in, run_in

SENT = Path(__file__).parents[2] / ".tools" / "github-webhooks.json"
needs_sent = pytest.mark.skipif(
    not SENT.exists() and os.environ.get("PERF_RATCHET_REQUIRE_OPENAPI") != "1",
    reason="tests/fetch_webhooks.sh fetches what GitHub really sent",
)


def make_event(
    action: str = "created", *, author: str = "User", sender: str = "someone", **issue: Any
) -> bytes:
    event = {
        "action": action,
        "comment": {"id": 99, "body": "/perf-help", "user": {"login": "someone", "type": author}},
        "issue": {"number": 7, "state": "open", "pull_request": {"url": "x"}, **issue},
        "repository": {"full_name": "octo/demo"},
        "sender": {"login": sender, "type": author},
    }
    return json.dumps(event).encode()


def sent(event: str) -> list[dict[str, Any]]:
    return next(it["examples"] for it in json.loads(SENT.read_bytes()) if it["name"] == event)


def test_what_a_person_says_is_heard():
    """Who, where and the words as they were posted."""
    expected = CommandComment(
        repository="octo/demo", pull=7, comment_id=99, author="someone", body="/perf-help"
    )

    assert comment_in(make_event()) == expected


@pytest.mark.parametrize(
    "payload",
    [
        make_event("edited"),
        make_event("deleted"),
        make_event(author="Bot"),
        make_event(author="Organization"),
        make_event(sender="somebody-else"),
        make_event(pull_request=None),
        make_event().replace(b'{"login": "someone", "type": "User"}', b"null", 1),
    ],
)
def test_what_is_not_said_by_a_person_on_a_pull_request_is_not_heard(payload: bytes):
    """Edits, bots, issues, and words put into another's mouth are met with silence."""
    assert comment_in(payload) is None


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "the payload: Invalid JSON"),
        (b"[]", "the payload: Input should be an object"),
        (make_event().replace(b'"id": 99', b'"id": "99"'), "comment.id: Input should be a valid integer"),
        (make_event().replace(b'"number": 7', b'"number": -7'), "issue.number: Input should be greater"),
        (make_event().replace(b'"body": "/perf-help", ', b""), "comment.body: Field required"),
        (b" " * (MAX_EVENT_BYTES + 1), "larger than 26214400 bytes"),
    ],
)
def test_what_is_no_payload_is_refused(payload: bytes, said: str):
    """A wrong file says where it is wrong, in one line."""
    with pytest.raises(EventRejected) as refused:
        comment_in(payload)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


@needs_sent
def test_comments_that_github_really_sent_are_read():
    """All are on issues, which are none of ours; were they on pull requests, the new ones were heard."""
    payloads = sent("issue_comment")
    for payload in payloads:
        assert comment_in(json.dumps(payload).encode()) is None
        payload["issue"]["pull_request"] = {"url": "https://api.github.com/repos/octo/demo/pulls/7"}
    heard = [comment_in(json.dumps(payload).encode()) for payload in payloads]

    assert [payload["action"] for payload, said in zip(payloads, heard, strict=True) if said] == [
        "created"
    ] * 5


@needs_sent
def test_runs_that_github_really_sent_are_read():
    """Of a run only its id is taken: everything else is asked of the API."""
    payloads = sent("workflow_run")
    found = [run_in(json.dumps(payload).encode()) for payload in payloads]

    assert found == [(it["repository"]["full_name"], it["workflow_run"]["id"]) for it in payloads]
    assert len(found) == 5


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda it: st.dictionaries(st.text(), it), max_leaves=9
    )
)
def test_any_json_is_an_event_or_is_refused(document: Any):
    """No document raises anything but a refusal."""
    for read in (comment_in, run_in):
        with pytest.raises(EventRejected):
            read(json.dumps(document).encode())
