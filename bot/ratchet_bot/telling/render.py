"""Reports to Markdown, HTML and text, each as long as its reader takes, with `telling.words`."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Final

from markupsafe import Markup
from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.judging.proposals import Proposals
from ratchet_bot.judging.verdicts import Comparison
from ratchet_bot.telling import markers
from ratchet_bot.telling.hardware_report import HardwareReport, hardware_report
from ratchet_bot.telling.report import Report, RunReport
from ratchet_bot.telling.words import html, markdown, text

MAX_COMMENT_BYTES: Final = 60_000
"""Most UTF-8 bytes of a comment. GitHub refuses more than 65,536 characters, and elsewhere counts bytes."""
GUESSES: Final = 4
"""Sizes to guess before halving, which is never slow. Chosen: the comments seen so far take three."""
MARKER: Final = markers.MARKER
"""How each of our comments begins."""


def comment(report: Report, told: RunReport | None = None) -> str:
    """Return the pull-request comment: Markdown of at most 60,000 bytes that begins with `MARKER`.

    Where it would be longer, rows are left out from the end of each list and counted: first those of the
    folded details, then those that crossed a line.

    Args:
        report: What was measured.
        told: What the host and the diff add, when the report is of a run on the host.
    """
    edits = max((len(edit.findings) for edit in told.edits), default=0) if told else 0
    most = max((edits, *map(_longest_list, report.hardware)))
    return longest_fitting(lambda size: _comment(report, told, size, most), 2 * most, MAX_COMMENT_BYTES)


def answer(name: str, most: int, **values: object) -> str:
    """Return `templates/NAME.md.j2` with these values, and `shown`: how much of each list fits a comment.

    Args:
        name: Of the template.
        most: Length of the longest list.
        values: What the template names.
    """
    return longest_fitting(lambda size: markdown(name, shown=size, **values), most, MAX_COMMENT_BYTES)


def headline(report: Report) -> str:
    """Return the verdict in one line of plain text."""
    return text("headline", report=report).strip()


def verdicts(
    file: BaselineFile, records: Sequence[RunRecord], comparison: Comparison, path: str = "the baselines"
) -> str:
    """Return what `perf-ratchet compare` prints of a run, for the message of a test's assertion.

    Args:
        file: The baselines.
        records: The run, at least one record.
        comparison: What `ratchet_bot.judging.compare.compare` made of the two.
        path: How a reader knows that file.
    """
    nothing = Proposals((), (), records[0].source)
    report = Report((hardware_report(path, file, records, comparison, proposals=nothing, findings=()),))
    return text("compare", report=report, headline=headline(report))


def title(told: RunReport) -> str:
    """Return the result of a run in one line of plain text."""
    return text("title", told=told, headline=headline(told.report)).strip()


def page(title: str, parts: Sequence[tuple[str, str]]) -> str:
    """Return an HTML page of (heading, HTML) parts; the HTML is what GitHub's Markdown parser made."""
    bodies = [{"heading": heading, "body": Markup(body)} for heading, body in parts]  # noqa: S704 - see above
    return html("page", title=title, parts=bodies)


def longest_fitting(text_of: Callable[[int], str], most: int, most_bytes: int) -> str:
    """Return the text of the greatest size that fits a limit of bytes; the text of size 0 when none fits.

    Rendering a text is what takes long, so few sizes are tried. Texts grow about evenly below the middle, and
    about evenly above it: the first try is the middle, the next `GUESSES` are where a straight line through
    the ends of the remaining interval meets the limit, and all later ones halve that interval.

    Args:
        text_of: Size -> text; a greater size never gives a shorter text.
        most: The greatest size.
        most_bytes: The limit, in UTF-8.

    Source: the method of false position (regula falsi).
    """

    def over_bytes(text: str) -> int:
        return len(text.encode()) - most_bytes

    long = text_of(most)
    if over_bytes(long) <= 0:
        return long
    fitting, low, high = text_of(0), 0, most
    if over_bytes(fitting) > 0:
        return fitting
    for guess in count():
        if high - low <= 1:
            break
        line = over_bytes(fitting) / (over_bytes(fitting) - over_bytes(long))
        share = line if 0 < guess <= GUESSES else 0.5
        tried = min(low + max(int(share * (high - low)), 1), high - 1)
        text = text_of(tried)
        if over_bytes(text) <= 0:
            fitting, low = text, tried
        else:
            long, high = text, tried
    return fitting


def _comment(report: Report, told: RunReport | None, size: int, most: int) -> str:
    """Return the comment, its lists cut: up to `most` crossed rows, the rest of the size in details."""
    return markdown(
        "comment",
        report=report,
        told=told,
        headline=headline(report),
        marker=Markup(MARKER),  # noqa: S704 - a constant
        rows=min(size, most),
        details=max(size - most, 0),
    )


def _longest_list(report: HardwareReport) -> int:
    lists: Sequence[Sequence[object]] = (
        report.crossed,
        report.suspicious,
        report.ungated,
        report.comparison.scenarios,
        report.findings,
        report.proposals.proposals,
        report.proposals.declined,
    )
    return max(map(len, lists))
