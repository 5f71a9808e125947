"""`perf-ratchet refresh`: remember a night, and propose what it shows.

First the history is written, then the issues, then the pull requests: broken off anywhere, the next night
finds what was done, and does the rest.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.history import HistoryLine
from ratchet_bot.flows import regression_issues
from ratchet_bot.flows.history_branch import append
from ratchet_bot.flows.judged import compared, terms_of
from ratchet_bot.flows.lines import lines_of, rejected_line
from ratchet_bot.flows.night_state import BotContext, Night, read
from ratchet_bot.flows.nightly_pulls import TighteningPull, introduced, loosen
from ratchet_bot.flows.regression_issues import Held
from ratchet_bot.judging.comparison import Comparison
from ratchet_bot.judging.known import Known, known
from ratchet_bot.judging.night_tightening import Tightening
from ratchet_bot.judging.nights import stale
from ratchet_bot.judging.precedent import precedent
from ratchet_bot.telling import render, words
from ratchet_bot.telling.night_report import NightReport, rows_of

Made = TypeVar("Made")


def run(here: BotContext, run_id: int, summary: Path | None) -> int:
    """Remember a run of the default branch and propose what it shows; return 1 when a regression holds.

    Args:
        here: Where, and as whom.
        run_id: The run, in progress or completed.
        summary: File to which the job's summary is appended; None outside of Actions.

    Raises:
        BadInput: the run is no night of the default branch, or a file there cannot be used.
        HubRefused: the host would not, or did not answer.
    """
    night = read(here, here.host.run(run_id))
    failed: list[BadInput] = []
    lines = _each(night.settings.hardware, lambda name: _lines(night, name), failed)
    added = [line for found in lines.values() for line in found]
    if added:
        append(here.host, night.kept, added, f"Night of {night.today}: run {run_id}")
    found = _each(lines, lambda name: _found(night, name, lines[name]), failed)
    issues = regression_issues.tell(night, {name: it.held for name, it in found.items() if it.is_decided})
    reports = list(
        _each(found, lambda name: _told(night, name, found[name], issues.get(name, ())), failed).values()
    )
    _show(reports, night, summary)
    if failed:
        raise failed[0]
    return int(any(report.regressions or not report.valid for report in reports))


def _each(names: Iterable[str], make: Callable[[str], Made], failed: list[BadInput]) -> dict[str, Made]:
    """Return what is made of each name; where a file cannot be used, the others are not to suffer."""
    made = {}
    for name in names:
        try:
            made[name] = make(name)
        except BadInput as error:
            failed.append(error)
    return made


def _lines(night: Night, hardware: str) -> list[HistoryLine]:
    """Return what this night adds to the history of a hardware."""
    clock = night.baselines(hardware).metadata.clock
    refused = [f"{one.name}: {one.reason}" for one in night.refused(hardware)]
    lines = lines_of(night.run, hardware, night.records(hardware), clock)
    return [*lines, *([rejected_line(night.run, hardware, refused)] if refused else [])]


@dataclass(frozen=True)
class _Found:
    """What a night and the ones before it show of one hardware."""

    known: Known
    held: Held
    is_decided: bool
    """Whether anything follows: not where nothing was measured, nor where a later night has been judged."""


def _found(night: Night, hardware: str, lines: Sequence[HistoryLine]) -> _Found:
    found = known(lines, night.kept.history.lines, hardware, night.run.run_id)
    is_decided = any(line.counts for line in lines) and not night.is_superseded
    return _Found(found, regression_issues.held(night, hardware, found.series), is_decided)


def _told(night: Night, hardware: str, found: _Found, issues: Sequence[int]) -> NightReport:
    """Propose what a night shows of one hardware, and return what is to be told."""
    if not found.is_decided:
        return _report(night, hardware, found.known, found.held, None)
    loosen(night, hardware, found.held, found.known)
    pull = TighteningPull(night, hardware, found.known)
    report = _report(night, hardware, found.known, found.held, pull.tightening)
    report = replace(report, issues=tuple(issues))
    return replace(report, pull=pull.settle(report))


def _report(
    night: Night, hardware: str, found: Known, held: Held, proposed: Tightening | None
) -> NightReport:
    file, path = night.baselines(hardware), night.settings.hardware[hardware].baselines
    comparison = _comparison(night, hardware)
    return NightReport(
        hardware=hardware,
        baselines=path,
        run=night.run,
        rows=rows_of(comparison, found),
        valid=sum(line.valid for line in found.lines),
        measured=sum(bool(line.scenario) for line in found.lines),
        overlap_ratio=found.overlap_ratio,
        tightening=proposed,
        episodes=held.episodes,
        stale=tuple(stale(found.series, file, night.settings.tighten.nights)),
        findings=tuple(introduced(night, proposed)) if proposed else (),
        refused=tuple(night.refused(hardware)),
        broken=night.kept.history.broken,
        shift=comparison.shift,
        runner_change=found.runner_change,
    )


def _comparison(night: Night, hardware: str) -> Comparison:
    file, settings = night.baselines(hardware), night.settings
    records = night.records(hardware)
    before = precedent(night.kept.history.lines, hardware, records, file.metadata.clock)
    return compared(
        settings.hardware[hardware].baselines, file, records, terms_of(settings, hardware), before
    )


def _show(reports: Sequence[NightReport], night: Night, summary: Path | None) -> None:
    """Tell the job's own summary, and the log."""
    if summary is not None:
        with summary.open("a", encoding="utf-8") as file:
            file.write(
                render.answer(
                    "nights",
                    max((one.longest_list for one in reports), default=0),
                    reports=reports,
                    night=night,
                )
            )
    print(words.printed("nights", reports=reports), end="")
