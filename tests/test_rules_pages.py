"""The pages about the audit's rules are made of the one table in the code; `make golden` makes them anew."""

from pathlib import Path

import pytest
from ratchet_bot.judging.audit import RULES
from ratchet_bot.telling import words

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGE = ROOT / "docs/rules.md"
BEGIN, END = "<!-- rules -->\n", "<!-- /rules -->"


def check(path: Path, text: str, request: pytest.FixtureRequest) -> None:
    """Hold a page against what it should be; with `--golden=write`, write it."""
    if request.config.getoption("--golden") == "write":
        path.write_text(text, encoding="utf-8")
    assert path.read_text("utf-8") == text, f"{path.name}: make golden writes it anew"


def test_golden_page_of_rules(request: pytest.FixtureRequest):
    """docs/rules.md is what `perf-ratchet audit --rules --format markdown` prints."""
    check(PAGE, words.markdown("rules", rules=RULES), request)


def test_golden_table_of_rules(request: pytest.FixtureRequest):
    """The README has the table of the rules between its marks."""
    before, rest = README.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    table = words.markdown("rules_table", rules=RULES)

    check(README, f"{before}{BEGIN}\n{table}\n{END}{after}", request)
