"""The page about the audit's rules is made of the table in the code; `make golden` makes it anew."""

import re
from collections.abc import Callable
from pathlib import Path

from ratchet_bot.judging.rules.table import RULES
from ratchet_bot.telling import words

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/rules.md"
Golden = Callable[[Path, str], None]


def test_golden_page_of_rules(golden: Golden):
    """docs/rules.md is what `perf-ratchet audit --rules --format markdown` prints."""
    golden(PAGE, words.markdown("rules", rules=RULES))


def test_every_rule_is_explained():
    """The table has the rules of the code, in their order."""
    named = re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text("utf-8"), flags=re.MULTILINE)

    assert named == [rule.name for rule in RULES]
