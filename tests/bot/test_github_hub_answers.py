import pytest
from github_fake import TOKEN, FakeGithub, Refused, a_check
from github_fake.wire import Answer
from ratchet_bot.hosts.effects import Annotation, Check
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused

MARKER = "<!-- perf-ratchet -->"
ANSWER = "<!-- perf-ratchet answer 5 -->"
COMMENTS = "/issues/7/comments$"


def remarks(count: int) -> tuple[Annotation, ...]:
    return tuple(
        Annotation(path="h100.json", line=line, level="warning", title="loosened", message="Why?")
        for line in range(1, count + 1)
    )


def test_an_answer_is_a_comment_of_its_own(github: FakeGithub, hub: GithubHost):
    """Beside the report; the same command answered again edits its answer."""
    hub.upsert_comment(7, MARKER, f"{MARKER} report")
    first = hub.answer(7, ANSWER, f"{ANSWER} working", is_first=True)
    assert hub.answer(7, ANSWER, f"{ANSWER} done") == first
    assert github.bodies == [f"{MARKER} report", f"{ANSWER} done"]


def test_an_answer_without_its_marker_is_a_mistake(github: FakeGithub, hub: GithubHost):
    """It would not be found again."""
    with pytest.raises(ValueError, match=r"^a comment begins with its marker"):
        hub.answer(7, ANSWER, "done", is_first=True)
    assert github.log == []


def test_a_reaction_is_new_once(github: FakeGithub, hub: GithubHost):
    """GitHub says 201 and then 200; another reaction is another."""
    comment = github.comment(7, "a-person", "/tighten-baselines").id
    assert [hub.react(comment, "eyes"), hub.react(comment, "eyes"), hub.react(comment, "-1")] == [
        True,
        False,
        True,
    ]
    assert github.comments[0].reactions == [(github.login, "eyes"), (github.login, "-1")]


def test_a_comment_that_is_gone_cannot_be_reacted_to(github: FakeGithub, hub: GithubHost):
    """Whoever wrote it has deleted it: one line."""
    with pytest.raises(HostRefused, match=r"^GitHub did not react to comment 5 of octo/demo: not found"):
        hub.react(5, "eyes")
    assert len(github.log) == 1


def test_a_revision_follows_from_what_is_said(github: FakeGithub, hub: GithubHost):
    """None before the first comment; None leaves it as it is; the address is the comment's."""
    assert hub.revise_comment(7, MARKER, lambda _: None) == ""
    first = hub.revise_comment(7, MARKER, lambda body: f"{MARKER} {body}")
    second = hub.revise_comment(7, MARKER, lambda body: f"{body}, {body}")
    third = hub.revise_comment(7, MARKER, lambda _: None)
    assert first == second == third
    assert github.bodies == [f"{MARKER} None, {MARKER} None"]


def test_a_revision_without_its_marker_is_a_mistake(github: FakeGithub, hub: GithubHost):
    """Nothing is written."""
    with pytest.raises(ValueError, match=r"^a comment begins with its marker"):
        hub.revise_comment(7, MARKER, lambda _: "hello")
    assert github.bodies == []


def test_a_check_in_progress_is_concluded(github: FakeGithub, hub: GithubHost, check: Check):
    """First yellow, then its conclusion: one check, each time one request that looks and one that writes."""
    begun = a_check(check.head_sha, conclusion=None, title="Measuring")
    assert hub.upsert_check(begun) == hub.upsert_check(check)
    assert [(it.said["status"], it.said["conclusion"]) for it in github.checks] == [("completed", "failure")]
    assert [line.split()[0] for line in github.api_requests] == ["GET", "POST", "GET", "PATCH"]


def test_a_check_in_progress_says_nothing_of_a_conclusion(github: FakeGithub, hub: GithubHost, check: Check):
    """GitHub would take any conclusion as the end; said twice it is written once."""
    begun = a_check(check.head_sha, conclusion=None)
    hub.upsert_check(begun)
    hub.upsert_check(begun)
    assert "conclusion" not in github.log[1].request.body
    assert github.log[1].request.body["status"] == "in_progress"
    assert len(github.log) == 3


def test_a_late_beginning_does_not_undo_a_conclusion(github: FakeGithub, hub: GithubHost, check: Check):
    """Events come in any order; a verdict stays."""
    hub.upsert_check(check)
    hub.upsert_check(a_check(check.head_sha, conclusion=None, title="Measuring"))
    assert github.checks[0].said["conclusion"] == "failure"
    assert len(github.log) == 3


