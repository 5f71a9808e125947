"""`perf-ratchet demo`: show it at work on this machine, in a throw-away git repository."""

import argparse
from pathlib import Path
from typing import Final

from ratchet_bot.cli.command import Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, default=Path(".demo"), help="everything happens in here (default: %(default)s)"
    )


def _run(options: argparse.Namespace) -> int:
    from ratchet_bot.cli import demo_story

    return demo_story.run(options.folder)


COMMAND: Final = Command(
    "demo",
    "show it at work: a regression caught, a baseline tightened",
    _add_arguments,
    _run,
    ("perf-ratchet demo", "perf-ratchet demo --folder /tmp/ratchet-demo"),
)
