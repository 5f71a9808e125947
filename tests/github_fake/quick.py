"""The hub as tests want it: asking the fake, and never pausing."""

from typing import Any

from ratchet_bot.hosts.effects import Check
from ratchet_bot.hosts.github import GithubHost, Pace

from github_fake.server import FakeGithub

TOKEN = "ghs_a-token-that-must-not-be-seen"  # noqa: S105 - opens nothing
HASTE = Pace(between_requests=0, between_writes=0, before_retry=0, for_rate_limit=0, for_answer=1)


def quick_hub(github: FakeGithub, repository: str | None = None) -> GithubHost:
    """Return a hub on the fake's repository, in the name of the fake's bot."""
    return GithubHost(
        repository or github.repository, TOKEN, login=github.login, base_url=github.url, pace=HASTE
    )


def a_check(head_sha: str, **changed: Any) -> Check:
    """Return a check of this commit, different from the usual one where told."""
    usual = {
        "name": "perf-ratchet (h100)",
        "head_sha": head_sha,
        "conclusion": "failure",
        "title": "1 scenario regressed",
        "summary": "| scenario | change |",
        "external_id": "123",
    }
    return Check(**(usual | changed))
