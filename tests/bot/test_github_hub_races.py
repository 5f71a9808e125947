"""Somebody else is faster, between our look and our write."""

import pytest
from github_fake import FakeGithub
from ratchet_bot.hosts.effects import PullRequest
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused

FILES = {"README.md": b"Nights\n"}
PULL = PullRequest(branch="bot", base="main", title="Tighten", body="From run 5.", labels=("perf",))
REFS, GRAPHQL = "/git/refs$", "/graphql$"


def test_two_may_start_a_branch_at_once(github: FakeGithub, hub: GithubHost):
    """The first one's branch is the branch; the second one returns its head and adds nothing."""
    theirs = []
    github.meanwhile("POST", REFS, lambda: theirs.append(github.commit("perf-history", {"a": b"1"}, "Mine")))
    assert hub.start_branch("perf-history", FILES, "Begin") == theirs[0] == github.branches["perf-history"]


def test_a_started_branch_has_no_past(github: FakeGithub, hub: GithubHost):
    """One commit without a parent, with the files and nothing of "main"."""
    sha = hub.start_branch(
        "perf-history", {**FILES, "h100/2026-05.jsonl": b"", "x": b"\xff"}, "Begin\n\nNow."
    )
    head = github.head("perf-history")
    assert (head.sha, head.parent, head.message) == (sha, "", "Begin\n\nNow.")
    assert head.files == {**FILES, "h100/2026-05.jsonl": b"", "x": b"\xff"}


def test_a_branch_that_is_there_is_not_started(github: FakeGithub, hub: GithubHost):
    """One request that looks; what is on it stays."""
    assert hub.start_branch("work", FILES, "Begin") == github.branches["work"]
    assert github.api_requests == ["GET /repos/octo/demo/git/ref/heads/work 200"]


def test_two_may_open_a_pull_request_at_once(github: FakeGithub, hub: GithubHost):
    """GitHub refuses the second (422); theirs then says what ours would have said."""
    github.commit("bot", FILES, "Propose")
    github.meanwhile("POST", "/pulls$", lambda: github.pull("bot", author=github.login))
    assert hub.upsert_pull(PULL) == 8
    assert [(it.title, it.body, it.labels) for it in github.pulls.values()][1:] == [
        ("Tighten", "From run 5.", ["perf"])
    ]


def test_a_pull_request_without_commits_is_told(github: FakeGithub, hub: GithubHost):
    """Another 422 is a refusal in GitHub's own words."""
    github.branches["bot"] = github.branches["main"]
    with pytest.raises(
        HostRefused,
        match=r"^GitHub did not propose bot of octo/demo: it says 422: Validation Failed / No commits ",
    ):
        hub.upsert_pull(PULL)
    assert list(github.pulls) == [7]


def test_a_repository_that_forbids_bots_pull_requests_is_told(github: FakeGithub, hub: GithubHost):
    """The setting is named, with where it is."""
    github.commit("bot", FILES, "Propose")
    github.may_open_pulls = False
    with pytest.raises(HostRefused) as refused:
        hub.upsert_pull(PULL)
    assert str(refused.value) == (
        "GitHub did not propose bot of octo/demo: in Settings > Actions > General, "
        'tick "Allow ... to create and approve pull requests"'
    )


def test_a_branch_made_meanwhile_is_left_alone(github: FakeGithub, hub: GithubHost):
    """A branch that was not there at our look, and is elsewhere at our write, is somebody else's."""
    github.meanwhile("POST", GRAPHQL, lambda: github.commit("bot", FILES, "Theirs"), skip=1)
    with pytest.raises(
        HostRefused, match=r"^bot is there already, at [0-9a-f]{7}; look at it, then ask again$"
    ):
        hub.reset_branch("bot", None, github.branches["work"])
    assert github.head("bot").message == "Theirs"


def test_a_branch_moved_meanwhile_is_left_alone(github: FakeGithub, hub: GithubHost):
    """A person has pushed to the bot's branch between look and write: nothing is forced over it."""
    before = github.commit("bot", FILES, "Ours")
    github.meanwhile(
        "POST", GRAPHQL, lambda: github.commit("bot", {"a": b"1"}, "A person's", author="writer"), skip=1
    )
    with pytest.raises(HostRefused, match=f"^bot has moved on since {before[:7]}: it is at "):
        hub.reset_branch("bot", before, github.branches["main"])
    assert github.head("bot").message == "A person's"


def test_a_branch_moved_before_is_left_alone(github: FakeGithub, hub: GithubHost):
    """GitHub refuses to move it, since it is not where we think."""
    before = github.commit("bot", FILES, "Ours")
    now = github.commit("bot", {"a": b"1"}, "A person's", author="writer")
    with pytest.raises(HostRefused, match=f"^bot has moved on since {before[:7]}: it is at "):
        hub.reset_branch("bot", before, github.branches["main"])
    assert github.branches["bot"] == now


def test_a_branch_that_is_gone_is_told(github: FakeGithub, hub: GithubHost):
    """Deleted meanwhile is not where we think either."""
    with pytest.raises(HostRefused, match=r"^bot is gone since it was at 1234567; look why, then ask again$"):
        hub.reset_branch("bot", "1234567" + "0" * 33, github.branches["main"])


def test_a_branch_that_is_where_it_shall_be_is_fine(github: FakeGithub, hub: GithubHost):
    """Whoever has moved it there."""
    github.meanwhile("POST", GRAPHQL, lambda: github.branches.update(bot=github.branches["work"]), skip=1)
    hub.reset_branch("bot", None, github.branches["work"])
    hub.reset_branch("bot", github.branches["main"], github.branches["work"])
    assert github.branches["bot"] == github.branches["work"]


def test_moving_a_branch_can_go_back(github: FakeGithub, hub: GithubHost):
    """A reset is no fast forward: that is what the expected head is for."""
    before = github.commit("bot", FILES, "Ours")
    hub.reset_branch("bot", before, github.branches["main"])
    assert github.branches["bot"] == github.branches["main"]


def test_a_token_that_may_not_move_branches_is_told(github: FakeGithub, hub: GithubHost):
    """GraphQL's FORBIDDEN names the permission."""
    github.permissions.discard("contents: write")
    with pytest.raises(HostRefused, match=r'^GitHub did not move bot .* "permissions: \{contents: write\}"$'):
        hub.reset_branch("bot", None, github.branches["work"])


def test_a_revision_sees_what_is_said_now(github: FakeGithub, hub: GithubHost):
    """A newer report that was written between our failed write and our second try stays."""
    marker = "<!-- perf-ratchet -->"
    comment = github.comment(7, github.login, f"{marker} run 1")
    github.fail_next("PATCH", "/issues/comments/", 502)
    github.meanwhile("GET", "/comments$", lambda: setattr(comment, "body", f"{marker} run 3"), skip=1)
    seen = []

    def revise(body: str | None) -> str | None:
        seen.append(body)
        return None if body == f"{marker} run 3" else f"{marker} run 2"

    hub.revise_comment(7, marker, revise)
    assert seen == [f"{marker} run 1", f"{marker} run 3"]
    assert comment.body == f"{marker} run 3"
