"""`perf-ratchet report --run-id`: tell a pull request what a run of its profile workflow has shown."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

from markupsafe import Markup
from ratchet_profiler.record import RunRecord

from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.filters import text
from ratchet_bot.data.repo_names import CONFIG
from ratchet_bot.data.settings import Settings
from ratchet_bot.flows.binding import Unbound, bound, is_of_this_merge, refusal
from ratchet_bot.flows.failures import reason_of
from ratchet_bot.flows.fetched import baselines_in, delivered, history_places, precedent_in, settings_on
from ratchet_bot.flows.judged import judge_hardware, terms_of
from ratchet_bot.hosts.artifacts import Delivery
from ratchet_bot.hosts.host import Host, Place, Pull, Run
from ratchet_bot.hosts.hub import Hub, HubAndHost, HubRefused
from ratchet_bot.telling import render, words
from ratchet_bot.telling.edits import Edit, edit_of
from ratchet_bot.telling.report import HardwareReport, report_on
from ratchet_bot.telling.run_report import RunReport, begun, check_of, failed, run_report
from ratchet_bot.telling.sticky import MARKER, State, is_posted, shown, succeeding, with_state


@dataclass(frozen=True)
class _Case:
    """What is to be judged, and by what."""

    run: Run
    pull: Pull
    settings: Settings
    found: Delivery
    start: str
    """SHA of the commit at which the pull request left its base."""
    files: Mapping[Place, bytes | None]
    settled_at: datetime
    """Since when the pull request goes into its base."""
    nights: Mapping[str, Sequence[Place]]
    """Where the history of each hardware is among the files."""


def run(host: HubAndHost, run_id: int, summary: Path | None) -> int:
    """Post what a run has shown; return 0 only when everything was judged and nothing is wrong.

    Its check is always concluded: should anything go wrong here, with the reason.

    Args:
        host: The repository.
        run_id: The run, in progress or completed.
        summary: File to which the job's summary is appended; None outside of Actions.

    Raises:
        BadInput: it is no run that is reported, or the configuration or a baseline file cannot be used.
        HubRefused: the host would not, or did not answer.
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


def _begun(host: HubAndHost, measured: Run) -> int:
    """Show that a run is measuring, on the required check only where its end will conclude that one."""
    try:
        pull = bound(measured, host.pulls_of(measured))
    except Unbound as why:
        print(why)
    else:
        print(host.upsert_check(begun(measured, pull)))
    return 0


def _reported(host: HubAndHost, measured: Run, summary: Path | None) -> int:
    with _concluding(host, measured) as bound_to:
        settings = settings_on(host)
        found = delivered(host, measured, settings.hardware)
        # Looked up as late as possible: what was pushed meanwhile is seen.
        pull = bound(measured, host.pulls_of(measured))
        bound_to.append(pull)
        told = _told(_case(host, measured, pull, settings, found))
        body = render.comment(told.report, told)
        _summarise(summary, body)
        place = host.upsert_check(check_of(told, pull, render.title(told), shown(body)))
    # The check first: it is what holds a merge back, should the comment be refused.
    print(render.title(told), place, *_commented(host, pull, settings, told, body), sep="\n")
    return int(told.conclusion != "success")


@contextmanager
def _concluding(hub: Hub, measured: Run) -> Iterator[list[Pull]]:
    """Conclude the check of a run when something goes wrong, and let it go wrong nevertheless.

    Yields:
        Where the pull request goes as soon as it is known: it names the check.
    """
    pulls: list[Pull] = []
    try:
        yield pulls
    except Unbound:
        raise
    except (Exception, KeyboardInterrupt) as error:  # a job that is cancelled is interrupted first
        try:
            pull = pulls[0] if pulls else None
            hub.upsert_check(failed(measured, pull, "Could not be judged", text(reason_of(error))))
        except HubRefused as refused:
            error.add_note(str(refused))
        raise


def _case(host: Host, measured: Run, pull: Pull, settings: Settings, found: Delivery) -> _Case:
    """Read everything else that decides: two requests, whatever the number of scenarios."""
    start = host.merge_base(pull.base_branch, pull.head_sha)
    paths = [one.baselines for one in settings.hardware.values()]
    nights = {name: history_places(settings, name, measured.created_at) for name in found.records}
    wanted = [(ref, path) for ref in (pull.base_branch, start, pull.head_sha) for path in paths]
    configs = [(start, CONFIG), (pull.head_sha, CONFIG)]
    grounds = host.grounds(pull.number, chain(wanted, configs, *nights.values()))
    return _Case(measured, pull, settings, found, start, grounds.files, grounds.settled_at, nights)


def _told(case: _Case) -> RunReport:
    """Return everything there is to say."""
    sections = [_section(case, name, records) for name, records in case.found.records.items()]
    report = report_on(sections, case.settings.hardware)
    return run_report(
        case.run,
        report,
        case.found.refused,
        _edits(case),
        is_of_this_attempt=case.found.is_of_this_attempt,
        is_of_this_merge=is_of_this_merge(case.run, case.settled_at),
        changes_config=case.files[(case.start, CONFIG)] != case.files[(case.pull.head_sha, CONFIG)],
    )


def _section(case: _Case, name: str, records: Sequence[RunRecord]) -> HardwareReport:
    """Return what the run has shown on one hardware, by the baselines of the base branch."""
    path = case.settings.hardware[name].baselines
    file = baselines_in(path, case.files[(case.pull.base_branch, path)], name, records)
    known = precedent_in(case.files, case.nights[name], name, records, file.metadata.clock)
    return judge_hardware(path, file, records, terms_of(case.settings, name), known)


def _edits(case: _Case) -> list[Edit]:
    """Return what the pull request itself does to baseline files."""
    paths = dict.fromkeys(one.baselines for one in case.settings.hardware.values())
    found = (
        edit_of(
            path,
            case.files[(case.start, path)],
            case.files[(case.pull.head_sha, path)],
            waivers=case.settings.waivers,
            today=case.run.day,
        )
        for path in paths
    )
    return [edit for edit in found if edit]


def _commented(hub: Hub, pull: Pull, settings: Settings, told: RunReport, body: str) -> list[str]:
    """Bring the comment up to date where that is wanted; return where it, and a further word, can be read."""
    kept: list[State] = []

    def revise(before: str | None) -> str | None:
        state = succeeding(told.state, before)
        kept[:] = [state] if state else []
        is_wanted = is_posted(settings.comment, tells=told.tells, exists=before is not None)
        return with_state(body, state) if state and is_wanted else None

    places = [hub.revise_comment(pull.number, MARKER, revise)]
    if settings.comment != "never" and any(state.has_worsened for state in kept):
        marker = f"<!-- perf-ratchet:worsened {told.run.run_id}/{told.run.attempt} -->"
        values = {"headline": render.headline(told.report), "comment": places[0]}
        said = words.markdown("worsened", marker=Markup(marker), told=told, **values)  # noqa: S704 - numbers
        places.append(hub.answer(pull.number, marker, said))
    return [place for place in places if place]


def _summarise(summary: Path | None, body: str) -> None:
    """Show the same in the job's own summary."""
    if summary is not None:
        with summary.open("a", encoding="utf-8") as file:
            file.write(shown(body))
