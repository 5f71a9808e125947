import pytest
from github_fake import HASTE, TOKEN, FakeGithub, Refused
from ratchet_bot.hosts.effects import Check
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused

MARKER = "<!-- perf-ratchet -->"
BODY = f"{MARKER}\nAll 67 scenarios are within their limits."
COMMENTS = r"/issues/7/comments$"
BASELINES = {".github/perf-baselines/h100.json": b'{"scenarios": {}}\n'}
MESSAGE = "Tighten 2 baselines\n\nFrom run 123."


def do_each(hub: GithubHost, check: Check) -> None:
    hub.upsert_comment(7, MARKER, BODY)
    hub.upsert_check(check)
    hub.commit_files("main", check.head_sha, BASELINES, MESSAGE)


def assert_each_once(github: FakeGithub, check: Check) -> None:
    assert github.bodies == [BODY]
    assert [it.said["external_id"] for it in github.checks] == ["123"]
    assert (github.head("main").parent, len(github.commits)) == (check.head_sha, 3)


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after the effect"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_leaves_each_effect_once(
    github: FakeGithub, hub: GithubHost, check: Check, status: int, *, after: bool
):
    """Whether GitHub fails before or after the effect, comment, check and commit are there once."""
    for path in (COMMENTS, r"/check-runs$", r"/graphql$"):
        github.fail_next("POST", path, status, after=after)
    do_each(hub, check)
    assert_each_once(github, check)


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after the effect"])
def test_a_dropped_connection_leaves_each_effect_once(
    github: FakeGithub, hub: GithubHost, check: Check, *, after: bool
):
    """A connection that ends without an answer doubles nothing."""
    for path in (COMMENTS, r"/check-runs$", r"/graphql$"):
        github.drop_next("POST", path, after=after)
    do_each(hub, check)
    assert_each_once(github, check)


def test_two_lost_answers_leave_one_comment(github: FakeGithub, hub: GithubHost):
    """Losing the answer and then failing to look is no reason to write again."""
    github.fail_next("POST", COMMENTS, 502, after=True)
    github.fail_next("GET", COMMENTS, 502, times=3)
    hub.upsert_comment(7, MARKER, BODY)
    assert github.bodies == [BODY]


def test_reading_and_editing_are_repeated(github: FakeGithub, hub: GithubHost):
    """A GET is repeated four times; after a PATCH that failed the comment is looked at anew, twice."""
    github.comment(7, github.login, f"{MARKER} old")
    github.fail_next("GET", COMMENTS, 502, times=4)
    github.fail_next("PATCH", "/issues/comments/", 502, times=2)
    hub.upsert_comment(7, MARKER, BODY)
    assert github.asked == ["GET 502"] * 4 + ["GET 200", "PATCH 502"] * 2 + ["GET 200", "PATCH 200"]


def test_writing_is_given_up_after_three_tries(github: FakeGithub, hub: GithubHost):
    """A GitHub that keeps failing is told in one line, after as many looks as writes."""
    github.fail_next("POST", COMMENTS, 502, times=9)
    with pytest.raises(HostRefused) as refused:
        hub.upsert_comment(7, MARKER, BODY)
    assert github.asked == ["GET 200", "POST 502"] * 3
    assert str(refused.value) == (
        "GitHub did not comment on octo/demo#7: "
        "it is failing (502); run it again later, nothing is done twice"
    )


def test_reading_is_given_up(github: FakeGithub, hub: GithubHost):
    """What PyGithub repeated to the end is not repeated once more by us."""
    github.fail_next("GET", COMMENTS, 502, times=99)
    with pytest.raises(HostRefused, match=r"it does not answer \(RetryError\); run it again later"):
        hub.upsert_comment(7, MARKER, BODY)
    assert github.asked == ["GET 502"] * 5


def test_a_host_that_does_not_listen_is_told():
    """Without a connection there is one line, not a traceback of three libraries."""
    hub = GithubHost("octo/demo", TOKEN, base_url="http://127.0.0.1:1", pace=HASTE)  # port 1: nobody is there
    with pytest.raises(HostRefused, match=r"^GitHub did not comment .* does not answer \(ConnectionError\)"):
        hub.upsert_comment(7, MARKER, BODY)


