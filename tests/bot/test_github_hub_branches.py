"""Branches and pull requests of GitHub, as the nightly refresh sees them."""

from dataclasses import replace

from github_fake import FakeGithub, quick_hub

from bot.hub import Issue, PullRequest


def propose(github: FakeGithub, branch: str) -> int:
    """Open a pull request of a branch with a commit of its own."""
    github.commit(branch, {"a.json": b"{}"}, "Propose")
    return quick_hub(github).upsert_pull(
        PullRequest(branch=branch, base="main", title="Propose", body="text")
    )


def test_heads_come_in_one_request(github: FakeGithub):
    """Where several branches are is one question; a branch that is not there is None."""
    found = quick_hub(github).heads(["main", "work", "never"])

    assert found == {"main": github.branches["main"], "work": github.branches["work"], "never": None}
    assert len(github.log) == 1
    assert quick_hub(github).heads([]) == {}
    assert len(github.log) == 1


def test_the_open_pull_request_is_the_latest(github: FakeGithub):
    """An open pull request counts before closed ones, and of those the newest; of a fork's none."""
    hub = quick_hub(github)
    assert hub.latest_pull("bot/one") is None

    first = propose(github, "bot/one")
    github.pulls[first].is_open = False
    second = propose(github, "bot/one")
    found = hub.latest_pull("bot/one")
    assert found is not None
    assert (found.number, found.is_open) == (second, True)

    github.pulls[second].is_open = False
    github.commit("bot/one", {"a.json": b"[]"}, "Fork", repository="octo/fork")
    github.pull("bot/one", repository="octo/fork")
    closed = hub.latest_pull("bot/one")
    assert closed is not None
    assert (closed.number, closed.is_open) == (second, False)


def test_the_first_proposal_needs_no_look(github: FakeGithub):
    """Where nothing can be open, opening is one request; should there be one after all, it is revised."""
    hub = quick_hub(github)
    github.commit("bot/one", {"a.json": b"{}"}, "Propose")
    asked = PullRequest(branch="bot/one", base="main", title="Propose", body="text")
    first = hub.upsert_pull(asked, is_first=True)
    said = Issue(marker="<!-- x -->", title="Slower", body="<!-- x -->", labels=("perf",))
    hub.upsert_issue(said, is_first=True)
    assert len(github.log) == 2

    again = hub.upsert_pull(replace(asked, body="more"), is_first=True)
    assert (first, github.pulls[first].body) == (again, "more")


def test_a_lost_first_answer_opens_nothing_twice(github: FakeGithub):
    """Opened, and the answer was lost: the second try looks, and finds it."""
    hub = quick_hub(github)
    github.commit("bot/one", {"a.json": b"{}"}, "Propose")
    asked = PullRequest(branch="bot/one", base="main", title="Propose", body="text")
    said = Issue(marker="<!-- x -->", title="Slower", body="<!-- x -->", labels=("perf",))
    github.fail_next("POST", r"/pulls$", 502, after=True)
    github.fail_next("POST", r"/issues$", 502, after=True)
    number, issue = hub.upsert_pull(asked, is_first=True), hub.upsert_issue(said, is_first=True)

    assert [it.number for it in github.pulls.values() if it.head_branch == "bot/one"] == [number]
    assert list(github.issues) == [issue]
    assert hub.open_issues("perf")[0].labels == ("perf",)
