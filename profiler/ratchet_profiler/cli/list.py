"""`ratchet-profiler list`: name the scenarios."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from ratchet_profiler.cli.parser import FINE, Parser, write


def add_to(add_parser: Callable[..., Parser]) -> None:
    """Add the command to the program."""
    parser = add_parser("list", help="name the scenarios")
    parser.set_defaults(run=run)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--scenarios", type=Path, metavar="FILE", help="TOML; default: the built-in ones")


def run(options: argparse.Namespace) -> int:
    """Print the scenarios.

    Raises:
        BadInput: the file of scenarios cannot be used.
    """
    from ratchet_profiler.cli.inputs import known_scenarios
    from ratchet_profiler.cli.text import scenario_lines
    from ratchet_profiler.scenarios import config_hash

    scenarios = known_scenarios(options.scenarios)
    if options.format == "json":
        items = [
            scenario.model_dump(mode="json") | {"config_hash": config_hash(scenario)}
            for scenario in scenarios
        ]
        write(json.dumps({"version": 1, "scenarios": items}, indent=1))
    else:
        write("\n".join(scenario_lines(scenarios)))
    return FINE
