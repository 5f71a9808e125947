"""`perf-ratchet refresh`: add a night to the history, and propose baselines from it."""

import argparse
import os
from typing import Final

from ratchet_bot.cli.command import Command, job_summary, repository_named, server_url
from ratchet_bot.data import arguments
from ratchet_bot.data.errors import BadInput


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run-id",
        type=arguments.run_id,
        required=True,
        metavar="ID",
        help="the run of the default branch whose records are taken",
    )
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", help="where on GitHub (default: GITHUB_REPOSITORY)"
    )


def _run(options: argparse.Namespace) -> int:
    repository = repository_named(options.repository)
    if not repository:
        raise BadInput("refresh: give --repository OWNER/NAME, or set GITHUB_REPOSITORY")
    from ratchet_bot.flows import night
    from ratchet_bot.flows.night_state import BotContext
    from ratchet_bot.hosts.github import github_host_from_environment

    host = github_host_from_environment(repository, os.environ)
    context = BotContext(host, host.login, repository, server_url())
    return night.run(context, options.run_id, job_summary())


COMMAND: Final = Command(
    "refresh",
    "add a night to the history, and propose baselines from it",
    _add_arguments,
    _run,
    ("GITHUB_TOKEN=... perf-ratchet refresh --run-id 25963872007 --repository octo/demo",),
)
