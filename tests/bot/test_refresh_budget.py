"""What a night costs, whatever the number of scenarios."""

import pytest
from builders import make_record
from github_fake import FakeGithub, quick_hub
from night_story import Story, measured

from bot.history import HistoryLine, appended, path_of
from bot.nightly.lines import lines_of

NIGHTS = 59
MOST_REQUESTS = 20
SCENARIOS = 67


def factor(line: HistoryLine, night: int) -> float:
    """Return how fast a scenario is in a night: two of them change two nights before this one."""
    if night > NIGHTS - 2:
        return {"s1": 0.8, "s2": 1.2}.get(line.scenario, 1.0)
    return 1.0 + 0.002 * ((night + len(line.scenario)) % 3 - 1)


def remember(story: Story) -> None:
    """Let two months have passed, as the history tells of them."""
    run = story.ran(1)
    record = make_record(*(measured(name, 1) for name in story.names))
    some = lines_of(quick_hub(story.github).run(run.id), "h100", [record], "host")
    files: dict[str, list[HistoryLine]] = {}
    for night in range(1, NIGHTS + 1):
        ran = quick_hub(story.github).run(story.ran(night).id) if night > NIGHTS - 3 else None
        when = (
            ran.created_at
            if ran
            else some[0].captured_at.replace(month=10 + (night > 31), day=(night - 1) % 31 + 1)
        )
        for line in some:
            values = {field: ms * factor(line, night) for field, ms in line.values.items()}
            said = {"captured_at": when, "run_id": night, "values": values, "runner": "h100-node-7"}
            files.setdefault(path_of("h100", when), []).append(line.model_copy(update=said))
    texts = {path: appended("", found).encode() for path, found in files.items()}
    story.github.commit("perf-history", texts, "Nights")


@pytest.mark.parametrize("was_there", [False, True])
def test_a_night_costs_twenty_requests_at_most(github: FakeGithub, was_there: bool):  # noqa: FBT001 - a case
    """A pull request and an issue opened in one night, of 67 scenarios and two months that GraphQL cuts."""
    story = Story(github, [f"s{number}" for number in range(SCENARIOS)])
    remember(story)
    if was_there:  # the branch of an earlier pull request
        github.commit("perf-ratchet/tighten-h100", {"x": b""}, "Old")
    before = len(github.log)
    story.night(NIGHTS + 1, {"s1": 0.8, "s2": 1.2})

    assert [it.title for it in story.pulls] == ["Tighten 1 baseline on h100"]
    assert [it.title for it in github.issues.values()] == ["Slower on h100: 1 scenario"]
    assert len(github.api_requests[before:]) <= MOST_REQUESTS
    assert any("/git/blobs/" in it for it in github.api_requests[before:])
