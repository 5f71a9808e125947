"""What a night costs on two kinds of hardware, whatever the number of scenarios."""

from collections.abc import Mapping

from github_fake import FakeGithub
from night_story import TWO_KINDS, Story

MOST_REQUESTS = 20
SCENARIOS = 67
BEGIN, OPENING = 28, 43
"""The first night of the history, and the first that is counted: two months, whose files GraphQL cuts."""
KINDS = ("h100", "ascend")
FASTER = {"s1": 0.8}
SLOWER = {"s2": 1.2}
EARLIER = {"s5": 1.2}
"""What became slower a night before that."""


def story_of(github: FakeGithub) -> Story:
    github.graphql_text_limit = 100_000
    names = [f"s{number}" for number in range(SCENARIOS)]
    return Story(github, names, TWO_KINDS, hardware=KINDS)


def cost(story: Story, night: int, scales: Mapping[str, float]) -> int:
    """Let a night pass; return how many requests it asked of the API."""
    run = story.ran(night, scales)
    before = len(story.github.api_requests)
    story.refreshed(run)
    return len(story.github.api_requests[before:])


def open_ones(story: Story) -> list[str]:
    """Return the titles of what is open."""
    issues = story.github.issues.values()
    return [it.title for it in [*story.pulls, *issues] if it.is_open]


def test_the_first_night_of_all(github: FakeGithub):
    """The branch of the history is made, and a pull request opened on each hardware."""
    story = story_of(github)

    assert cost(story, 1, FASTER) == 16 <= MOST_REQUESTS
    assert open_ones(story) == ["Tighten 1 baseline on h100", "Tighten 1 baseline on ascend"]


def test_nights_that_open_change_and_close_all_there_is(github: FakeGithub):
    """On each hardware a pull request and two issues: opened, changed, closed, all issues in one request."""
    story = story_of(github)
    story.remember(OPENING - 2 - BEGIN, BEGIN)
    story.night(OPENING - 2, EARLIER)
    first_issues = cost(story, OPENING - 1, EARLIER | SLOWER)
    for kind in KINDS:  # the branches of earlier pull requests
        github.commit(f"perf-ratchet/tighten-{kind}", {"x": b""}, "Old")

    opening = cost(story, OPENING, FASTER | EARLIER | SLOWER)
    assert open_ones(story) == [
        "Tighten 1 baseline on h100",
        "Tighten 1 baseline on ascend",
        "Slower on h100 since 2026-11-10: s5",
        "Slower on ascend since 2026-11-10: s5",
        "Slower on h100 since 2026-11-11: s2",
        "Slower on ascend since 2026-11-11: s2",
    ]
    changing = cost(story, OPENING + 1, FASTER | EARLIER | SLOWER | {"s3": 0.7})
    assert open_ones(story)[:2] == ["Tighten 2 baselines on h100", "Tighten 2 baselines on ascend"]
    story.night(OPENING + 2, FASTER)
    closing = cost(story, OPENING + 3, {})
    assert open_ones(story) == []
    assert (first_issues, opening, changing, closing) == (13, 18, 18, 16)
    assert max(first_issues, opening, changing, closing) <= MOST_REQUESTS
