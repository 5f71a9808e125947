"""`perf-ratchet respond`: answer a slash command of a comment."""

import argparse
import os
from pathlib import Path
from typing import Final

from ratchet_bot.cli.command import Command
from ratchet_bot.data.errors import BadInput


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--event",
        type=Path,
        metavar="FILE",
        help="payload of an issue_comment event (default: GITHUB_EVENT_PATH)",
    )


def _run(options: argparse.Namespace) -> int:
    event = options.event or os.environ.get("GITHUB_EVENT_PATH")
    if not event:
        raise BadInput("respond: there is no event: give --event FILE")
    from ratchet_bot.flows import slash
    from ratchet_bot.hosts.github import github_host_from_environment

    return slash.run(Path(event), lambda repository: github_host_from_environment(repository, os.environ))


COMMAND: Final = Command(
    "respond",
    "answer a slash command of a comment",
    _add_arguments,
    _run,
    ("GITHUB_TOKEN=... perf-ratchet respond --event comment.json",),
)
