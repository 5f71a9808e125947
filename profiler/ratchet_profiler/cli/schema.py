"""`ratchet-profiler schema`: print the JSON Schema of a run record."""

import argparse
import json
from collections.abc import Callable

from ratchet_profiler.cli.parser import FINE, Parser, write


def add_to(add_parser: Callable[..., Parser]) -> None:
    """Add the command to the program."""
    add_parser("schema", help="print the JSON Schema of a run record").set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    """Print the schema."""
    from ratchet_profiler.record_schema import record_schema

    write(json.dumps(record_schema(), indent=1))
    return FINE
