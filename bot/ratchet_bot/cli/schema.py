"""`perf-ratchet schema`: the JSON Schema of the configuration file, for editors."""

import argparse
from typing import Final

from ratchet_bot.cli.command import Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take none."""


def _run(_: argparse.Namespace) -> int:
    from ratchet_bot.adoption.scaffold import schema

    print(schema(), end="")
    return 0


COMMAND: Final = Command(
    "schema",
    "print the JSON Schema of the configuration file",
    _add_arguments,
    _run,
    ("perf-ratchet schema > .github/perf-ratchet.schema.json",),
)
