"""What the nightly refresh proposes first, without a look."""

from dataclasses import replace

from github_fake import FakeGithub, quick_hub

from bot.hub import Issue, PullRequest


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
    assert github.issues[issue].labels == ["perf"]
