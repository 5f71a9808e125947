"""`ratchet-profiler bench`: what profiling costs a request, and whether its step times are true."""

import argparse
import json
import os
from collections.abc import Callable

from ratchet_profiler.cli.parser import FINE, BadInput, Parser, at_least, device_name, write


def add_to(add_parser: Callable[..., Parser]) -> None:
    """Add the command to the program."""
    parser = add_parser("bench", help="what profiling costs a request, and whether step times are true")
    parser.set_defaults(run=run)
    parser.add_argument("--device", type=device_name, default="cuda", metavar="NAME", help="default: cuda")
    parser.add_argument(
        "--size", choices=("real", "tiny"), default="real", help="default: real; cpu: tiny only"
    )
    parser.add_argument("--steps", type=at_least(1), default=20, metavar="N", help="a request; default: 20")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace) -> int:
    """Measure what profiling costs whole requests, and whether its step times are true.

    Raises:
        BadInput: the device is not there, or is too slow.
    """
    from ratchet_profiler.cli.inputs import MEASURING, check_device, check_installed
    from ratchet_profiler.timers import is_cpu

    # torch reads it when it is imported: its profiler announces each start and stop otherwise.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    check_installed(MEASURING)
    check_device(options.device)
    if options.size == "real" and is_cpu(options.device):
        raise BadInput("--size real: models of this size need an accelerator; use --size tiny")
    return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    from ratchet_profiler.bench import as_json, benches, lines
    from ratchet_profiler.cli.text import environment_lines
    from ratchet_profiler.environment import Watch

    watch = Watch(options.device.partition(":")[0], options.device)
    measured = []
    for bench in benches(options.size, options.device, options.steps):
        measured.append(bench)
        if options.format == "text":
            write("\n".join(lines(bench)))
    environment = watch.look()
    if options.format == "text":
        write("\n".join(environment_lines(environment)))
    else:
        document = {"version": 1, "environment": environment.model_dump(mode="json")}
        write(json.dumps(document | {"models": [as_json(bench) for bench in measured]}, indent=1))
    return FINE
