"""What `make pictures` takes pictures of, and what it has taken."""

from pathlib import Path

from pictures.pages import COMMENT, SHOWN, comment_page, history_files
from ratchet_bot.data.history import history_from_files

PICTURES = Path(__file__).parent.parent / "docs/pictures"
MAX_BYTES = 150_000
"""For a README that loads at once."""


def test_the_comment_is_one_of_ours():
    """It is the golden comment of a regression, with the table that a reader of GitHub sees."""
    headline = COMMENT.read_text("utf-8").split("**")[1]

    assert headline.startswith("Slower than the baseline allows: ")
    assert f"<strong>{headline}</strong>" in comment_page()
    assert "<th>scenario</th>" in comment_page()


def test_the_nights_are_a_history():
    """Every line is one that the bot reads back, and each scenario has a month of nights."""
    lines = history_from_files(text.encode() for text in history_files().values()).lines
    nights = {name: sum(line.scenario == name for line in lines) for name in SHOWN}

    assert len(lines) == sum(text.count("\n") for text in history_files().values())
    assert min(nights.values()) > 30


def test_the_pictures_are_small():
    """Both are there."""
    sizes = {path.name: path.stat().st_size for path in PICTURES.glob("*.png")}

    assert sorted(sizes) == ["comment.png", "trends.png"]
    assert max(sizes.values()) < MAX_BYTES
