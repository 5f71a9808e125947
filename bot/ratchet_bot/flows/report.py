"""`perf-ratchet report --run-id`: show on a pull request what a run of its profile workflow has measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

from markupsafe import Markup

from ratchet_bot.data.errors import BadInput, reason_of
from ratchet_bot.data.formatting import text
from ratchet_bot.data.names import CONFIG
from ratchet_bot.data.settings import Settings
from ratchet_bot.flows.judged import judge_hardware
from ratchet_bot.flows.reading import baselines_in, delivered, history_places, precedent_in, settings_on
from ratchet_bot.flows.runs import Unbound, bound, is_of_this_merge, refusal
from ratchet_bot.hosts.artifacts import Delivery
from ratchet_bot.hosts.port import Host, HostEffects, HostReads, HostRefused
from ratchet_bot.hosts.states import Place, Pull, Run
from ratchet_bot.telling import render, words
from ratchet_bot.telling.checks import begun, check_of, failed
from ratchet_bot.telling.edits import BaselineEdit, edit_of
from ratchet_bot.telling.hardware_report import HardwareReport
from ratchet_bot.telling.markers import MARKER, State, is_posted, shown, succeeding, with_state
from ratchet_bot.telling.report import RunReport, report_on, run_report


@dataclass(frozen=True)
class ReportInput:
    """Everything that decides what is reported."""

    run: Run
    pull: Pull
    settings: Settings
    delivery: Delivery
    start: str
    """SHA of the commit at which the pull request left its base."""
    files: Mapping[Place, bytes | None]
    """Baselines and configuration at the base, at `start` and at the head; the history."""
    settled_at: datetime
    """Since when the pull request is open and goes into its base."""


def run(host: Host, run_id: int, summary: Path | None) -> int:
    """Post what a run has shown; return 0 only when everything was judged and nothing is wrong.

    Its check is always concluded: should anything go wrong here, with the reason.

    Args:
        host: The repository.
        run_id: The run, in progress or completed.
        summary: File to which the job's summary is appended; None outside of Actions.

    Raises:
        BadInput: such a run is not reported, or the configuration or a baseline file cannot be used.
        HostRefused: the host would not, or did not answer.
    """
    measured = host.run(run_id)
    if refusal(measured):
        raise BadInput(f"{refusal(measured)}; give the id of such a run")
    if not measured.has_ended:
        return _begun(host, measured)
    try:
        return _reported(host, measured, summary)
    except Unbound as why:
        print(host.upsert_check(failed(measured, None, "Not reported", str(why))), why, sep="\n")
        return 0


def _begun(host: Host, measured: Run) -> int:
    """Show that a run is measuring, on the required check only where its end will conclude that one."""
    try:
        pull = bound(measured, host.pulls_of(measured))
    except Unbound as why:
        print(why)
    else:
        print(host.upsert_check(begun(measured, pull)))
    return 0


def _reported(host: Host, measured: Run, summary: Path | None) -> int:
    pull: Pull | None = None
    try:
        settings = settings_on(host)
        delivery = delivered(host, measured, settings.hardware)
        # Looked up as late as possible: what was pushed meanwhile is seen.
        pull = bound(measured, host.pulls_of(measured))
        report = report_of(_read(host, measured, pull, settings, delivery))
        body = render.comment(report.report, report)
        if summary is not None:
            with summary.open("a", encoding="utf-8") as file:
                file.write(shown(body))
        check = host.upsert_check(check_of(report, pull, render.title(report), shown(body)))
    except Unbound:
        raise
    except (Exception, KeyboardInterrupt) as error:  # a job that is cancelled is interrupted first
        try:
            host.upsert_check(failed(measured, pull, "Could not be judged", text(reason_of(error))))
        except HostRefused as refused:
            error.add_note(str(refused))
        raise
    # The check first: it is what holds a merge back, should the comment be refused.
    print(render.title(report), check, *_commented(host, pull, settings, report, body), sep="\n")
    return int(report.conclusion != "success")


def _read(host: HostReads, measured: Run, pull: Pull, settings: Settings, delivery: Delivery) -> ReportInput:
    """Read everything else that decides: two requests, whatever the number of scenarios."""
    start = host.merge_base(pull.base_branch, pull.head_sha)
    paths = [hardware.baselines for hardware in settings.hardware.values()]
    baselines = [(ref, path) for ref in (pull.base_branch, start, pull.head_sha) for path in paths]
    configs = [(start, CONFIG), (pull.head_sha, CONFIG)]
    nights = [history_places(settings, name, measured.created_at) for name in delivery.records]
    files = host.judging_files(pull.number, chain(baselines, configs, *nights))
    return ReportInput(measured, pull, settings, delivery, start, files.contents, files.settled_at)


def report_of(read: ReportInput) -> RunReport:
    """Return everything there is to say of a run. Pure.

    Raises:
        BadInput: a baseline file cannot be used.
    """
    sections = [_section(read, name) for name in read.delivery.records]
    return run_report(
        read.run,
        report_on(sections, read.settings.hardware),
        read.delivery.refused,
        _edits(read),
        is_of_this_attempt=read.delivery.is_of_this_attempt,
        is_of_this_merge=is_of_this_merge(read.run, read.settled_at),
        changes_config=read.files[(read.start, CONFIG)] != read.files[(read.pull.head_sha, CONFIG)],
    )


def _section(read: ReportInput, name: str) -> HardwareReport:
    """Return what the run has shown on one hardware, by the baselines of the base branch."""
    settings, records = read.settings, read.delivery.records[name]
    path = settings.hardware[name].baselines
    file = baselines_in(path, read.files[(read.pull.base_branch, path)], name, records)
    nights = history_places(settings, name, read.run.created_at)
    past = precedent_in(read.files, nights, name, records, file.metadata.clock)
    return judge_hardware(path, file, records, settings.terms(name), past)


def _edits(read: ReportInput) -> list[BaselineEdit]:
    """Return what the pull request itself does to baseline files."""
    paths = dict.fromkeys(hardware.baselines for hardware in read.settings.hardware.values())
    edits = (
        edit_of(
            path,
            read.files[(read.start, path)],
            read.files[(read.pull.head_sha, path)],
            waivers=read.settings.waivers,
            today=read.run.day,
        )
        for path in paths
    )
    return [edit for edit in edits if edit]


def _commented(hub: HostEffects, pull: Pull, settings: Settings, report: RunReport, body: str) -> list[str]:
    """Bring the comment up to date where that is wanted; return where it, and a further word, can be read."""
    state: State | None = None

    def revised(before: str | None) -> str | None:
        nonlocal state
        state = succeeding(report.state, before)
        is_wanted = is_posted(settings.comment, tells=report.tells, exists=before is not None)
        return with_state(body, state) if state and is_wanted else None

    places = [hub.revise_comment(pull.number, MARKER, revised)]
    if settings.comment != "never" and state and state.has_worsened:
        marker = f"<!-- perf-ratchet:worsened {report.run.run_id}/{report.run.attempt} -->"
        values = {"headline": render.headline(report.report), "comment": places[0]}
        answer = words.markdown("worsened", marker=Markup(marker), told=report, **values)  # noqa: S704 - numbers
        places.append(hub.answer(pull.number, marker, answer))
    return [place for place in places if place]
