"""The commands that judge: audit, compare, tighten."""

import argparse
from pathlib import Path
from typing import Final

from ratchet_bot.cli.command import Command, add_format_argument
from ratchet_bot.data import arguments
from ratchet_bot.data.repo_names import CONFIG


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("baselines", type=Path, nargs="?", metavar="BASELINES", help="a baseline file")
    parser.add_argument(
        "--against", type=Path, metavar="OLD", help="the file before a change: tell what it brought"
    )
    parser.add_argument(
        "--records",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="RECORD",
        help="prove that a changed scenario is one request; without BASELINES: audit the requests themselves",
    )
    _add_config(parser, "has the waivers")
    parser.add_argument("--rules", action="store_true", help="tell the rules instead")
    add_format_argument(parser)


def _audit(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import audit

    if options.rules:
        return audit.tell_rules(options.format)
    return audit.run(
        options.baselines,
        against=options.against,
        records=options.records,
        config=options.config,
        form=options.format,
    )


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    _add_run(parser)
    parser.add_argument(
        "--policy",
        choices=("ratchet", "sglang"),
        default="ratchet",
        help="ratchet: audited requests, noise, few metrics decide; sglang: that engine's own test",
    )
    parser.add_argument(
        "--suspects",
        type=Path,
        metavar="FILE",
        help="write what should be measured again, for ratchet-profiler run --only FILE --append",
    )
    add_format_argument(parser)


def _compare(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import compare
    from ratchet_bot.flows.judged import Terms

    return compare.run(
        options.records,
        options.baselines,
        Terms(options.profile, options.policy, options.scenario),
        history=options.history,
        suspects=options.suspects,
        form=options.format,
    )


def _tighten_arguments(parser: argparse.ArgumentParser) -> None:
    _add_run(parser)
    parser.add_argument(
        "--min-improvement",
        type=arguments.fraction,
        default=0.05,  # MIN_IMPROVEMENT, slow to import; tests/bot/test_defaults.py compares
        metavar="FRACTION",
        help="by how much end to end must fall (default: %(default)s)",
    )
    parser.add_argument(
        "--max-flake-rate",
        type=arguments.fraction,
        default=0.05,  # MAX_FLAKE_RATE, by the same test
        metavar="FRACTION",
        help="largest chance that an unchanged engine breaks the new limits (default: %(default)s)",
    )
    _add_config(parser, "says whose file it is")
    parser.add_argument(
        "--add",
        action="store_true",
        help="also propose baselines for scenarios that have none; makes the file if it is missing",
    )
    parser.add_argument(
        "--replace",
        action="append",
        default=[],
        metavar="GLOB",
        help="give these the values of one request of this run, whatever improves: also slower, of another "
        "workload or machine; may be given again; audit --against still says loosened or workload-changed",
    )
    parser.add_argument("--write", action="store_true", help="put the proposals into the baseline file")
    add_format_argument(parser)


def _tighten(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import tighten

    return tighten.run(
        options.records,
        options.baselines,
        tighten.TightenTerms(
            min_improvement=options.min_improvement,
            max_flake_rate=options.max_flake_rate,
            profile=options.profile,
            scenarios=options.scenario,
            add=options.add,
            replaced=options.replace,
        ),
        history=options.history,
        config=options.config,
        write=options.write,
        form=options.format,
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    """Add a run and what is known beside it: baselines, tolerances, nights."""
    parser.add_argument(
        "records",
        type=Path,
        nargs="+",
        metavar="RECORD",
        help="run records of one hardware, from ratchet-profiler run: the requests of a scenario are pooled",
    )
    parser.add_argument("--baselines", type=Path, required=True, metavar="FILE", help="the baseline file")
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only these (default: all)")
    parser.add_argument(
        "--profile", default="pr_test", help="tolerances of the limits (default: %(default)s)"
    )
    parser.add_argument(
        "--history", type=Path, metavar="FOLDER", help="a checkout of the history branch: what is noise"
    )


def _add_config(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the configuration file, and what it is read for."""
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"{what} (default: {CONFIG}, if there)")


COMMANDS: Final = (
    Command("audit", "say what is wrong with a baseline file", _audit_arguments, _audit),
    Command("compare", "judge a run against its baselines", _compare_arguments, _compare),
    Command("tighten", "propose tighter baselines, and write them", _tighten_arguments, _tighten),
)
