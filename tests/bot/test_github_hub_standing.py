"""How a pull request stands, and a reply: each in one request."""

import pytest
from github_fake import FakeGithub
from ratchet_bot.data.events import CommandComment
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.github.graphql_models import GraphqlCommit

MARKER = "<!-- perf-ratchet:answer 1 -->"


def command_comment(comment_id: int, **nodes: str) -> CommandComment:
    """Return a person's comment on #7, which GraphQL calls so."""
    return CommandComment(
        repository="o/r", pull=7, comment_id=comment_id, author="ann", body="/perf-help", **nodes
    )


def test_a_pull_request_stands_as_rest_tells_it(github: FakeGithub, hub: GithubHost):
    """The same pull request, with its commits, its base's head, and our own branch with its pull request."""
    github.pulls[7].labels.append("perf")
    branch = github.commit("bot", {"a": b"1"}, "Ours")
    ours = github.pull("bot", author="github-actions[bot]")
    found = hub.pull_state(7, "README.md", "bot")

    assert len(github.api_requests) == 1
    assert found.pull == hub.pull(7)
    assert [it.message.strip() for it in found.commits] == ["Work"]
    assert (found.base_head, found.config) == (github.branches["main"], b"# demo\n")
    assert found.own is not None
    assert (found.own.head, found.own.pull) == (branch, hub.pull(ours.number))


def test_an_open_pull_request_comes_before_a_newer_closed_one(github: FakeGithub, hub: GithubHost):
    """And without any branch of ours there is none."""
    github.commit("bot", {"a": b"1"}, "Ours")
    older, newer = github.pull("bot"), github.pull("bot", base="work")
    newer.is_open = False
    found = hub.pull_state(7, "README.md", "bot").own

    assert found is not None
    assert found.pull is not None
    assert found.pull.number == older.number
    assert hub.pull_state(7, "README.md", "nothing").own is None


@pytest.mark.parametrize(
    ("user", "expected"), [({"login": "writer"}, "writer"), (None, "github-actions[bot]")]
)
def test_an_account_goes_before_a_name_that_anyone_may_choose(user: dict[str, str] | None, expected: str):
    """Git's name is believed only where there is no account: an app has none."""
    day = "2026-05-17T12:00:00Z"
    author = {"name": "github-actions[bot]", "user": user}
    told = {"oid": "a", "message": "m", "author": author, "authoredDate": day, "committedDate": day}

    assert GraphqlCommit.model_validate(told).as_state().author == expected


@pytest.mark.parametrize(("committed", "expected"), [("12:00:00", True), ("12:00:01", False)])
def test_a_commit_that_was_amended_is_told(committed: str, *, expected: bool):
    """Git keeps when it was made at first, and dates the commit anew."""
    told = {"oid": "a", "message": "m", "author": None, "authoredDate": "2026-05-17T12:00:00Z"}

    commit = GraphqlCommit.model_validate({**told, "committedDate": f"2026-05-17T{committed}Z"})
    assert commit.as_state().is_as_made is expected


@pytest.mark.parametrize("after", [False, True])
def test_a_reply_whose_answer_is_lost_is_there_once(github: FakeGithub, hub: GithubHost, *, after: bool):
    """One comment and one reaction, whether GitHub had done both or none."""
    asked = github.comment(7, "writer", "/perf-help")
    github.fail_next("POST", "/graphql$", 502, after=after)
    comment = command_comment(asked.id, pull_node="PR_7", comment_node=f"IC_{asked.id}")
    hub.reply(comment, MARKER, f"{MARKER}\nhello", "rocket", is_first=True)

    assert [it.body for it in github.comments if it.author == github.login] == [f"{MARKER}\nhello"]
    assert asked.reactions == [(github.login, "rocket")]


def test_a_reply_without_names_of_graphql_is_two_requests(github: FakeGithub, hub: GithubHost):
    """What the payload does not tell is not needed."""
    asked = github.comment(7, "writer", "/perf-help")
    hub.reply(command_comment(asked.id), MARKER, f"{MARKER}\nhello", "-1", is_first=True)

    assert asked.reactions == [(github.login, "-1")]
    assert "POST /graphql 200" not in github.api_requests


def test_a_branch_is_compared_as_a_branch(github: FakeGithub, hub: GithubHost):
    """Its name alone might be a tag's, or the beginning of a SHA; a full SHA is itself."""
    head = github.branches["work"]
    hub.merge_base("main", head)

    assert github.api_requests == [f"GET /repos/octo/demo/compare/refs%2Fheads%2Fmain...{head} 200"]
