"""The hub on GitHub, through PyGithub: the only file that names `github`.

A lost answer never doubles an effect. What is safe to repeat (GET, PATCH) PyGithub repeats. A POST is never
repeated blindly: its answer lost, the whole effect starts anew, and every effect looks before it writes.
"""

import hashlib
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from github import Auth, Github, GithubException, GithubRetry, RateLimitExceededException
from github.CheckRun import CheckRun
from github.Commit import Commit
from github.IssueComment import IssueComment
from requests.exceptions import RequestException, RetryError

from bot.hub import Check, HubRefused

COMMENT_LIMIT: Final = 65_536  # characters; GitHub answers 422 "Body is too long" beyond
SUMMARY_LIMIT: Final = 65_535  # characters; maxLength in GitHub's OpenAPI description of a check run
TRIES: Final = 3  # of one effect. Chosen: a longer incident is a matter for the next run
REPEATS: Final = 4  # of a GET or PATCH that fails. Chosen: with the pauses between them about half a minute
TIMEOUT_S: Final = 30  # for one answer. Chosen: GitHub itself gives up after 10 s
UNTOLD_RATE_WAIT_S: Final = 60  # docs.github.com/rest/using-the-rest-api/rate-limits: "at least one minute"
SAID_LIMIT: Final = 300  # characters of GitHub's own words. Chosen: one line of a log

_Failure = GithubException | RequestException

