"""Thirty nights over HTTP: what happens, and what does not."""

from collections.abc import Sequence

from github_fake import FakeGithub
from night_story import Story, proposed

IMPROVED, SPIKE, SLOW_NODE, REGRESSED, RECOVERED, LAST = 8, 12, 15, 20, 26, 30
NAMES = ("flux", "wan", "qwen")


def scales(night: int, names: Sequence[str] = NAMES) -> dict[str, float]:
    """Return how fast each scenario is on a night, with the spike and the slow machine."""
    told = {"flux": 0.85 if night >= IMPROVED else 1.0}
    if night == SPIKE:
        told["qwen"] = 1.6
    if night == SLOW_NODE:
        told = {name: 1.25 * told.get(name, 1.0) for name in names}
    return told


def test_thirty_nights(github: FakeGithub):
    """One tightening pull request, opened in night 10 and merged by a maintainer the next day; no alarm for
    the spike and the slow machine; one issue that names the commits and the stage, closed after recovery.
    """  # noqa: D205 - one claim
    story = Story(github, NAMES)
    opened: dict[int, int] = {}
    red = []
    for night in range(1, LAST + 1):
        if story.night(night, scales(night), {"wan": 110.0} if REGRESSED <= night < RECOVERED else {}):
            red.append(night)
        opened = {it.number: night for it in (*story.pulls, *github.issues.values())} | opened
        if night == 10:
            story.merge(story.pulls[0])

    [pull] = story.pulls
    file = proposed(github)
    assert (opened[pull.number], pull.head_branch) == (10, "perf-ratchet/tighten-h100")
    assert "`flux`" in (pull.body or "")
    assert file.scenarios["flux"].provenance.run_id == story.runs[10].id
    assert file.scenarios["wan"].expected_e2e_ms == 560.0

    assert red == list(range(REGRESSED + 2, RECOVERED + 1))
    [issue] = github.issues.values()
    good, bad = story.runs[REGRESSED - 1].head_sha, story.runs[REGRESSED].head_sha
    assert (opened[issue.number], issue.labels, issue.is_open) == (REGRESSED + 2, ["perf-regression"], False)
    assert f"compare/{good}...{bad}" in issue.body
    assert "| `wan` | end to end |" in issue.body
    assert "`DecodingStage` 60.0 to 169" in issue.body
    [closing] = [it.body for it in github.comments if it.pull == issue.number]
    assert "`wan`: it is as fast as before" in closing


def test_a_pull_request_that_nobody_merges(github: FakeGithub):
    """It is still one: a spike of its own scenario and a slow machine neither close nor double it."""
    story = Story(github, NAMES)
    story.remember(IMPROVED - 1)
    for night in range(IMPROVED, SLOW_NODE + 3):
        told = scales(night)
        story.night(night, told | ({"flux": 1.4} if night == SPIKE else {}))

    [pull] = story.pulls
    file = proposed(github)
    assert pull.is_open
    assert file.scenarios["flux"].provenance.run_id == story.runs[10].id
    assert github.issues == {}
