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
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.tighten import propose
from ratchet_bot.judging.verdicts import Outcome
from ratchet_bot.telling import render, words
from ratchet_bot.telling.report import CONCLUSIONS, Report
from ratchet_profiler.record import ScenarioRecord
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
ROWS = re.compile(r"^\| `scenario_(\d+)_", re.MULTILINE)
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
        (nothing_measured, Outcome.NOTHING_COMPARED, "action_required"),
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

    assert (report.outcome, report.conclusion) == (Outcome.NOTHING_COMPARED, "action_required")
    assert render.headline(report) == "Nothing was compared, so there is no verdict"


def test_oversize_comment_keeps_the_worst_and_counts_the_rest():
    """Each scenario has one row before any has a second, the worst first, and what is left out is counted."""
    comment = render.comment(oversize())
    opened, folded = comment.split("<details><summary>380 more scenarios above a limit</summary>")
    led, others = folded.split("<details><summary>1,200 other metrics above their limit in these scenarios")
    others = others.split("</details>", maxsplit=1)[0]
    hidden = re.search(r"^([\d,]+) more rows left out", others, flags=re.MULTILINE)

    assert [len(ROWS.findall(part)) for part in (opened, led)] == [20, 380]
    assert ROWS.findall(opened)[0] == "399"
    assert len(set(ROWS.findall(opened + led))) == 400
    assert hidden
    assert len(ROWS.findall(others)) + int(hidden[1].replace(",", "")) == 400 * 3
    assert len(comment.encode()) > render.MAX_COMMENT_BYTES - 600


def test_scenarios_beyond_what_fits_are_counted_and_no_table_is_empty():
    """Where not even one row each fits, the worst are shown; a list without room is a line, not a fold."""
    names = [f"scenario_{index:03d}_{'x' * 100}" for index in range(400)]
    file = make_baselines({name: make_values() for name in names})
    slower = [make_scenario(name, scale=2.0 + index / 100) for index, name in enumerate(names)]
    comment = render.comment(make_report((file, make_record(*slower))))
    hidden = re.search(r"^(\d+) more scenarios above a limit left out\.$", comment, flags=re.MULTILINE)

    assert_well_formed(comment)
    assert hidden
    assert len(ROWS.findall(comment)) + int(hidden[1]) == 400
    assert (
        "\n1,200 other metrics above their limit in these scenarios: left out, this comment is full.\n"
        in comment
    )
    assert not re.search(r"^\| ---.*\n(?!\|)", comment, flags=re.MULTILINE)


def test_where_the_time_is_comes_before_any_table():
    """What the three worst scenarios spend it on stands under the verdict; the fourth is folded."""
    names = [f"s{index}" for index in range(4)]
    file = make_baselines({name: make_values() for name in names})
    record = make_record(*(make_scenario(name, scale=2.0 + index) for index, name in enumerate(names)))
    comment = render.comment(make_report((file, record)))
    head, rest = comment.split("\n\nCompared ", maxsplit=1)

    assert [line[:7] for line in head.splitlines()[3:]] == ["* `s3`:", "* `s2`:", "* `s1`:"]
    assert "Make `s3`, `s2`, `s1` and 1 more as fast as before; the list below shows where" in head
    assert "<summary>Where 1 more scenario became slower</summary>\n\n* `s0`: +560 ms" in rest


def test_a_lead_is_end_to_end_or_the_worst():
    """One row stands for a scenario: end to end where it crossed, else what is furthest above its limit."""
    late = make_request(e2e_ms=695.0, stages={**STAGES, "DenoisingStage": 585.0}, steps=(116.0,) * 5)
    file = make_baselines({"late": make_values(), "slow": make_values()})
    record = make_record(make_scenario("late", late), make_scenario("slow", scale=3.0))
    [section] = make_report((file, record)).hardware

    assert [(one.scenario, one.row.field, one.others) for one in section.leads] == [
        ("slow", "expected_e2e_ms", 3),
        ("late", "expected_avg_denoise_ms", 1),
    ]
    assert [one.row.field for one in section.others] == [
        "expected_avg_denoise_ms",
        "expected_median_denoise_ms",
        "stages_ms.DenoisingStage",
        "stages_ms.DenoisingStage",
    ]


@pytest.mark.parametrize(
    ("scenarios", "action"),
    [
        ([], "Run it, or remove its baseline."),
        ([make_scenario("other", error="crashed")], "Measure it again; if it fails again, fix the failure."),
        (
            [
                make_scenario(
                    "other", make_request(steps=(10.0, 20.0), stages={**STAGES, "DenoisingStage": 30.0})
                )
            ],
            "Capture its baseline again on this machine: `perf-ratchet tighten --replace`.",
        ),
        ([make_scenario("other", error="crashed"), "gone"], "What to do stands beside each reason below."),
    ],
)
def test_what_was_not_judged_says_what_helps(scenarios: list[object], action: str):
    """Measuring again helps what failed, and nothing else."""
    names = [NAME, "other", *(one for one in scenarios if isinstance(one, str))]
    file = make_baselines({name: make_values() for name in names})
    measured = [one for one in scenarios if isinstance(one, ScenarioRecord)]
    comment = render.comment(make_report((file, make_record(make_scenario(NAME), *measured))))

    assert comment.splitlines()[1].endswith(f"could not be judged.** {action}")
    assert ("crashed. Measure it again" in comment) == ("crashed" in comment)


def test_details_go_before_rows_that_crossed():
    """While any detail is still shown, no row that crossed its limit is left out."""
    names = [f"scenario_{index:03d}" for index in range(160)]
    file = make_baselines({name: make_values() for name in names})
    report = make_report((file, make_record(*(make_scenario(name, scale=2.0) for name in names))))
    comment = render.comment(report)

    assert_well_formed(comment)
    assert "above a limit left out" not in comment
    assert "more rows left out" in comment


@settings(max_examples=60)
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


def test_a_note_stands_apart_by_one_blank_line():
    """Below the table of what was judged, and above its foot."""
    new_stage = make_request(stages={**STAGES, "New": 3.0})
    run = make_baselines({NAME: make_values()}), make_record(make_scenario(NAME, new_stage))
    comment = render.comment(make_report(run))

    assert " | 1 |\n\n* `flux_image_t2i`: stage New was measured and has no baseline\n\nLimit: " in comment


def test_terminal_output_is_golden(golden: Golden):
    """The text of `perf-ratchet compare` is the one that was reviewed."""
    report = regression()

    golden("compare.txt", words.text("compare", report=report, headline=render.headline(report)))


def test_json_has_a_version_and_plain_values():
    """JSON output says which version it is; verdicts are words and dates are ISO."""
    file, record = make_baselines(), make_record(make_scenario(scale=0.5))
    shown = json.loads(words.to_json(comparison=compare(file, [record]), proposals=propose(file, [record])))

    assert shown["version"] == 1
    assert shown["comparison"]["scenarios"][0]["verdict"] == "improved"
    assert shown["comparison"]["scenarios"][0]["attribution"]["leading"][0]["stage"] == "DenoisingStage"
    assert shown["proposals"]["source"]["created_at"] == "2026-11-22T06:30:00Z"


def test_page_holds_what_it_is_given():
    """Headings are escaped; bodies are what the Markdown parser made."""
    page = render.page("a <b>", [("x & y", "<p>body</p>")])

    assert "<title>a &lt;b&gt;</title>" in page
    assert "<header>x &amp; y</header>" in page
    assert "<p>body</p>" in page
