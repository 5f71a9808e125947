"""The commands that talk to a repository host: report."""

import argparse
import os
from pathlib import Path
from typing import Final

from bot import arguments
from bot.cli.command import Command


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", type=Path, nargs="+", metavar="RECORD", help="a run record per hardware")
    parser.add_argument(
        "--pull", type=arguments.pull_number, required=True, metavar="NUMBER", help="the pull request"
    )
    parser.add_argument(
        "--head", type=arguments.full_sha, required=True, metavar="SHA", help="the commit that was profiled"
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(".github/perf-ratchet.yml"),
        help="which hardware has which baseline file (default: %(default)s)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--repository", metavar="OWNER/NAME", help="post on GitHub, with the token in GITHUB_TOKEN"
    )
    where.add_argument(
        "--local",
        type=Path,
        default=Path(".perf-ratchet"),
        metavar="FOLDER",
        help="write into a folder instead (default: %(default)s)",
    )


def _report(options: argparse.Namespace) -> int:
    from bot.handlers import report

    token = os.environ.get("GITHUB_TOKEN", "")
    hub = report.hub(options.repository, token, os.environ.get("GITHUB_API_URL"), options.local)
    return report.run(options.record, options.config, hub, pull=options.pull, head_sha=options.head)


COMMANDS: Final = (
    Command("report", "post the comment and the check of a pull request", _report_arguments, _report),
)
