"""The commands of the night: refresh, history."""

import argparse
import os
from pathlib import Path
from typing import Final

from ratchet_bot.cli.command import Command, add_format_argument
from ratchet_bot.data import arguments
from ratchet_bot.data.errors import BadInput


def _refresh_arguments(parser: argparse.ArgumentParser) -> None:
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


def _refresh(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import refresh
    from ratchet_bot.flows.night import Here
    from ratchet_bot.hosts.github import github_hub_from_environment

    repository = options.repository or os.environ.get("GITHUB_REPOSITORY", "")
    if not repository:
        raise BadInput("refresh: give --repository OWNER/NAME, or set GITHUB_REPOSITORY")
    host = github_hub_from_environment(repository, os.environ)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    here = Here(host, host.login, repository, _server_url())
    return refresh.run(here, options.run_id, Path(summary) if summary else None)


def _history_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="how scenarios have done over the nights")
    show.add_argument("scenario", metavar="SCENARIO", help="its id, or a glob")
    _add_checkout(show)
    add_format_argument(show)
    show.set_defaults(action=_show, parser=show)
    exclude = actions.add_parser("exclude", help="do not count a bad sample any more")
    exclude.add_argument("--run-id", type=arguments.run_id, required=True, metavar="ID", help="whose sample")
    exclude.add_argument("--scenario", default="*", metavar="GLOB", help="only these (default: all)")
    exclude.add_argument("--reason", required=True, metavar="TEXT", help="why, for whoever wonders later")
    _add_folder(exclude)
    exclude.set_defaults(action=_exclude, parser=exclude)
    plot = actions.add_parser("plot", help="write a page with a chart per scenario")
    plot.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where index.html is written")
    plot.add_argument(
        "--repository", metavar="OWNER/NAME", help="what commits are linked to (default: GITHUB_REPOSITORY)"
    )
    _add_checkout(plot)
    plot.set_defaults(action=_plot, parser=plot)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(),
        metavar="CHECKOUT",
        help="a checkout of the history branch (default: here)",
    )


def _add_checkout(parser: argparse.ArgumentParser) -> None:
    _add_folder(parser)
    parser.add_argument("--hardware", metavar="NAME", help="only this one (default: all)")
    parser.add_argument("--baselines", type=Path, metavar="FILE", help="the baseline file of that hardware")


def _show(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import history

    return history.show(options.folder, options.scenario, options.hardware, options.baselines, options.format)


def _exclude(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import history

    return history.exclude(options.folder, options.run_id, options.scenario, options.reason)


def _plot(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import history

    repository = options.repository or os.environ.get("GITHUB_REPOSITORY", "")
    url = f"{_server_url()}/{repository}" if repository else ""
    return history.plot(options.folder, options.out, options.hardware, options.baselines, url)


def _history(options: argparse.Namespace) -> int:
    code: int = options.action(options)
    return code


def _server_url() -> str:
    return os.environ.get("GITHUB_SERVER_URL") or "https://github.com"


COMMANDS: Final = (
    Command("refresh", "remember a night, and propose what it shows", _refresh_arguments, _refresh),
    Command("history", "look at the nights: show, exclude, plot", _history_arguments, _history),
)
