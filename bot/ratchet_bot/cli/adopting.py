"""The commands for those who begin: init, doctor, schema, demo."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ratchet_bot.cli.command import Command

if TYPE_CHECKING:
    from ratchet_bot.adoption.release import Release


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, default=Path(".demo"), help="everything happens in here (default: %(default)s)"
    )


def _demo(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import demo

    return demo.run(options.folder)


def _init_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--release",
        type=_release,
        metavar="OWNER/NAME@SHA",
        help="where the workflows take perf-ratchet from (default: where it was installed from)",
    )


def _release(word: str) -> "Release":
    from ratchet_bot.adoption.release import release_from_word

    try:
        return release_from_word(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _init(options: argparse.Namespace) -> int:
    from ratchet_bot.adoption import init

    return init.run(Path(), options.release)


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")


def _doctor(options: argparse.Namespace) -> int:
    from ratchet_bot.adoption import doctor

    return doctor.run(Path(), options.format)


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """Take none."""


def _schema(_: argparse.Namespace) -> int:
    from ratchet_bot.adoption import schema

    return schema.run()


COMMANDS: Final = (
    Command(
        "init", "begin in a repository: configuration, workflows, history branch", _init_arguments, _init
    ),
    Command(
        "doctor",
        "say what is missing or wrong in a repository, and how to mend it",
        _doctor_arguments,
        _doctor,
    ),
    Command("schema", "print the JSON Schema of the configuration file", _no_arguments, _schema),
    Command("demo", "watch it work: a regression caught, a baseline tightened", _demo_arguments, _demo),
)