def test_a_short_rate_limit_is_waited_for(github: FakeGithub, hub: GithubHost):
    """A refused POST did nothing, so it is repeated after the wait that GitHub names."""
    limit = Refused(
        403, "You have exceeded a secondary rate limit. Please wait.", headers={"retry-after": "0"}
    )
    github.refuse_next("POST", COMMENTS, limit)
    hub.upsert_comment(7, MARKER, BODY)
    assert github.asked == ["GET 200", "POST 403", "GET 200", "POST 201"]
    assert github.bodies == [BODY]


@pytest.mark.parametrize(
    ("method", "limit", "seconds"),
    [
        ("POST", Refused(403, "You have exceeded a secondary rate limit."), 60),
        ("GET", Refused(403, "You have exceeded a secondary rate limit."), 60),
        ("POST", Refused(429, "Too many requests", headers={"retry-after": "3600"}), 3600),
        ("POST", Refused(403, "API rate limit exceeded for installation.", headers={"retry-after": "1"}), 1),
    ],
)
def test_a_long_rate_limit_is_told(
    github: FakeGithub, hub: GithubHost, method: str, limit: Refused, seconds: int
):
    """A wait that is longer than the hub's patience is a refusal that names the wait."""
    github.refuse_next(method, COMMENTS, limit)
    with pytest.raises(HostRefused, match=rf"its rate limit is used up; run it again in {seconds} s$"):
        hub.upsert_comment(7, MARKER, BODY)
    assert github.bodies == []


def test_a_graphql_rate_limit_is_told(github: FakeGithub, hub: GithubHost):
    """GraphQL reports the limit with the status 200."""
    error = {"type": "RATE_LIMITED", "message": "API rate limit exceeded"}
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4102444800"}
    github.refuse_next("POST", "/graphql", Refused(200, "", errors=[error], headers=headers))
    with pytest.raises(HostRefused, match=r"^GitHub did not commit to main of octo/demo: its rate limit"):
        hub.commit_files("main", github.head("main").sha, BASELINES, MESSAGE)


@pytest.mark.parametrize("needed", ["pull-requests: write", "checks: write", "contents: write"])
def test_a_missing_permission_is_named(github: FakeGithub, hub: GithubHost, check: Check, needed: str):
    """What the job must be given stands in the message, as its YAML writes it."""
    github.permissions.discard(needed)
    with pytest.raises(
        HostRefused, match=f'the token lacks a permission; give the job "permissions: {{{needed}}}"$'
    ):
        do_each(hub, check)


def test_a_pull_request_that_is_not_there_is_told(hub: GithubHost):
    """404 may mean a wrong name or a token that may not see it: both are said."""
    expected = (
        r"^GitHub did not comment on octo/demo#8: not found; "
        r"check the name, and that the token's permissions include pull-requests: write: Not Found$"
    )
    with pytest.raises(HostRefused, match=expected):
        hub.upsert_comment(8, MARKER, BODY)


def test_a_branch_that_is_not_there_is_told(github: FakeGithub, hub: GithubHost):
    """GraphQL's NOT_FOUND is a refusal too."""
    with pytest.raises(HostRefused, match=r"^GitHub did not commit to nope of octo/demo: not found"):
        hub.commit_files("nope", github.head("main").sha, BASELINES, MESSAGE)


def test_a_token_that_is_not_accepted_is_told(github: FakeGithub, hub: GithubHost):
    """401 says what may have happened to the token."""
    github.refuse_next("GET", COMMENTS, Refused(401, "Bad credentials"))
    with pytest.raises(
        HostRefused, match=r"the token is not accepted; it may have expired: Bad credentials$"
    ):
        hub.upsert_comment(7, MARKER, BODY)


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([{"resource": "Issue", "field": "body", "code": "invalid"}], "Issue body invalid"),
        ([{"message": "Body is\ntoo odd", "code": "custom"}], "Body is too odd"),
        (["No commit found"], "No commit found"),
    ],
)
def test_why_a_request_was_invalid_is_told(
    github: FakeGithub, hub: GithubHost, check: Check, errors: list[object], said: str
):
    """422 comes with details in three shapes; each is told on one line."""
    github.refuse_next("POST", "/check-runs$", Refused(422, "Validation Failed", errors=errors))
    with pytest.raises(HostRefused, match=f": it says 422: Validation Failed / {said}$"):
        hub.upsert_check(check)