def test_another_apps_check_is_not_ours(github: FakeGithub, hub: GithubHost, check: Check):
    """Of before a GitHub App was configured, say: only who made a check may edit it, so ours is a new one."""
    hub.upsert_check(check)
    github.checks[0].author = "another-app[bot]"
    hub.upsert_check(a_check(check.head_sha, conclusion="success"))
    assert [it.said["conclusion"] for it in github.checks] == ["failure", "success"]


@pytest.mark.parametrize(("count", "requests"), [(0, 2), (1, 2), (50, 2), (51, 3), (150, 4)])
def test_remarks_are_sent_by_fifties(
    github: FakeGithub, hub: GithubHost, check: Check, count: int, requests: int
):
    """Each once, in their order, whatever their number; asked again nothing is sent."""
    full = a_check(check.head_sha, annotations=remarks(count))
    hub.upsert_check(full)
    assert len(github.log) == requests
    hub.upsert_check(full)
    assert [it["start_line"] for it in github.checks[0].annotations] == list(range(1, count + 1))
    assert len(github.log) == requests + 1


def test_remarks_come_with_the_conclusion(github: FakeGithub, hub: GithubHost, check: Check):
    """A check that began without any gets them when it is concluded."""
    hub.upsert_check(a_check(check.head_sha, conclusion=None))
    hub.upsert_check(a_check(check.head_sha, annotations=remarks(1)))
    assert github.checks[0].annotations == [
        {
            "path": "h100.json",
            "start_line": 1,
            "end_line": 1,
            "annotation_level": "warning",
            "title": "loosened",
            "message": "Why?",
        }
    ]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(200, b"<html>maintenance</html>", {"content-type": "text/html"}), r"answer \(no JSON\)"),
        (Answer(200, {"comments": []}), r"does not answer \(no list\)"),
        (Answer(200, [{"id": "x"}]), r"its answer has no id that we know"),
        (Answer(301, None, {"location": "https://elsewhere.example/"}), r"it says 301: "),
    ],
)
def test_a_strange_answer_is_one_line(github: FakeGithub, hub: GithubHost, answer: Answer, told: str):
    """A proxy's page, another shape, a redirect to another host: told, and nothing is written."""
    for _ in range(3):
        github.answer_next("GET", COMMENTS, answer)
    with pytest.raises(HostRefused, match=rf"^GitHub did not comment on octo/demo#7: .*{told}[^\n]*$"):
        hub.upsert_comment(7, MARKER, MARKER)
    assert {it.request.method for it in github.log} == {"GET"}


def test_the_token_does_not_leave_through_a_redirect(github: FakeGithub, hub: GithubHost):
    """GitHub's API redirects to itself only; another host is not asked."""
    target = f"{github.store_url}/repos/octo/demo/issues/7/comments"
    for _ in range(3):
        github.answer_next("GET", COMMENTS, Answer(301, None, {"location": target}))
    with pytest.raises(HostRefused, match="it says 301"):
        hub.upsert_comment(7, MARKER, MARKER)
    assert {it.request.headers["host"].split(":")[0] for it in github.log} == {"127.0.0.1"}


def test_no_secret_is_in_a_traceback(github: FakeGithub, hub: GithubHost):
    """Neither the exception nor what it was raised from holds what was sent."""
    github.refuse_next("GET", COMMENTS, Refused(422, f"strange header: token {TOKEN}"))
    with pytest.raises(HostRefused) as refused:
        hub.upsert_comment(7, MARKER, MARKER)
    chain: list[BaseException] = [refused.value]
    while chain[-1].__cause__:
        chain.append(chain[-1].__cause__)
    assert [TOKEN in repr(it) + str(vars(it)) for it in chain] == [False]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_host_that_never_answers_is_given_up(github: FakeGithub, hub: GithubHost, method: str):
    """After the longest wait for an answer the request counts as lost; the comment is there once."""
    github.hang_next(method, COMMENTS, after=True)
    hub.upsert_comment(7, MARKER, MARKER)
    assert github.bodies == [MARKER]


def test_the_next_page_is_asked_of_the_same_host(github: FakeGithub, hub: GithubHost):
    """Of the address that leads to it only the query counts: the token goes nowhere else."""
    elsewhere = '<https://elsewhere.example/comments?page=2&per_page=100>; rel="next"'
    github.answer_next("GET", COMMENTS, Answer(200, [], {"link": elsewhere}))
    github.answer_next("GET", COMMENTS, Answer(200, []))
    hub.upsert_comment(7, MARKER, MARKER)
    assert [it.request.query for it in github.log[:2]] == [
        {"per_page": "100"},
        {"page": "2", "per_page": "100"},
    ]
