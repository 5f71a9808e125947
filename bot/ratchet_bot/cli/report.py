"""`perf-ratchet report`: post the comment and the check of a pull request."""

import argparse
import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ratchet_bot.cli.command import Command, job_summary, repository_named
from ratchet_bot.data import arguments
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.names import CONFIG

if TYPE_CHECKING:
    from ratchet_bot.data.settings import Hardware, Settings
    from ratchet_bot.hosts.effects import Check
    from ratchet_bot.hosts.port import HostEffects
    from ratchet_bot.telling.hardware_report import HardwareReport
    from ratchet_bot.telling.report import Report


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", type=Path, nargs="*", metavar="RECORD", help="a run record per hardware")
    parser.add_argument(
        "--run-id",
        type=arguments.run_id,
        metavar="ID",
        help="a run of the profile workflow; the rest comes from GitHub (default: the run of the event)",
    )
    parser.add_argument(
        "--pull",
        type=arguments.pull_number,
        metavar="NUMBER",
        help="the pull request of the records",
    )
    parser.add_argument("--head", type=arguments.full_sha, metavar="SHA", help="the commit of the records")
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(CONFIG),
        help="the configuration, which names the baseline files (default: %(default)s)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--repository",
        metavar="OWNER/NAME",
        help="post on GitHub, with the token in GITHUB_TOKEN (default with --run-id: GITHUB_REPOSITORY)",
    )
    where.add_argument(
        "--local",
        type=Path,
        default=Path(".perf-ratchet"),
        metavar="FOLDER",
        help="write into a folder instead (default: %(default)s)",
    )


def _run(options: argparse.Namespace) -> int:
    if not (options.record or options.pull or options.head):
        return _report_run(options)
    if not (options.record and options.pull and options.head) or options.run_id:
        raise BadInput("report: give records with --pull and --head, or --run-id alone")
    hub = _hub(options.repository, options.local)
    return post_records(options.record, options.config, hub, pull=options.pull, head_sha=options.head)


def _report_run(options: argparse.Namespace) -> int:
    """Report a run of the profile workflow: the one that is named, else the one of the job's event."""
    from ratchet_bot.flows import report
    from ratchet_bot.hosts.github import github_host_from_environment

    repository, run_id = repository_named(options.repository), options.run_id
    if run_id is None:
        from ratchet_bot.data.events import run_from_file

        if os.environ.get("GITHUB_EVENT_NAME") != "workflow_run":
            raise BadInput("report: give records with --pull and --head, or --run-id")
        repository, run_id = run_from_file(Path(os.environ["GITHUB_EVENT_PATH"]))
    hub = github_host_from_environment(repository, os.environ)
    return report.run(hub, run_id, job_summary())


def post_records(paths: Sequence[Path], config: Path, hub: "HostEffects", *, pull: int, head_sha: str) -> int:
    """Post what records of this machine show; return 0 only when all was judged and nothing regressed.

    Args:
        paths: One run record for each hardware.
        config: The configuration file.
        hub: Where to post.
        pull: Number of the pull request.
        head_sha: Its commit that was profiled, as the caller knows it: never from a record.

    Raises:
        BadInput: a file cannot be used; nothing is posted then.
        HostRefused: the hub would not, or did not answer; nothing more is posted then.
    """
    from ratchet_bot.data.settings_file import settings_from_file
    from ratchet_bot.telling import render
    from ratchet_bot.telling.report import report_on

    settings = settings_from_file(config)
    sections = [_section(path, config, settings, head_sha) for path in paths]
    report = report_on(sections, settings.hardware)
    if len({section.hardware for section in sections}) < len(sections):
        raise BadInput(f"{', '.join(map(str, paths))}: two records of one hardware; give one of each")
    body = render.comment(report)
    # The check first: it is what holds a merge back, should the comment be refused.
    check = hub.upsert_check(records_check(report, head_sha, body))
    print(render.headline(report), check, hub.upsert_comment(pull, render.MARKER, body), sep="\n")
    return int(report.conclusion != "success")


def records_check(report: "Report", head_sha: str, comment: str) -> "Check":
    """Return the check of a report on a commit: it says what the comment says.

    Reporting the same records again gives the same check.
    """
    from ratchet_bot.hosts.effects import Check
    from ratchet_bot.telling import render
    from ratchet_bot.telling.checks import CHECK_NAME

    runs = [section.source.run_id or section.source.created_at.isoformat() for section in report.hardware]
    return Check(
        name=CHECK_NAME,
        head_sha=head_sha,
        conclusion=report.conclusion,
        title=render.headline(report),
        summary=comment.removeprefix(render.MARKER).lstrip(),
        external_id=" ".join(map(str, runs)),
    )


def _hub(repository: str | None, folder: Path) -> "HostEffects":
    """Return GitHub's hub for a repository, or the local one in a folder when there is none.

    Raises:
        HostRefused: there is a repository and no token.
    """
    if repository is None:
        from ratchet_bot.hosts.local import FolderHost

        return FolderHost(folder, Path())
    from ratchet_bot.hosts.github import github_host_from_environment

    return github_host_from_environment(repository, os.environ)


def _section(path: Path, config: Path, settings: "Settings", head_sha: str) -> "HardwareReport":
    """Return what a record shows, which must be of this commit."""
    from ratchet_bot.data.reading import baselines_from_file, record_from_file
    from ratchet_bot.flows.judged import judge_with_history

    record = record_from_file(path)
    claimed = record.source.head_sha
    if claimed != head_sha:
        origin = f"is a run of commit {claimed}" if claimed else "was measured outside of a git checkout"
        raise BadInput(f"{path}: {origin}; run ratchet-profiler inside a checkout of {head_sha}")
    name = record.environment.hardware
    hardware = _hardware(name, config, settings)
    file = baselines_from_file(Path(hardware.baselines))
    return judge_with_history(hardware.baselines, file, [record], settings.terms(name))


def _hardware(name: str, config: Path, settings: "Settings") -> "Hardware":
    if name in settings.hardware:
        return settings.hardware[name]
    close = get_close_matches(name, settings.hardware, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(settings.hardware)}"
    raise BadInput(f"{config}: hardware: there is no {name!r}; {hint}")


COMMAND: Final = Command(
    "report",
    "post the comment and the check of a pull request",
    _add_arguments,
    _run,
    (
        'perf-ratchet report run-record.json --pull 7 --head "$(git rev-parse HEAD)"',
        'GITHUB_TOKEN=... perf-ratchet report h100.json npu.json --pull 7 --head "$SHA" --repository o/demo',
        "GITHUB_TOKEN=... perf-ratchet report --run-id 25963872007 --repository octo/demo",
    ),
)