_ADVICE: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "the token is not accepted; it may have expired",
    HTTPStatus.NOT_FOUND: "not found; check the name, and that the token's permissions include {needs}",
}


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How gently GitHub is asked, in seconds. The defaults are what GitHub asks of integrations.

    Source: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """

    between_requests: float = 0.25
    between_writes: float = 1.0
    before_retry: float = 2.0
    """After a lost answer. Chosen: what was written then shows when we look."""
    for_rate_limit: float = 120.0
    """The longest wait for a rate limit. Chosen: beyond it, a later run is cheaper than a waiting one."""


@dataclass(frozen=True)
class _Errand:
    """What is asked of GitHub, in the words of a refusal: "GitHub did not `doing`: ... `needs`"."""

    doing: str
    needs: str
    """Permission of a workflow job, as its YAML says it."""


class GithubHub:
    """One repository on GitHub. Implements `bot.hub.Hub`."""

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        login: str = "github-actions[bot]",
        base_url: str = "https://api.github.com",
        pace: Pace = Pace(),
    ) -> None:
        """Ask nothing yet.

        Args:
            repository: "owner/name".
            token: Appears in no message and no repr.
            login: Who comments with this token; the default is a workflow's own GITHUB_TOKEN.
            base_url: Workflows know it as GITHUB_API_URL.
            pace: How gently to ask.

        Raises:
            HubRefused: there is no token.
        """
        if not token:
            raise HubRefused("there is no token for GitHub: give the step GITHUB_TOKEN")
        self._repository = repository
        self._token = token
        self._login = login
        self._pace = pace
        self._repo = _client(token, base_url, pace).get_repo(repository)

    def upsert_comment(self, pull: int, marker: str, body: str) -> str:
        """Make the bot's one comment on a pull request say this. See `bot.hub.Hub`."""
        if not marker or not body.startswith(marker):
            raise ValueError("a comment begins with its marker, or it is not found again")
        _require_length("the comment", body, COMMENT_LIMIT)
        errand = _Errand(f"comment on {self._repository}#{pull}", "pull-requests: write")
        return self._settle(errand, lambda: self._comment(pull, marker, body))

    def upsert_check(self, check: Check) -> str:
        """Make the commit's check of this name and external id say this. See `bot.hub.Hub`."""
        _require_length("the summary of the check", check.summary, SUMMARY_LIMIT)
        errand = _Errand(f"check {check.head_sha[:7]} of {self._repository}", "checks: write")
        return self._settle(errand, lambda: self._check(check))

    def commit_files(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Put files on a branch in one commit, only if it still points where we think. See `bot.hub.Hub`."""
        errand = _Errand(f"commit to {branch} of {self._repository}", "contents: write")
        return self._settle(errand, lambda: self._commit(branch, expected_head, files, message))

    def _settle(self, errand: _Errand, effect: Callable[[], str], tries: int = TRIES) -> str:
        """Try until GitHub answers. Each try looks before it writes, so a lost answer doubles nothing."""
        try:
            return effect()
        except (GithubException, RequestException) as error:
            wait_s = _wait_s(error, self._pace)
            if tries == 1 or wait_s is None:
                line = f"GitHub did not {errand.doing}: {_reason(error, errand)}"
                raise HubRefused(line.replace(self._token, "***")) from error
        time.sleep(wait_s)
        return self._settle(errand, effect, tries - 1)

    def _comment(self, pull: int, marker: str, body: str) -> str:
        issue = self._repo.get_issue(pull)
        # GitHub lists the oldest first: should there be two of ours, the first one is the comment.
        ours = next((it for it in issue.get_comments() if self._is_ours(it, marker)), None)
        if ours is None:
            return issue.create_comment(body).html_url
        if ours.body != body:
            ours.edit(body)
        return ours.html_url

    def _is_ours(self, comment: IssueComment, marker: str) -> bool:
        # The author of a deleted account may be null.
        return getattr(comment.user, "login", None) == self._login and (comment.body or "").startswith(marker)

    def _check(self, check: Check) -> str:
        commit = self._repo.get_commit(check.head_sha)
        # "all", since by default GitHub shows only the latest run of a name and ours may be older.
        known = commit.get_check_runs(check_name=check.name, filter="all")
        ours = next((it for it in known if it.external_id == check.external_id), None)
        output = {"title": check.title, "summary": check.summary}
        said: dict[str, Any] = {"status": "completed", "conclusion": check.conclusion, "output": output}
        if ours is None:
            said |= {"external_id": check.external_id}
            ours = self._repo.create_check_run(check.name, check.head_sha, **said)
        elif not _says(ours, check):
            ours.edit(**said)
        return ours.html_url

    def _commit(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Commit. GitHub itself looks before it writes: the head must be the expected one."""
        headline, _, rest = message.partition("\n")
        additions = [{"path": path, "contents": b64encode(files[path]).decode()} for path in files]
        asked = {
            "branch": {"repositoryNameWithOwner": self._repository, "branchName": branch},
            "expectedHeadOid": expected_head,
            "message": {"headline": headline, "body": rest.strip("\n")},
            "fileChanges": {"additions": additions},
        }
        mutate = self._repo.requester.graphql_named_mutation
        try:
            _, made = mutate("createCommitOnBranch", asked, "commit { oid }")
        except GithubException as error:
            if "STALE_DATA" not in _error_types(error):
                raise
            return self._head_if_ours(branch, expected_head, files, message)
        return str(made["commit"]["oid"])

    def _head_if_ours(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Return the head of the branch if it is the very commit that was asked for: its answer was lost."""
        head = self._repo.get_commit(f"heads/{branch}")
        follows = [parent.sha for parent in head.parents] == [expected_head]
        says = head.commit.message.split() == message.split()  # GitHub sets the blank lines its own way
        if follows and says and _changes_only(head, files):
            return head.sha
        since, now = expected_head[:7], head.sha[:7]
        raise HubRefused(f"{branch} has moved on since {since}: it is at {now}; look at it, then ask again")


def _client(token: str, base_url: str, pace: Pace) -> Github:
    """Return a client that sends nothing by itself (lazy) and repeats only what is safe to repeat."""
    retry = GithubRetry(
        total=REPEATS,
        backoff_factor=pace.before_retry,
        allowed_methods={"GET", "HEAD", "PUT", "PATCH"},  # PyGithub adds POST, and doubled comments with it
        max_rate_limit_wait=pace.for_rate_limit,
    )
    # An attribute, since older urllib3 has no such argument. Without it a Retry-After may cost hours.
    retry.retry_after_max = int(pace.for_rate_limit)
    return Github(
        auth=Auth.Token(token),
        base_url=base_url,
        timeout=TIMEOUT_S,
        user_agent="perf-ratchet",
        per_page=100,  # the most that GitHub gives
        retry=retry,
        seconds_between_requests=pace.between_requests,
        seconds_between_writes=pace.between_writes,
        lazy=True,
        api_version="2022-11-28",
    )


def _require_length(what: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise HubRefused(f"{what} has {len(text):,} characters and GitHub takes {limit:,}: shorten it")


def _says(run: CheckRun, check: Check) -> bool:
    said = (run.status, run.conclusion, run.output.title, run.output.summary)
    return said == ("completed", check.conclusion, check.title, check.summary)


def _changes_only(commit: Commit, files: Mapping[str, bytes]) -> bool:
    """Whether each file that the commit changes is one of ours, with our content."""
    ours = {(path, _blob_sha(content)) for path, content in files.items()}
    return {(file.filename, file.sha) for file in commit.files} <= ours


def _blob_sha(content: bytes) -> str:
    """Return the name that git gives to this content. Source: `git help hash-object`."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _wait_s(error: _Failure, pace: Pace) -> float | None:
    """Return the seconds after which to try again, or None when that would change nothing."""
    if isinstance(error, RetryError):
        return None
    if isinstance(error, RequestException) or _is_outage(error):
        return pace.before_retry
    if not _is_rate_limit(error):
        return None
    wait_s = _rate_limit_wait_s(error.headers or {})
    return wait_s if wait_s <= pace.for_rate_limit else None


def _is_outage(error: GithubException) -> bool:
    """Whether nobody knows what became of the request. A GraphQL timeout says so under the status 200."""
    graphql_timeout = _said(error).startswith("Something went wrong while executing your query")
    return graphql_timeout or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _is_rate_limit(error: GithubException) -> bool:
    too_many = error.status == HTTPStatus.TOO_MANY_REQUESTS or "RATE_LIMITED" in _error_types(error)
    return too_many or isinstance(error, RateLimitExceededException)


def _rate_limit_wait_s(headers: Mapping[str, str | int]) -> float:
    retry_after = str(headers.get("retry-after", ""))
    reset = str(headers.get("x-ratelimit-reset", ""))
    if retry_after.isdigit():
        return float(retry_after)
    if str(headers.get("x-ratelimit-remaining")) == "0" and reset.isdigit():
        return max(0.0, float(reset) - time.time())
    return UNTOLD_RATE_WAIT_S


def _reason(error: _Failure, errand: _Errand) -> str:
    """Return why, and what to do about it."""
    if isinstance(error, RequestException):
        return f"it does not answer ({type(error).__name__}); run it again later, nothing is done twice"
    said = _said(error)
    if "not accessible by" in said:
        return f'the token may not; give the job "permissions: {{{errand.needs}}}"'
    if _is_rate_limit(error):
        wait_s = _rate_limit_wait_s(error.headers or {})
        return f"its rate limit is used up; run it again in {wait_s:.0f} s"
    if _is_outage(error):
        return f"it is failing ({error.status}); run it again later, nothing is done twice"
    advice = _ADVICE.get(error.status, f"it says {error.status}")
    return f"{advice.format(needs=errand.needs)}: {said}"


def _error_types(error: GithubException) -> set[str]:
    """Return what GraphQL calls the errors, such as STALE_DATA."""
    return {str(it.get("type")) for it in _errors(error) if isinstance(it, dict)}


def _errors(error: GithubException) -> list[Any]:
    found = error.data.get("errors") if isinstance(error.data, dict) else None
    return found if isinstance(found, list) else []


def _said(error: GithubException) -> str:
    """Return GitHub's own words on one line. REST has "message" and "errors", GraphQL only "errors"."""
    details = [
        str(it.get("message") or " ".join(map(str, it.values()))) if isinstance(it, dict) else str(it)
        for it in _errors(error)
    ]
    message = error.data.get("message") if isinstance(error.data, dict) else error.message
    words = " ".join(" / ".join(filter(None, [str(message or ""), *details])).split())
    return words[:SAID_LIMIT] or "nothing more"
