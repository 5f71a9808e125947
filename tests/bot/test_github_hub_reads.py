from datetime import UTC, datetime

import pytest
from github_fake import FakeGithub, Refused
from github_fake.wire import Answer
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused
from ratchet_bot.hosts.states import Pull, Run

FORK = "stranger/demo"


def a_fork(github: FakeGithub, repository: str = FORK, branch: str = "slow") -> None:
    """Let a stranger have pushed to a fork."""
    github.commit(branch, {"src.py": b"1\n"}, "Slow", author="stranger", repository=repository)


def test_a_run_is_told_as_the_host_knows_it(github: FakeGithub, hub: GithubHost):
    """One request; nothing of it is what an artifact claims."""
    a_fork(github)
    made = github.run("slow", repository=FORK)
    assert hub.run(made.id) == Run(
        run_id=made.id,
        attempt=1,
        workflow=".github/workflows/profile.yml",
        event="pull_request",
        status="completed",
        conclusion="success",
        head_sha=made.head_sha,
        head_branch="slow",
        head_repository=FORK,
        created_at=datetime(2026, 5, 17, 12, tzinfo=UTC),
        url=f"https://github.com/octo/demo/actions/runs/{made.id}",
    )
    assert len(github.api_requests) == 1


def test_a_run_of_a_deleted_fork_says_so(github: FakeGithub, hub: GithubHost):
    """`head_repository` is null then, and nobody is asked for its pull requests."""
    made = github.run("work")
    made.head_repository = None
    told = hub.run(made.id)
    assert told.head_repository == ""
    assert hub.pulls_of(told) == []
    assert len(github.api_requests) == 1


def test_a_run_in_progress_has_no_conclusion(github: FakeGithub, hub: GithubHost):
    """What is not over has no verdict."""
    told = hub.run(github.run("work", status="in_progress").id)
    assert (told.status, told.conclusion) == ("in_progress", None)


def test_runs_are_the_latest_of_a_file(github: FakeGithub, hub: GithubHost):
    """Newest first, narrowed down by commit and branch, other workflows left out: one request."""
    first, second = github.run("work"), github.run("work")
    github.run("main")
    github.run("work", workflow=".github/workflows/other.yml")
    found = hub.runs(".github/workflows/profile.yml", head_sha=first.head_sha, branch="work")
    assert [it.run_id for it in found] == [second.id, first.id]
    assert len(github.api_requests) == 1


def test_of_many_runs_a_hundred_are_told(github: FakeGithub, hub: GithubHost):
    """The latest are what matters: one page is read, no more."""
    made = [github.run("main").id for _ in range(150)]
    found = hub.runs("profile.yml")
    assert [it.run_id for it in found] == made[:-101:-1]
    assert len(github.api_requests) == 1


def test_the_pull_request_of_a_run_is_found_by_the_host(github: FakeGithub, hub: GithubHost):
    """Commit, branch and repository of the head are the run's; all is told in one request."""
    a_fork(github)
    made = github.pull("slow", repository=FORK, author="stranger")
    made.labels.append("perf")
    run = hub.run(github.run("slow", repository=FORK).id)
    assert hub.pulls_of(run) == [
        Pull(
            number=8,
            is_open=True,
            head_sha=run.head_sha,
            head_branch="slow",
            head_repository=FORK,
            base_branch="main",
            base_sha=github.branches["main"],
            default_branch="main",
            author="stranger",
            labels=("perf",),
        )
    ]
    assert len(github.api_requests) == 2


def test_a_fork_with_the_same_branch_is_another_pull_request(github: FakeGithub, hub: GithubHost):
    """Branches of two forks, and of one owner's two repositories, may have one name and even one commit."""
    for repository in (FORK, "other/demo", "stranger/demo-2"):
        a_fork(github)
        github.heads(repository)["slow"] = github.heads(FORK)["slow"]
        github.pull("slow", repository=repository)
    run = hub.run(github.run("slow", repository="stranger/demo-2").id)
    assert [it.head_repository for it in hub.pulls_of(run)] == ["stranger/demo-2"]


