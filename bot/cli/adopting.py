"""The commands for those who begin: demo."""

import argparse
from pathlib import Path
from typing import Final

from bot.cli.command import Command


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, default=Path(".demo"), help="everything happens in here (default: %(default)s)"
    )


def _demo(options: argparse.Namespace) -> int:
    from bot.handlers import demo

    return demo.run(options.folder)


COMMANDS: Final = (
    Command("demo", "watch it work: a regression caught, a baseline tightened", _demo_arguments, _demo),
)
