"""The comment as a person reads it: golden files, and what holds for every comment."""

import json
import re
from collections.abc import Callable

import cmarkgfm
import pytest
from builders import STAGES, make_baselines, make_record, make_request, make_scenario, make_values
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import (
    NAME,
    improvement,
    incomplete,
    make_report,
    nothing_measured,
    oversize,
    regression,
    shifted,
    suspects,
    unchanged,
)

from bot import render
from bot.compare import Outcome, compare
from bot.report import CONCLUSIONS, Report
from bot.tighten import propose

Golden = Callable[[str, str], None]
OPEN_TAGS = re.compile(r"<([a-z0-9]+)[^>]*?(?<!/)>")
CLOSE_TAGS = re.compile(r"</([a-z0-9]+)>")
OUR_TAGS = {
    "p",
    "strong",
    "code",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "ul",
    "li",
}
VOID_TAGS = {"br", "hr", "img", "input"}


def html(markdown: str) -> str:
    """Return what GitHub's parser makes of it, with raw HTML."""
    return str(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))


def assert_well_formed(comment: str) -> None:
    """Claim that a comment is ours, fits, and is shown with the markup of our templates and no other."""
    rendered = html(comment)
    opened = [tag for tag in OPEN_TAGS.findall(rendered) if tag not in VOID_TAGS]

    assert comment.startswith(render.MARKER)
    assert comment.count("<!--") == 1
    assert len(comment.encode()) <= render.MAX_COMMENT_BYTES
    assert sorted(opened) == sorted(CLOSE_TAGS.findall(rendered))
    assert set(opened) <= OUR_TAGS


REPORTS = (regression, improvement, unchanged, nothing_measured, incomplete, oversize, suspects, shifted)


@pytest.mark.parametrize("build", REPORTS)
def test_comment_is_golden(build: Callable[[], Report], golden: Golden):
    """The comment is exactly the one that was reviewed."""
    comment = render.comment(build())

    assert_well_formed(comment)
    golden(f"{build.__name__}.md", comment)


@pytest.mark.parametrize(
    ("build", "outcome", "conclusion"),
    [
        (regression, Outcome.REGRESSED, "failure"),
        (improvement, Outcome.IMPROVED, "success"),
        (unchanged, Outcome.UNCHANGED, "success"),
        (nothing_measured, Outcome.NOTHING_MEASURED, "action_required"),
        (incomplete, Outcome.INCOMPLETE, "action_required"),
        (oversize, Outcome.REGRESSED, "failure"),
        (suspects, Outcome.SUSPECT, "success"),
        (shifted, Outcome.INCOMPLETE, "action_required"),
    ],
)
def test_conclusion(build: Callable[[], Report], outcome: Outcome, conclusion: str):
    """Improvement is never red, and nothing measured is never green."""
    report = build()

    assert (outcome, conclusion) == (report.outcome, report.conclusion)


def test_every_outcome_has_a_line_and_a_conclusion():
    """No two outcomes look alike, and only those within every limit are let through."""
    reports = [
        build() for build in (regression, nothing_measured, incomplete, suspects, improvement, unchanged)
    ]
    lines = [render.comment(report).splitlines()[1] for report in reports]

    assert [report.outcome for report in reports] == list(Outcome)
    assert [line[0] for line in lines] == ["🔴", "⚪", "🟡", "🟠", "🟢", "🟢"]
    assert len({line[2:20] for line in lines}) == len(Outcome)
    assert list(CONCLUSIONS.values()) == [
        "failure",
        "action_required",
        "action_required",
        "success",
        "success",
        "success",
    ]


def test_a_report_on_nothing_is_not_green():
    """Without a single run nothing is known."""
    report = Report(())

    assert (report.outcome, report.conclusion) == (Outcome.NOTHING_MEASURED, "action_required")
    assert render.headline(report) == "Nothing was compared, so nothing is known"


def test_oversize_comment_keeps_the_worst_and_counts_the_rest():
    """The scenario that is slowest against its limit leads, and every row left out is counted."""
    comment = render.comment(oversize())
    shown = len(re.findall(r"^\| `scenario_", comment, flags=re.MULTILINE))
    hidden = re.search(r"^([\d,]+) more rows above the limit left out", comment, flags=re.MULTILINE)

    assert re.search(r"^\| `scenario_399_", comment, flags=re.MULTILINE)
    assert "`scenario_000_" not in comment
    assert hidden
    assert shown + int(hidden[1].replace(",", "")) == 400 * 4
    assert len(comment.encode()) > render.MAX_COMMENT_BYTES - 400


def test_details_go_before_rows_that_crossed():
    """While any detail is still shown, no row that crossed its limit is left out."""
    names = [f"scenario_{index:03d}" for index in range(160)]
    file = make_baselines({name: make_values() for name in names})
    report = make_report((file, make_record(*(make_scenario(name, scale=2.0) for name in names))))
    comment = render.comment(report)

    assert_well_formed(comment)
    assert "above the limit left out" not in comment
    assert "more scenarios left out" in comment


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_no_string_of_a_baseline_or_a_record_does_anything(stage: str, message: str):
    """Stage names and error messages of a hostile run are words in the comment, whatever they hold."""
    file = make_baselines({NAME: make_values(stages={**STAGES, stage: 1.0}), "gone": make_values()})
    record = make_record(make_scenario(NAME, scale=3.0), make_scenario("gone", error=message))

    assert_well_formed(render.comment(make_report((file, record))))


@pytest.mark.parametrize(
    "name",
    [
        "</details>|<img src=x>",
        "@everyone",
        "`x` | y",
        "<!-- perf-ratchet:report -->",
        "a\n\n# b",
        "{{ 7*7 }}{% x %}",
    ],
)
def test_hostile_names_stay_in_their_place(name: str):
    """A scenario, a stage or a description cannot close what contains it, and is no template."""
    file = make_baselines(
        {name: make_values(stages={**STAGES, name: 30.0}), NAME: make_values()},
        metadata={"last_updated": name, "description": name},
    )
    slow = make_request(scale=3.0)
    comment = render.comment(make_report((file, make_record(make_scenario(NAME, slow)))))

    assert_well_formed(comment)
    assert "{{ 7*7 }}" not in name or "{{ 7*7 }}" in html(comment)


def test_terminal_output_is_golden(golden: Golden):
    """The text of `ratchet compare` is the one that was reviewed."""
    report = regression()

    golden("compare.txt", render.text("compare", report=report, headline=render.headline(report)))


def test_json_has_a_version_and_plain_values():
    """JSON output says which version it is; verdicts are words and dates are ISO."""
    file, record = make_baselines(), make_record(make_scenario(scale=0.5))
    shown = json.loads(render.to_json(comparison=compare(file, [record]), proposals=propose(file, [record])))

    assert shown["version"] == 1
    assert shown["comparison"]["scenarios"][0]["verdict"] == "improved"
    assert shown["proposals"]["source"]["created_at"] == "2026-11-22T06:30:00Z"


def test_page_holds_what_it_is_given():
    """Headings are escaped; bodies are what the Markdown parser made."""
    page = render.page("a <b>", [("x & y", "<p>body</p>")])

    assert "<title>a &lt;b&gt;</title>" in page
    assert "<header>x &amp; y</header>" in page
    assert "<p>body</p>" in page