def test_a_run_that_a_push_has_overtaken_has_no_pull_request(github: FakeGithub, hub: GithubHost):
    """The pull request's head is another commit now; the newer run will report."""
    run = hub.run(github.run("work").id)
    assert [it.number for it in hub.pulls_of(run)] == [7]
    github.commit("work", {"src.py": b"2\n"}, "More")
    assert hub.pulls_of(run) == []


def test_a_closed_pull_request_is_not_a_runs(github: FakeGithub, hub: GithubHost):
    """Only open ones are told."""
    run = hub.run(github.run("work").id)
    github.pulls[7].is_open = False
    assert hub.pulls_of(run) == []


def test_one_branch_into_two_bases_is_two_pull_requests(github: FakeGithub, hub: GithubHost):
    """Both are told."""
    github.branches["release"] = github.branches["main"]
    github.pull("work", base="release")
    found = hub.pulls_of(hub.run(github.run("work").id))
    assert sorted((it.number, it.base_branch) for it in found) == [(7, "main"), (8, "release")]


def test_a_pull_request_of_people_and_forks_that_are_gone(github: FakeGithub, hub: GithubHost):
    """Null accounts and repositories become empty names."""
    it = github.pulls[7]
    it.author, it.head_repository, it.is_open = None, None, False
    told = hub.pull(7)
    assert (told.author, told.head_repository, told.is_open) == ("", "", False)


@pytest.mark.parametrize(
    ("login", "may"),
    [("maintainer", True), ("writer", True), ("owner", True), ("helper", False), ("anybody", False)],
)
def test_who_may_write_is_what_the_api_says(github: FakeGithub, hub: GithubHost, login: str, *, may: bool):
    """Admin, maintain and write may; triage and read may not: one request."""
    github.people |= {"owner": "admin", "helper": "triage"}
    assert hub.may_write(login) is may
    assert len(github.api_requests) == 1


def test_a_login_that_nobody_has_may_not_write(github: FakeGithub, hub: GithubHost):
    """404 is an answer here."""
    github.strangers.add("ghost")
    assert hub.may_write("ghost") is False


def test_a_login_is_one_part_of_the_address(github: FakeGithub, hub: GithubHost):
    """No login leads elsewhere: its slashes and dots are escaped."""
    assert hub.may_write("../../issues/7") is False
    assert hub.may_write("dependabot[bot]") is False
    assert [it.request.path for it in github.log] == [
        "/repos/octo/demo/collaborators/..%2F..%2Fissues%2F7/permission",
        "/repos/octo/demo/collaborators/dependabot%5Bbot%5D/permission",
    ]


def test_a_permission_that_cannot_be_read_is_no_permission(github: FakeGithub, hub: GithubHost):
    """An outage is a refusal, never a yes."""
    github.refuse_next("GET", "/permission$", Refused(403, "Resource not accessible by integration"))
    with pytest.raises(
        HostRefused,
        match=r"^GitHub did not say what writer may do of octo/demo: the token lacks a permission",
    ):
        hub.may_write("writer")


def test_where_a_branch_is(github: FakeGithub, hub: GithubHost):
    """A branch that is not there is None; a slash belongs to the name."""
    github.branches["perf/refresh"] = github.branches["main"]
    assert hub.head("main") == github.branches["main"]
    assert hub.head("perf/refresh") == github.branches["main"]
    assert hub.head("perf") is None


def test_an_answer_of_another_shape_is_told_in_one_line(github: FakeGithub, hub: GithubHost):
    """A GitHub that changes is a refusal that names the field, not a traceback."""
    github.answer_next("GET", "/actions/runs/5$", Answer(200, {"id": 5, "path": "a.yml", "event": None}))
    with pytest.raises(
        HostRefused,
        match=r"^GitHub did not show run 5 of octo/demo: its answer has no event that we know$",
    ):
        hub.run(5)
