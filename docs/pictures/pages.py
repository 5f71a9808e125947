"""Write the pages that `make pictures` takes pictures of: a comment, and a history for the trend page.

Usage: `python docs/pictures/pages.py FOLDER`. The comment is a golden file of the tests; the nights are
sglang's public ones on H100, from `tests/data/sglang`.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import cmarkgfm
from cmarkgfm.cmark import Options
from ratchet_bot.data.history import HistoryLine, line_to_text, path_of
from ratchet_bot.telling.render import page

TESTS: Final = Path(__file__).parents[2] / "tests"
COMMENT: Final = TESTS / "golden/regression.md"
NIGHTS: Final = TESTS / "data/sglang/nightly_h100.csv"
HARDWARE: Final = "h100"
SHOWN: Final = frozenset(
    {"qwen_image_2512_t2i_1024", "qwen_image_edit_2511", "wan22_i2v_a14b_720p", "wan22_t2v_a14b_720p"}
)
"""Scenarios in the picture: enough for its table, and the first has a chart worth seeing."""


def comment_page() -> str:
    """Return the page with the comment, as GitHub's parser makes it."""
    markdown = COMMENT.read_text("utf-8")
    body = cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    return page("Make attention readable #7", [("perf-ratchet commented", str(body))])


def line_of(night: Mapping[str, str]) -> HistoryLine:
    """Return the line of the history that a row of the CSV file would have been."""
    return HistoryLine(
        hardware=HARDWARE,
        scenario=night["case_id"],
        run_id=int(night["run_id"]),
        head_sha=night["commit_sha"].ljust(40, "0"),
        captured_at=datetime.fromisoformat(night["date"]).replace(tzinfo=UTC),
        comparability=HARDWARE,
        requests=1,
        valid=True,
        values={"expected_e2e_ms": round(float(night["latency_s"]) * 1000, 3)},
    )


def history_files() -> dict[str, str]:
    """Return the files of the months by their paths in a history."""
    months = defaultdict[str, str](str)
    with NIGHTS.open(encoding="utf-8") as rows:
        for night in csv.DictReader(rows):
            if night["case_id"] in SHOWN:
                line = line_of(night)
                months[path_of(HARDWARE, line.captured_at)] += line_to_text(line) + "\n"
    return dict(months)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for path, text in {"comment.html": comment_page(), **history_files()}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
