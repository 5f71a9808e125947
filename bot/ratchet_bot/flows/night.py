"""`perf-ratchet refresh`: add a night to the history, and propose baselines from it.

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
from ratchet_bot.flows.history_branch import append, lines_of, rejected_line
from ratchet_bot.flows.judged import compared
from ratchet_bot.flows.night_state import BotContext, Night, read
from ratchet_bot.flows.nightly_pulls import (
    introduced,
    propose_loosening,
    propose_tightening,
    read_tightening,
)
from ratchet_bot.flows.regression_issues import OpenRegressions, open_regressions
from ratchet_bot.judging.comparability import past_nights
from ratchet_bot.judging.night_tightening import Tightening
from ratchet_bot.judging.nights import NightSeries, night_series, stale_baselines
from ratchet_bot.telling import render, words
from ratchet_bot.telling.night_report import NightReport, rows_of

Made = TypeVar("Made")


@dataclass(frozen=True)
class HardwareNight:
    """What a night and the ones before it show of one hardware."""

    hardware: str
    series: NightSeries
    regressions: OpenRegressions
    is_decided: bool
    """Whether anything follows: not where nothing was measured, nor where a later night has been judged."""


def run(context: BotContext, run_id: int, summary: Path | None) -> int:
    """Remember a run of the default branch and propose what it shows; return 1 when a regression holds.

    Args:
        context: Where the bot is, and who it is there.
        run_id: The run, in progress or completed.
        summary: File to which the job's summary is appended; None outside of Actions.

    Raises:
        BadInput: the run is not a night of the default branch, or a file there cannot be used.
        HostRefused: the host would not, or did not answer.
    """
    night = read(context, context.host.run(run_id))
    lines, no_lines = _each(night.settings.hardware, lambda name: _lines(night, name))
    added = [line for of_hardware in lines.values() for line in of_hardware]
    if added:
        append(context.host, night.snapshot, added, f"Night of {night.today}: run {run_id}")
    hardware, not_judged = _each(lines, lambda name: _judged(night, name, lines[name]))
    decided = {name: judged.regressions for name, judged in hardware.items() if judged.is_decided}
    issues = regression_issues.settle(night, decided)
    proposed, not_proposed = _each(
        hardware, lambda name: _proposed(night, hardware[name], issues.get(name, ()))
    )
    reports = list(proposed.values())
    _show(reports, night, summary)
    for error in (*no_lines, *not_judged, *not_proposed):
        raise error
    return int(any(report.regressions or not report.valid for report in reports))


def _each(names: Iterable[str], make: Callable[[str], Made]) -> tuple[dict[str, Made], list[BadInput]]:
    """Return what is made of each name, and the errors: an unusable file does not stop other hardware."""
    made, errors = {}, []
    for name in names:
        try:
            made[name] = make(name)
        except BadInput as error:
            errors.append(error)
    return made, errors


def _lines(night: Night, hardware: str) -> list[HistoryLine]:
    """Return what this night adds to the history of a hardware."""
    clock = night.baselines(hardware).metadata.clock
    refused = [f"{artifact.name}: {artifact.reason}" for artifact in night.refused(hardware)]
    lines = lines_of(night.run, hardware, night.records(hardware), clock)
    return [*lines, *([rejected_line(night.run, hardware, refused)] if refused else [])]


def _judged(night: Night, hardware: str, lines: Sequence[HistoryLine]) -> HardwareNight:
    """Return what the nights show of one hardware, from this night's lines and those before."""
    series = night_series(lines, night.snapshot.history.lines, hardware, night.run.run_id)
    regressions = open_regressions(night, hardware, series.series)
    is_decided = any(line.counts for line in lines) and not night.is_superseded
    return HardwareNight(hardware, series, regressions, is_decided)


def _proposed(night: Night, judged: HardwareNight, issues: Sequence[int]) -> NightReport:
    """Propose what a night shows of one hardware, and return the report on it."""
    if not judged.is_decided:
        return _report(night, judged, None)
    propose_loosening(night, judged.hardware, judged.regressions, judged.series)
    state, wanted = read_tightening(night, judged.hardware, judged.series)
    report = replace(_report(night, judged, wanted), issues=tuple(issues))
    return replace(report, pull=propose_tightening(night, state, wanted, report))


def _report(night: Night, judged: HardwareNight, proposed: Tightening | None) -> NightReport:
    hardware, series, settings = judged.hardware, judged.series, night.settings
    file, path = night.baselines(hardware), settings.hardware[hardware].baselines
    records = night.records(hardware)
    past = past_nights(night.snapshot.history.lines, hardware, records, file.metadata.clock)
    comparison = compared(path, file, records, settings.terms(hardware), past)
    return NightReport(
        hardware=hardware,
        baselines=path,
        run=night.run,
        rows=rows_of(comparison, series),
        valid=sum(line.valid for line in series.lines),
        measured=sum(bool(line.scenario) for line in series.lines),
        overlap_ratio=series.overlap_ratio,
        tightening=proposed,
        episodes=judged.regressions.episodes,
        stale=tuple(stale_baselines(series.series, file, settings.tighten.nights)),
        findings=tuple(introduced(night, proposed)) if proposed else (),
        refused=tuple(night.refused(hardware)),
        broken=night.snapshot.history.broken,
        shift=comparison.shift,
        runner_change=series.runner_change,
    )


def _show(reports: Sequence[NightReport], night: Night, summary: Path | None) -> None:
    """Write the job's own summary, and the log."""
    if summary is not None:
        longest = max((report.longest_list for report in reports), default=0)
        with summary.open("a", encoding="utf-8") as file:
            file.write(render.answer("nights", longest, reports=reports, night=night))
    print(words.printed("nights", reports=reports), end="")
