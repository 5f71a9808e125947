import logging

import pytest
from github_fake import TOKEN, FakeGithub, Refused, a_check
from ratchet_bot.hosts.effects import Check
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused

MARKER = "<!-- perf-ratchet -->"
BODY = f"{MARKER}\nAll 67 scenarios are within their limits."
COMMENTS = r"/issues/7/comments$"
BASELINES = {".github/perf-baselines/h100.json": b'{"scenarios": {}}\n'}
MESSAGE = "Tighten 2 baselines\n\nFrom run 123."


def test_a_first_comment_costs_two_requests(github: FakeGithub, hub: GithubHost):
    """On a pull request with less than 100 comments, one request looks and one writes."""
    github.comment(7, "a-person", "Nice!")
    url = hub.upsert_comment(7, MARKER, BODY)
    assert url == "https://github.com/octo/demo/pull/7#issuecomment-1002"
    assert github.asked == ["GET 200", "POST 201"]
    assert github.bodies == ["Nice!", BODY]


def test_a_comment_is_edited_in_place(github: FakeGithub, hub: GithubHost):
    """The second report replaces the first."""
    first = hub.upsert_comment(7, MARKER, BODY)
    second = hub.upsert_comment(7, MARKER, BODY + " Again.")
    assert first == second
    assert github.asked == ["GET 200", "POST 201", "GET 200", "PATCH 200"]
    assert github.bodies == [BODY + " Again."]


def test_an_equal_comment_is_not_written(github: FakeGithub, hub: GithubHost):
    """What is said already is not said again: one request that looks, none that writes."""
    hub.upsert_comment(7, MARKER, BODY)
    hub.upsert_comment(7, MARKER, BODY)
    assert github.asked == ["GET 200", "POST 201", "GET 200"]


def test_our_comment_is_found_on_the_last_page(github: FakeGithub, hub: GithubHost):
    """All pages are looked at, 100 comments each."""
    for number in range(250):
        github.comment(7, "a-person", f"{number}")
    ours = github.comment(7, github.login, f"{MARKER} old")
    hub.upsert_comment(7, MARKER, BODY)
    assert github.asked == ["GET 200", "GET 200", "GET 200", "PATCH 200"]
    assert ours.body == BODY
    assert len(github.comments) == 251


@pytest.mark.parametrize(
    ("author", "body"),
    [
        pytest.param("a-person", f"{MARKER} forged", id="a stranger began with our marker"),
        pytest.param("github-actions[bot]", f"> quoted {MARKER}", id="we quoted the marker further down"),
        pytest.param(None, f"{MARKER} of old", id="the account is gone"),
    ],
)
def test_what_is_not_ours_is_not_touched(github: FakeGithub, hub: GithubHost, author: str | None, body: str):
    """A comment is ours when we wrote it and it begins with our marker, else not."""
    github.comment(7, author, body)
    hub.upsert_comment(7, MARKER, BODY)
    assert github.bodies == [body, BODY]


def test_of_two_comments_of_ours_the_oldest_is_the_one(github: FakeGithub, hub: GithubHost):
    """An earlier doubling does not get worse, and always the same comment is edited."""
    github.comment(7, github.login, f"{MARKER} first")
    github.comment(7, github.login, f"{MARKER} second")
    hub.upsert_comment(7, MARKER, BODY)
    assert github.bodies == [BODY, f"{MARKER} second"]


def test_a_comment_too_long_for_github_is_refused_unasked(github: FakeGithub, hub: GithubHost):
    """GitHub takes 65,536 characters; one more is refused here, in words, without a request."""
    longest = MARKER + "x" * (65_536 - len(MARKER))
    hub.upsert_comment(7, MARKER, longest)
    before = len(github.log)
    with pytest.raises(
        HostRefused, match=r"^the comment has 65,537 characters and GitHub takes 65,536: shorten it$"
    ):
        hub.upsert_comment(7, MARKER, longest + "x")
    assert len(github.log) == before


def test_a_first_check_costs_two_requests(github: FakeGithub, hub: GithubHost, check: Check):
    """One request looks and one writes, and the check is completed at once."""
    url = hub.upsert_check(check)
    assert url == "https://github.com/octo/demo/runs/1001"
    assert github.asked == ["GET 200", "POST 201"]
    assert github.checks[0].said == {
        "name": "perf-ratchet (h100)",
        "head_sha": check.head_sha,
        "external_id": "123",
        "status": "completed",
        "conclusion": "failure",
        "output": {"title": "1 scenario regressed", "summary": "| scenario | change |"},
    }


def test_an_equal_check_is_not_written(github: FakeGithub, hub: GithubHost, check: Check):
    """The same check said twice is written once."""
    assert hub.upsert_check(check) == hub.upsert_check(check)
    assert github.asked == ["GET 200", "POST 201", "GET 200"]


def test_an_older_check_is_found_behind_a_newer_one(github: FakeGithub, hub: GithubHost, check: Check):
    """A check of the same name from a later run does not hide ours."""
    hub.upsert_check(check)
    github.check({**github.checks[0].said, "external_id": "124"})
    hub.upsert_check(a_check(check.head_sha, conclusion="success"))
    said = [(it.said["external_id"], it.said["conclusion"]) for it in github.checks]
    assert said == [("123", "success"), ("124", "failure")]


