import pytest
from ratchet_bot.hosts.github.failures import NO_ANSWER, ApiCall, Failure, failure_from_answer

ERRAND = ApiCall("comment on octo/demo#7", "pull-requests: write")
LIMIT = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
PAST, FUTURE = "1000000000", "4102444800"  # seconds: 2001, 2100


@pytest.mark.parametrize(
    ("failure", "wait_s"),
    [
        pytest.param(Failure(status=NO_ANSWER, message="ReadTimeout"), 2.0, id="no answer"),
        pytest.param(
            Failure(status=NO_ANSWER, message="RetryError", was_repeated=True), None, id="to the end"
        ),
        pytest.param(Failure(status=502, message="Server Error"), 2.0, id="outage"),
        pytest.param(
            Failure(status=400, message="Something went wrong while executing your query. x"),
            2.0,
            id="GraphQL",
        ),
        pytest.param(Failure(status=404, message="Not Found"), None, id="not found"),
        pytest.param(
            Failure(status=403, message="Resource not accessible by integration"), None, id="forbidden"
        ),
        pytest.param(Failure(status=403, message=LIMIT), 60.0, id="403 that names no wait"),
        pytest.param(Failure(status=429, message="Too many"), 60.0, id="429 that names no wait"),
        pytest.param(
            Failure(status=403, message="x", headers={"retry-after": "7"}), 7.0, id="403 with a wait"
        ),
        pytest.param(
            Failure(status=429, message="x", headers={"retry-after": "7"}), 7.0, id="429 with a wait"
        ),
        pytest.param(
            Failure(status=429, message="x", headers={"retry-after": "120"}), 120.0, id="just in time"
        ),
        pytest.param(Failure(status=429, message="x", headers={"retry-after": "121"}), None, id="too long"),
        pytest.param(
            Failure(
                status=403,
                message="API rate limit exceeded for x",
                headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": PAST},
            ),
            0.0,
            id="reset already",
        ),
        pytest.param(
            Failure(
                status=403,
                message="API rate limit exceeded for x",
                headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": FUTURE},
            ),
            None,
            id="reset in a lifetime",
        ),
        pytest.param(
            Failure(
                status=403,
                message=LIMIT,
                headers={"x-ratelimit-remaining": "4000", "x-ratelimit-reset": FUTURE},
            ),
            60.0,
            id="a secondary limit has no reset",
        ),
        pytest.param(
            Failure(status=400, message="x", kinds=frozenset({"RATE_LIMITED"})), 60.0, id="GraphQL limit"
        ),
        pytest.param(Failure(status=429, message="x", headers={"retry-after": "soon"}), 60.0, id="no number"),
    ],
)
def test_when_to_ask_again(failure: Failure, wait_s: float | None):
    """After an outage soon; after a limit as long as GitHub says, within two minutes; else never."""
    assert failure.wait_s(before_retry_s=2.0, longest_s=120.0) == wait_s


@pytest.mark.parametrize(
    ("data", "said", "kinds"),
    [
        ({"message": "Not Found"}, "Not Found", set()),
        (
            {"message": "Validation Failed", "errors": ["a", {"field": "b", "code": "c"}]},
            "Validation Failed / a / b c",
            set(),
        ),
        (
            {"errors": [{"type": "STALE_DATA", "message": "Expected\nbranch"}]},
            "Expected branch",
            {"STALE_DATA"},
        ),
        ({"errors": "odd", "message": None}, "nothing more", set()),
        ("<html>\n  <h1>Bad gateway</h1>", "<html> <h1>Bad gateway</h1>", set()),
        ("x" * 1_000, "x" * 300, set()),
        (None, "nothing more", set()),
        ([], "nothing more", set()),
    ],
)
def test_what_github_says_is_one_short_line(data: object, said: str, kinds: set[str]):
    """REST, GraphQL, and what a proxy puts in their place."""
    failure = failure_from_answer(500, {"Retry-After": 5}, data)
    assert (failure.message, failure.kinds, failure.headers) == (said, kinds, {"retry-after": "5"})


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (
            Failure(status=NO_ANSWER, message="ReadTimeout"),
            "it does not answer (ReadTimeout); run it again later, nothing is done twice",
        ),
        (
            Failure(status=403, message="Resource not accessible by personal access token"),
            'the token lacks a permission; give the job "permissions: {pull-requests: write}"',
        ),
        (Failure(status=403, message=LIMIT), "its rate limit is used up; run it again in 60 s"),
        (Failure(status=503, message="x"), "it is failing (503); run it again later, nothing is done twice"),
        (
            Failure(status=401, message="Bad credentials"),
            "the token is not accepted; it may have expired: Bad credentials",
        ),
        (Failure(status=410, message="Gone"), "it has expired; run the workflow again: Gone"),
        (Failure(status=422, message="Body is too long"), "it says 422: Body is too long"),
    ],
)
def test_why_and_what_to_do(failure: Failure, reason: str):
    """Each kind of failure says what a person can do about it."""
    assert failure.reason(ERRAND) == reason
