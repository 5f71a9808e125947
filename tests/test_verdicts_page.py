"""What docs/verdicts.md says, the code does."""

import re
from pathlib import Path

from ratchet_bot.data.defaults import MIN_IMPROVEMENT
from ratchet_bot.judging import metrics, proposals
from ratchet_bot.judging.verdicts import Verdict

PAGE = (Path(__file__).parent.parent / "docs/verdicts.md").read_text("utf-8")
WORDS = " ".join(PAGE.split())


def test_every_verdict_is_explained():
    """The table has the verdicts of the code, in their order."""
    named = re.findall(r"^\| ([a-z]+) \|", PAGE, flags=re.MULTILINE)

    assert named == ["verdict", *(str(verdict) for verdict in Verdict)]


def test_the_numbers_are_those_of_the_code():
    """Every limit on the page is the constant of that name."""
    assert f"{metrics.TOP_LEVEL_PAD_MS:.0f} ms for end to end, average, median and a sampled step" in WORDS
    assert f"{metrics.FIRST_STEP_PAD_MS:.0f} ms for step 0" in WORDS
    assert f"{metrics.VIDEO_STEP_PAD_MS:.0f} ms for a step of a video" in WORDS
    assert f"{metrics.STAGE_PAD_MS:.0f} ms for a stage" in WORDS
    assert f"{metrics.DECODING_PAD_MS:.0f} ms for decoding" in WORDS
    assert f"end to end fell by at least {MIN_IMPROVEMENT:.0%}".replace("%", " %") in WORDS
    assert f"{proposals.SLACK_RATIO * 100:.0f} % and {proposals.SLACK_MS:.0f} ms" in WORDS
