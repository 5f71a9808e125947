"""What the nightly refresh proposes first, without a look."""

from dataclasses import replace

from github_fake import FakeGithub, quick_hub
from ratchet_bot.hosts.effects import PullRequest


def test_the_first_proposal_needs_no_look(github: FakeGithub):
    """Where nothing can be open, opening is one request; should there be one after all, it is revised."""
    hub = quick_hub(github)
    github.commit("bot/one", {"a.json": b"{}"}, "Propose")
    asked = PullRequest(branch="bot/one", base="main", title="Propose", body="text")
    first = hub.upsert_pull(asked, is_first=True)
    assert len(github.log) == 1

    again = hub.upsert_pull(replace(asked, body="more"), is_first=True)
    assert (first, github.pulls[first].body) == (again, "more")


def test_a_lost_first_answer_opens_nothing_twice(github: FakeGithub):
    """Opened, and the answer was lost: the second try looks, and finds it."""
    hub = quick_hub(github)
    github.commit("bot/one", {"a.json": b"{}"}, "Propose")
    asked = PullRequest(branch="bot/one", base="main", title="Propose", body="text")
    github.fail_next("POST", r"/pulls$", 502, after=True)
    number = hub.upsert_pull(asked, is_first=True)

    assert [it.number for it in github.pulls.values() if it.head_branch == "bot/one"] == [number]