def test_our_check_is_found_on_the_last_page(github: FakeGithub, hub: GithubHost, check: Check):
    """All pages are looked at, 100 checks each."""
    known = {"name": check.name, "head_sha": check.head_sha, "conclusion": "neutral"}
    for number in range(200):
        github.check({**known, "external_id": f"x{number}"})
    github.check({**known, "external_id": "123"})
    hub.upsert_check(check)
    assert github.asked == ["GET 200", "GET 200", "GET 200", "PATCH 200"]


def test_a_summary_too_long_for_github_is_refused_unasked(github: FakeGithub, hub: GithubHost, check: Check):
    """GitHub takes 65,535 characters; one more is refused here, without a request."""
    with pytest.raises(HostRefused, match=r"^the summary of the check has 65,536 characters"):
        hub.upsert_check(a_check(check.head_sha, summary="x" * 65_536))
    assert github.log == []


def test_a_commit_costs_one_request(github: FakeGithub, hub: GithubHost):
    """GitHub itself compares the head, so nobody has to look before."""
    before = github.head("main")
    sha = hub.commit_files("main", before.sha, BASELINES, MESSAGE)
    made = github.head("main")
    assert github.asked == ["POST 200"]
    assert (made.sha, made.parent, made.message) == (sha, before.sha, MESSAGE)
    assert made.files == {**before.files, **BASELINES}


def test_a_commit_asked_twice_is_made_once(github: FakeGithub, hub: GithubHost):
    """The head that is already that commit is the answer: two requests, the second one looks."""
    before = github.head("main").sha
    first = hub.commit_files("main", before, BASELINES, MESSAGE)
    second = hub.commit_files("main", before, BASELINES, MESSAGE)
    assert first == second == github.head("main").sha
    assert github.asked == ["POST 200", "POST 200", "GET 200"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"src.py": b"1\n"}, "Work on", id="somebody's work"),
        pytest.param({"src.py": b"1\n"}, MESSAGE, id="another file under our message"),
        pytest.param(dict.fromkeys(BASELINES, b"{}\n"), MESSAGE, id="another content under our message"),
        pytest.param(BASELINES, "Work on", id="our content under another message"),
    ],
)
def test_a_branch_that_moved_on_is_left_alone(
    github: FakeGithub, hub: GithubHost, files: dict[str, bytes], message: str
):
    """STALE_DATA is a refusal that says so, unless the head is the very commit that was asked for."""
    before = github.head("main").sha
    now = github.commit("main", files, message)
    expected = f"^main has moved on since {before[:7]}: it is at {now[:7]}; look at it, then ask again$"
    with pytest.raises(HostRefused, match=expected):
        hub.commit_files("main", before, BASELINES, MESSAGE)
    assert github.head("main").sha == now


def test_a_branch_with_a_slash_is_looked_up(github: FakeGithub, hub: GithubHost):
    """In an address the slash is escaped, and "heads/" says that it is no tag."""
    github.branches["perf/refresh"] = before = github.branches["main"]
    github.fail_next("POST", "/graphql", 502, after=True)
    assert hub.commit_files("perf/refresh", before, BASELINES, MESSAGE) == github.head("perf/refresh").sha
    assert github.log[-1].request.path == "/repos/octo/demo/commits/heads%2Fperf%2Frefresh"


def test_a_graphql_timeout_is_a_lost_answer(github: FakeGithub, hub: GithubHost):
    """GitHub reports its own timeout with the status 200 and without a type: the hub asks again."""
    message = "Something went wrong while executing your query. This may be the result of a timeout."
    github.refuse_next("POST", "/graphql", Refused(200, "", data=None, errors=[{"message": message}]))
    before = github.head("main").sha
    sha = hub.commit_files("main", before, BASELINES, MESSAGE)
    assert (github.head("main").sha, github.head("main").parent) == (sha, before)


def test_the_token_is_sent_and_seen_nowhere(
    github: FakeGithub, hub: GithubHost, caplog: pytest.LogCaptureFixture
):
    """GitHub gets it; no message, log line or repr has it, even if a host echoes it."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "github")  # as a person does who looks for an error
    caplog.set_level(logging.NOTSET, "github.Requester")
    github.refuse_next("POST", COMMENTS, Refused(422, f"strange header: token {TOKEN}"))
    with pytest.raises(HostRefused) as refused:
        hub.upsert_comment(7, MARKER, BODY)
    assert {f"token {TOKEN}"} == {it.request.headers["authorization"] for it in github.log}
    assert str(refused.value).endswith("it says 422: strange header: token ***")
    assert TOKEN not in repr(hub)
    own = [record.getMessage() for record in caplog.records if "strange header" not in record.getMessage()]
    assert own
    assert not [line for line in own if TOKEN in line]


def test_the_version_of_the_api_is_named(github: FakeGithub, hub: GithubHost):
    """A GitHub that changes its default version changes nothing for us; and it may know who asks."""
    hub.upsert_comment(7, MARKER, BODY)
    sent = github.log[0].request
    assert (sent.headers["x-github-api-version"], sent.headers["user-agent"]) == (
        "2022-11-28",
        "perf-ratchet",
    )
    assert sent.query == {"per_page": "100"}


def test_no_token_is_refused_at_once():
    """An empty variable is told before anything else is done."""
    with pytest.raises(HostRefused, match=r"^GITHUB_TOKEN is not set: pass it to the step$"):
        GithubHost("octo/demo", "")
