"""Values to words."""

import re
from html import unescape

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import example, given
from hypothesis import strategies as st
from ratchet_bot.data import formatting

HOSTILE = (
    "@octocat please look",
    "#123 and GH-123 and octo/demo#5",
    "see https://evil.example/x and www.evil.example and a_www.evil.example, a_GH-1",
    "::error title=x::hi",
    "##[group]hi",
    "mail me@evil.example",
    "<script>alert(1)</script><img src=x onerror=y>",
    "<!-- perf-ratchet:report -->",
    "[click](javascript:alert(1)) ![i](http://x)",
    "`code` **bold** __bold__ ~~gone~~ $math$",
    "a | b | c\n| --- |\nnew row |",
    "</details></td></table>\n\n# heading",
    "line\r\nbreak\u2028and\u202eright to left\u0000",
    "0123456789abcdef0123456789abcdef01234567",
    "&#64;octocat &lt;b&gt; &amp;",
    ":rocket: \\` \\| \\\\",
    "```\nfence\n```",
    "1. list\n- list\n> quote\n=====",
    "[x]: http://evil.example",
    "^[note] [^1]: foot",
)
ANYTHING = st.text(max_size=120) | st.sampled_from(HOSTILE)


def html(markdown: str) -> str:
    """Return what GitHub's parser makes of it, raw HTML and all."""
    return str(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))


def words(rendered: str) -> str:
    """Return the text that a person sees, without what is invisible."""
    return visible(unescape(re.sub(r"<[^>]+>", "", rendered)))


def visible(text: str) -> str:
    """Return a text without its invisible spaces."""
    return text.replace(formatting.ZERO_WIDTH_SPACE, "")


def tags(rendered: str) -> set[str]:
    """Return the names of the HTML tags."""
    return set(re.findall(r"</?([a-z0-9]+)", rendered))


@given(ANYTHING)
@example("\u00ad@octocat")
def test_text_is_inert(value: str):
    """Whatever is in a string, it becomes words: no link, no tag, no emphasis."""
    rendered = html(f"x {formatting.text(value)} x")

    assert tags(rendered) == {"p"}
    assert words(rendered).split() == f"x {visible(formatting.plain(value))} x".split()


@given(ANYTHING)
def test_text_cannot_leave_its_cell(value: str):
    """In a table a string stays one cell of one row."""
    rendered = html(f"| a | b |\n| --- | --- |\n| {formatting.text(value)} | end |\n")

    assert tags(rendered) == {"table", "thead", "tbody", "tr", "th", "td"}
    assert (rendered.count("<td>"), rendered.count("<tr>")) == (2, 2)


@given(ANYTHING)
def test_code_cannot_leave_its_cell(value: str):
    """In a table an identifier stays one code span of one cell."""
    rendered = html(f"| a | b |\n| --- | --- |\n| {formatting.code(value)} | end |\n")

    assert tags(rendered) == {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert (rendered.count("<td>"), rendered.count("<code>")) == (2, 1)


@given(ANYTHING)
def test_nothing_that_github_links_survives(value: str):
    """GitHub links mentions, references, addresses and commits in the rendered text: none is left whole."""
    seen = unescape(re.sub(r"<[^>]+>", "", html(f"x {formatting.text(value)} x")))

    assert not re.search(r"@\w|#\d|gh-\d|://|www\.|\b[0-9a-f]{7,40}\b|:\w+:", seen, flags=re.IGNORECASE)


@given(ANYTHING)
def test_plain_cannot_move_the_cursor(value: str):
    """In a log a string is one line without control characters, no command, of at most 300 characters."""
    shown = formatting.plain(value)

    assert len(shown) <= 300
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert not re.match(r"\s*(::|##\[)", shown)


def test_long_strings_are_cut_visibly():
    """What is cut ends in an ellipsis."""
    assert formatting.plain("x" * 301) == "x" * 299 + "\u2026"
    assert formatting.plain("x" * 300) == "x" * 300


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "\u2013"),
        (0.0, "0.00"),
        (0.064, "0.06"),
        (9.994, "9.99"),
        (10.0, "10.0"),
        (1234.56, "1,234.6"),
    ],
)
def test_milliseconds(value: float | None, shown: str):
    """Two decimals below 10 ms, one above, thousands apart, a dash for nothing."""
    assert shown == formatting.ms(value)


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        (None, "\u2013"),
        (0.0, "+0.0 %"),
        (-0.0004, "+0.0 %"),
        (0.1234, "+12.3 %"),
        (-0.05, "-5.0 %"),
        (11.74, "+1,174.0 %"),
    ],
)
def test_relative_change(ratio: float | None, shown: str):
    """Positive is slower, and nothing is never "minus zero"."""
    assert shown == formatting.change(ratio)


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("expected_e2e_ms", "end to end"),
        ("expected_avg_denoise_ms", "average step"),
        ("expected_median_denoise_ms", "median step"),
        ("stages_ms.DenoisingStage", "DenoisingStage"),
        ("stages_ms.a.b", "a.b"),
        ("denoise_step_ms.10", "step 10"),
        ("something_else", "something_else"),
    ],
)
def test_names_of_metrics(field: str, shown: str):
    """A place in a baseline file has a name that a reader knows."""
    assert shown == formatting.metric(field)


def test_commits_and_counts():
    """A commit is shown short, an unknown one as such; a count agrees with its noun."""
    assert formatting.sha("0123456789abcdef") == "`0123456`"
    assert formatting.sha(None) == "an unknown commit"
    assert [formatting.plural(count, "row") for count in (0, 1, 1204)] == ["0 rows", "1 row", "1,204 rows"]


def test_equal_values_keep_their_own_words():
    """What was said of a value is not said again of another that only equals it."""
    assert [formatting.text(value) for value in (1, True, 1.0)] == ["1", "True", "1.0"]
    assert [formatting.code(value) for value in (0, False, 0.0)] == ["`0`", "`False`", "`0.0`"]
