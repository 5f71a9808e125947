"""`perf-ratchet doctor`: examine a repository; report what is well, what is not, and how to mend it."""

import argparse
from pathlib import Path
from typing import Final

from ratchet_bot.cli.command import Command, add_format
from ratchet_bot.data.errors import BadInput


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_format(parser, "text", "json")


def _run(options: argparse.Namespace) -> int:
    """Print every diagnosis; return 1 when there is a problem.

    Raises:
        BadInput: the working directory is not the top of a git repository.
    """
    from ratchet_bot.adoption.checkup import Health
    from ratchet_bot.adoption.doctor import examined
    from ratchet_bot.telling import words

    if not Path(".git").exists():
        raise BadInput(f"{Path.cwd()}: is not the top of a git repository; go there")
    checks = examined(Path())
    if options.format == "json":
        print(words.to_json(checks=checks))
    else:
        print(words.printed("doctor", checks=checks), end="")
    return int(any(check.health is Health.PROBLEM for check in checks))


COMMAND: Final = Command(
    "doctor",
    "report what is missing or wrong in a repository, and how to fix it",
    _add_arguments,
    _run,
    ("perf-ratchet doctor", "perf-ratchet doctor --format json"),
)
