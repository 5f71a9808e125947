"""What people read of a night: golden files, and names that would do harm if they were believed."""

from collections.abc import Callable
from pathlib import Path

import cmarkgfm
import pytest
from github_fake import FakeGithub
from history_lines import make_series
from night_story import AT_ONCE, Story
from ratchet_bot.judging.regressions import held_regressions
from ratchet_bot.telling.markers import marker_of, memory_of, remembered_in

Golden = Callable[[str, str], None]
EVIL = "x --> <img src=x onerror=alert(1)> @everyone [a](https://evil) | DecodingStage"


@pytest.fixture
def story(github: FakeGithub, tmp_path: Path) -> Story:
    """Give ten quiet nights of three scenarios."""
    told = Story(github, ("flux", "wan", "qwen"), AT_ONCE, tmp_path / "summary.md")
    told.remember(10)
    return told


def summary(story: Story) -> str:
    """Return what the last job has summed up, and forget it."""
    assert story.summary is not None
    text = story.summary.read_text("utf-8")
    story.summary.unlink()
    return text


def test_a_night_with_news(story: Story, github: FakeGithub, golden: Golden):
    """Faster, slower for the second night, and slow for one night: pull request, issue and summary agree."""
    story.night(11, {"wan": 1.2})
    summary(story)
    story.night(12, {"flux": 0.8, "wan": 1.2, "qwen": 1.5})

    golden("night_summary.md", summary(story))
    golden("night_tightening.md", story.pulls[0].body or "")
    golden("night_regressions.md", next(iter(github.issues.values())).body)


def test_a_night_with_several_issues(story: Story, github: FakeGithub, golden: Golden):
    """What began on different nights is in different issues, and the summary names both."""
    for night in range(11, 14):
        scales = {"wan": 1.2, "flux": 1.3} | ({"qwen": 1.5} if night > 11 else {})
        story.night(night, scales)
    first, second = github.issues.values()

    golden("night_several_issues.md", "## Night" + summary(story).rpartition("## Night")[2])
    golden("night_group.md", first.body)
    assert [first.title, second.title] == [
        "Slower on h100 since 2026-10-11: flux and 1 more",
        "Slower on h100 since 2026-10-12: qwen",
    ]


def test_a_quiet_night(story: Story, golden: Golden):
    """A night without news is a few lines and a folded table."""
    story.night(11)

    golden("night_quiet.md", summary(story))


def test_a_slow_machine(story: Story, golden: Golden):
    """All scenarios slow at once are one sentence, not as many alarms."""
    story.night(11, dict.fromkeys(story.names, 1.3))

    golden("night_slow_machine.md", summary(story))


def test_a_slow_node_is_named(github: FakeGithub, tmp_path: Path, golden: Golden):
    """All slow since another runner measures: the night says which, and the issue too, as mere text."""
    story = Story(github, ("flux", "wan", "qwen"), AT_ONCE, tmp_path / "summary.md", runner="gpu-03")
    story.remember(10)
    story.runner = "gpu-07 <b> @here"
    for night in (11, 12):
        story.night(night, dict.fromkeys(story.names, 1.3))
        if night == 11:
            golden("night_slow_node.md", summary(story))
    [issue] = github.issues.values()

    assert "everything moved at once when the machine changed" in issue.body
    html = cmarkgfm.github_flavored_markdown_to_html(issue.body)
    assert "measured on gpu-07 &lt;b&gt; " in html
    assert "since then, on gpu-03 before. Check the machine first." in html


def test_what_holds_and_what_is_new_are_told_apart(story: Story):
    """Two that hold and one that is new are no slow machine, though all three scenarios are slow."""
    story.night(11, {"wan": 1.2, "flux": 1.2})
    quiet, first = summary(story).split("\n\n")[:2]
    story.night(12, {"wan": 1.2, "flux": 1.2, "qwen": 1.5})
    title, second = summary(story).split("\n\n")[:2]

    assert quiet == "## Night of 2026-10-11 on h100: 2 slow this night"
    assert first.startswith(
        "🟡 **2 scenarios slow this night.** Nothing to do yet: one night is not a regression"
    )
    assert title == "## Night of 2026-10-12 on h100: 2 regressions persist, 1 slow this night"
    assert second.startswith("🔴 **2 regressions persist.** #")


def test_accepting_and_its_end(story: Story, github: FakeGithub, golden: Golden):
    """The words of the pull request that accepts a slowdown, and of the issue that it closes."""
    story.night(11, {"wan": 1.2})
    story.night(12, {"wan": 1.2})
    next(iter(github.issues.values())).labels.append("perf-loosen")
    story.night(13, {"wan": 1.2})
    [pull] = [it for it in story.pulls if it.labels]
    golden("night_loosening.md", pull.body or "")
    story.merge(pull)
    story.night(14, {"wan": 1.2})
    golden("night_over.md", github.comments[-1].body)


def test_a_hostile_stage_stays_text():
    """A stage's name is a record's: it ends no comment, and shows as it is, in the memory as in the table."""
    steady, slow = make_series([100.0] * 10), make_series([120.0] * 14)[10:]
    lines = [
        line.model_copy(update={"values": {**line.values, f"stages_ms.{EVIL}": ms}})
        for line, ms in [*((one, 10.0) for one in steady), *((one, 40.0) for one in slow)]
    ]
    found = held_regressions({"flux": lines}, nights=3)
    memory = memory_of(found)

    assert found[0].stages[0].name == EVIL
    assert memory.count("-->") == 1
    assert memory.endswith("-->")
    assert remembered_in(f"{marker_of('h100', 1021)}\n{memory}\nwords").regressions == tuple(found)
    html = cmarkgfm.github_flavored_markdown_to_html(memory)
    assert "<img" not in html


def test_a_hostile_record_stays_text(github: FakeGithub, tmp_path: Path):
    """The same over HTTP: in the issue that is shown a stage's name is code, no tag and no link."""
    story = Story(github, ("flux",), AT_ONCE, tmp_path / "summary.md")
    story.remember(10)
    for night in (11, 12):
        story.night(night, extra={"flux": {EVIL: 200.0}})
    body = next(iter(github.issues.values())).body
    html = cmarkgfm.github_flavored_markdown_to_html(body)

    assert "onerror" in html
    assert "<img" not in html
    assert '<a href="https://evil' not in html
    assert f"<code>{EVIL.split('|', maxsplit=1)[0].replace('>', '&gt;').replace('<', '&lt;')}" in html


def test_a_night_without_a_record(story: Story, github: FakeGithub, capsys: pytest.CaptureFixture[str]):
    """Nothing measured is said in so many words, in the summary and in the log."""
    run = story.ran(11)
    github.artifacts.pop()
    story.refreshed(run)

    assert f"⚪ **[Run {run.id}](" in summary(story)
    assert capsys.readouterr().out == "h100: no record, so the night was not judged\n"
