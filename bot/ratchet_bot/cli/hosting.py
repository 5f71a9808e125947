"""The commands that talk to a repository host: report, respond."""

import argparse
import os
from pathlib import Path
from typing import Final

from ratchet_bot.cli.command import Command
from ratchet_bot.data import arguments
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.repo_names import CONFIG


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", type=Path, nargs="*", metavar="RECORD", help="a run record per hardware")
    parser.add_argument(
        "--run-id",
        type=arguments.run_id,
        metavar="ID",
        help="a run of the profile workflow: all else is asked of GitHub (default: that of the event)",
    )
    parser.add_argument(
        "--pull", type=arguments.pull_number, metavar="NUMBER", help="the pull request that records are of"
    )
    parser.add_argument(
        "--head", type=arguments.full_sha, metavar="SHA", help="the commit that records are of"
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(CONFIG),
        help="which hardware has which baseline file (default: %(default)s)",
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


def _report(options: argparse.Namespace) -> int:
    if not (options.record or options.pull or options.head):
        return _report_run(options)
    if not (options.record and options.pull and options.head) or options.run_id:
        raise BadInput("report: give records with --pull and --head, or --run-id alone")
    from ratchet_bot.flows import report

    hub = report.hub(options.repository, os.environ, options.local)
    return report.run(options.record, options.config, hub, pull=options.pull, head_sha=options.head)


def _report_run(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import report_run
    from ratchet_bot.hosts.github import github_hub_from_environment

    repository, run_id = options.repository or os.environ.get("GITHUB_REPOSITORY", ""), options.run_id
    if run_id is None:
        repository, run_id = _run_of_event()
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    hub = github_hub_from_environment(repository, os.environ)
    return report_run.run(hub, run_id, Path(summary) if summary else None)


def _run_of_event() -> tuple[str, int]:
    """Return the repository and the run that the job was started for."""
    from ratchet_bot.data.event_file import run_from_file

    if os.environ.get("GITHUB_EVENT_NAME") != "workflow_run":
        raise BadInput("report: give records with --pull and --head, or --run-id")
    return run_from_file(Path(os.environ["GITHUB_EVENT_PATH"]))


def _respond_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--event",
        type=Path,
        metavar="FILE",
        help="payload of an issue_comment event (default: GITHUB_EVENT_PATH)",
    )


def _respond(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import respond
    from ratchet_bot.hosts.github import github_hub_from_environment

    event = options.event or os.environ.get("GITHUB_EVENT_PATH")
    if not event:
        raise BadInput("respond: there is no event: give --event FILE")
    return respond.run(Path(event), lambda repository: github_hub_from_environment(repository, os.environ))


COMMANDS: Final = (
    Command("report", "post the comment and the check of a pull request", _report_arguments, _report),
    Command("respond", "answer a slash command of a comment", _respond_arguments, _respond),
)
