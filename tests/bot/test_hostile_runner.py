"""The name of a runner is what a record says: wherever it is shown, it is a name and nothing else."""

import re
from pathlib import Path

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from contracts import described
from github_fake import FakeGithub
from history_lines import make_line
from hostile import LINES
from night_story import AT_ONCE, Story
from ratchet_bot.__main__ import main
from ratchet_bot.data.history import line_to_text

LONG = "gpu-" + "x" * 190


def told(summary: Path, words: str) -> list[str]:
    """Return tags, mentions and links of issue and summary where a machine of that name took over."""
    with described(FakeGithub()) as github:
        story = Story(github, ("flux", "wan"), AT_ONCE, summary, runner=f"before {words}"[:200])
        story.remember(10)
        story.runner = f"since {words}"[:200]
        for night in (11, 12):
            story.night(night, dict.fromkeys(story.names, 1.3))
        [issue] = github.issues.values()
    body = issue.body + summary.read_text("utf-8")
    shown = str(cmarkgfm.github_flavored_markdown_to_html(body, options=Options.CMARK_OPT_UNSAFE))
    assert "measured on since " in shown
    seen = re.sub(r"<code>[^<]*</code>|<!--.*?-->", "<code></code>", shown)
    return re.findall(r"<[^>]*>|@\w|#\d|www\.", seen)


@pytest.mark.parametrize("words", [*LINES[::6], LONG])
def test_in_an_issue_and_a_summary(tmp_path: Path, words: str):
    """A night that names the machine which took over has the tags, links and mentions of any other."""
    assert told(tmp_path / "summary.md", words) == told(tmp_path / "other.md", "gpu")


@pytest.mark.parametrize(
    "words", ["\x1b[2J\x1b]0;x\x07", "a\nflux on h100: fine", "\u202egpu", "a\r\x08b\x9b1m"]
)
def test_in_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str):
    """A history that somebody has edited moves no cursor and adds no line."""
    path = tmp_path / "h100" / "2026-11.jsonl"
    path.parent.mkdir()
    path.write_text(
        "\n".join(line_to_text(make_line(night, runner=words)) for night in (1, 2)) + "\n", "utf-8"
    )

    assert main(["history", "show", "flux", "--folder", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert [", on " in line for line in shown.split("\n")] == [*[False] * 3, True, True, False]
    assert [letter for letter in shown if ord(letter) < 0x20 and letter != "\n"] == []
    assert not {"\x9b", "\u202e"} & set(shown)
