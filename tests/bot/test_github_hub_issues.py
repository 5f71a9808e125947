"""All that changes about the bot's issues in one request, also where GitHub does only a part of it."""

import pytest
from github_fake import FakeGithub
from github_fake.state import Issue as Known
from ratchet_bot.hosts.effects import Closing, Issue
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.github.issues import document
from ratchet_bot.hosts.port import HostRefused
from ratchet_bot.hosts.states import OpenIssue

LABEL, LAST = "perf-regression", "<!-- perf-ratchet:over -->"


def marker(number: int) -> str:
    return f"<!-- perf-ratchet:regressions h100 since run {number} -->"


def wanted(number: int, said: str, seen: OpenIssue | None = None) -> Issue:
    body = f"{marker(number)}\n{said}"
    return Issue(marker=marker(number), title=f"Slower {number}", body=body, labels=(LABEL,), seen=seen)


def seen(it: Known) -> OpenIssue:
    labels = tuple(it.labels)
    return OpenIssue(number=it.number, key=f"I_{it.number}", title=it.title, body=it.body, labels=labels)


@pytest.fixture
def known(github: FakeGithub, hub: GithubHost) -> list[OpenIssue]:
    """Give two open issues, which the hub has seen."""
    for number in (1, 2):
        one = wanted(number, "old")
        github.issue(github.login, one.title, one.body, [LABEL])
    found = hub.repository_state({"main": ("README.md",)}, {"bot": "README.md"}, LABEL).issues
    github.log.clear()
    assert list(found) == [seen(it) for it in github.issues.values()]
    return list(found)


def said(github: FakeGithub) -> list[tuple[str, bool, list[str]]]:
    """Return of each issue its last line, whether it is open, and what was said in it."""
    return [
        (it.body.splitlines()[1], it.is_open, [one.body for one in github.comments if one.pull == it.number])
        for it in github.issues.values()
    ]


def test_nothing_is_asked_where_nothing_changes(github: FakeGithub, hub: GithubHost, known: list[OpenIssue]):
    """What is said already needs no request."""
    again = [wanted(number, "old", known[number - 1]) for number in (1, 2)]

    assert hub.settle_issues(again, []) == [it.number for it in known]
    assert github.log == []


def test_no_word_is_in_the_documents_text(github: FakeGithub, hub: GithubHost, known: list[OpenIssue]):
    """Titles and bodies are variables: nothing in them can be a mutation."""
    evil = '"}) { x } closeIssue(input: {issueId: "I_8"}) #'
    hub.settle_issues([wanted(3, evil)], [Closing(known[0], LAST, evil)])
    [exchange] = github.log
    assert exchange.request.body["query"] == (
        "mutation Settle($change0: CreateIssueInput!, $change1: AddCommentInput!, $change2: CloseIssueInput!)"
        " {\n"
        "  change0: createIssue(input: $change0) { issue { number } }\n"
        "  change1: addComment(input: $change1) { clientMutationId }\n"
        "  change2: closeIssue(input: $change2) { clientMutationId }\n"
        "}"
    )
    assert document([]) == "mutation Settle() {\n}"


@pytest.mark.parametrize("refused", ["createIssue", "updateIssue", "addComment", "closeIssue"])
def test_a_part_that_is_refused_is_done_by_itself(
    github: FakeGithub, hub: GithubHost, known: list[OpenIssue], refused: str
):
    """GitHub did the others: nothing of them is done twice, and the rest is done in the same run."""
    github.refused_mutations.add(refused)
    numbers = hub.settle_issues(
        [wanted(3, "fresh"), wanted(2, "new", known[1])], [Closing(known[0], LAST, "Fast again.")]
    )

    assert numbers == [10, 9]
    assert said(github) == [
        ("old", False, [f"{LAST}\nFast again."] if refused != "addComment" else []),
        ("new", True, []),
        ("fresh", True, []),
    ]
    assert github.issues[10].labels == [LABEL]


def test_a_label_that_somebody_makes_meanwhile_is_taken(github: FakeGithub, hub: GithubHost):
    """It was not there when it was looked for, and cannot be made any more."""
    hub.repository_state({"main": ("README.md",)}, {"bot": "README.md"}, LABEL)
    github.labels.add(LABEL)

    assert hub.settle_issues([wanted(1, "one"), wanted(2, "two")], []) == [8, 9]
    assert [line.split()[:2] for line in github.api_requests[1:]] == [
        ["POST", "/repos/octo/demo/labels"],
        ["GET", f"/repos/octo/demo/labels/{LABEL}"],
        ["POST", "/graphql"],
    ]


def test_a_missing_permission_is_named_after_a_look_too(
    github: FakeGithub, hub: GithubHost, known: list[OpenIssue]
):
    """What GitHub refuses at once it refuses one by one, and then it says why."""
    github.permissions.discard("issues: write")
    with pytest.raises(HostRefused, match=r'give the job "permissions: \{issues: write\}"$'):
        hub.settle_issues([wanted(1, "new", known[0])], [])
