"""What holds where nothing is said."""

import argparse

from bot.cli import judging
from bot.limits import MAX_FLAKE_RATE, MIN_IMPROVEMENT
from bot.settings import Hardware


def test_the_defaults_of_the_command_line_are_those_of_the_code():
    """The parser knows no constant, since importing them is slow; its numbers are theirs all the same."""
    parser = argparse.ArgumentParser()
    next(it for it in judging.COMMANDS if it.name == "tighten").add_arguments(parser)
    options = parser.parse_args(["record.json", "--baselines", "h100.json"])

    assert (options.min_improvement, options.max_flake_rate) == (MIN_IMPROVEMENT, MAX_FLAKE_RATE)
    assert options.profile == Hardware(baselines="h100.json").profile
