"""Reports to Markdown, HTML and text, each as long as its reader takes, with `telling.words`."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup
from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.judging.proposals import Proposals
from ratchet_bot.judging.verdicts import Comparison
from ratchet_bot.telling import markers
from ratchet_bot.telling.fitting import longest_fitting
from ratchet_bot.telling.hardware_report import HardwareReport, hardware_report
from ratchet_bot.telling.report import Report, RunReport
from ratchet_bot.telling.words import html, markdown, text

MAX_COMMENT_BYTES: Final = 60_000
"""Most UTF-8 bytes of a comment. GitHub refuses more than 65,536 characters, and elsewhere counts bytes."""
MARKER: Final = markers.MARKER
"""How a comment begins that is ours."""


def comment(report: Report, told: RunReport | None = None) -> str:
    """Return the pull-request comment: Markdown of at most 60,000 bytes that begins with `MARKER`.

    Where it would be longer, rows are left out from the end of each list and counted: first those of the
    folded details, then those that crossed a line.

    Args:
        report: What was measured.
        told: What the host and the diff say besides, where a run of the host is told.
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
    """Return what came of a run in one line of plain text."""
    return text("title", told=told, headline=headline(told.report)).strip()


def page(title: str, parts: Sequence[tuple[str, str]]) -> str:
    """Return an HTML page of (heading, HTML) parts; the HTML is what GitHub's Markdown parser made."""
    bodies = [{"heading": heading, "body": Markup(body)} for heading, body in parts]  # noqa: S704 - see above
    return html("page", title=title, parts=bodies)


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
