"""The pages about the audit's rules are made of the one table in the code; `make golden` makes them anew."""

from collections.abc import Callable
from pathlib import Path

from ratchet_bot.judging.rules.table import RULES
from ratchet_bot.telling import words

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGE = ROOT / "docs/rules.md"
Golden = Callable[[Path, str], None]
BEGIN, END = "<!-- rules -->\n", "<!-- /rules -->"


def test_golden_page_of_rules(golden: Golden):
    """docs/rules.md is what `perf-ratchet audit --rules --format markdown` prints."""
    golden(PAGE, words.markdown("rules", rules=RULES))


def test_golden_table_of_rules(golden: Golden):
    """The README has the table of the rules between its marks."""
    before, rest = README.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    table = words.markdown("rules_table", rules=RULES)

    golden(README, f"{before}{BEGIN}\n{table}\n{END}{after}")
