"""The commands around a run: ingest, plan."""

import argparse
from pathlib import Path
from typing import Final

from ratchet_bot.cli.command import Command
from ratchet_bot.data import arguments


def _ingest_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, nargs="+", metavar="FILE", help="a performance.log, a perf dump or a CI log"
    )
    parser.add_argument("--hardware", required=True, metavar="NAME", help="where it ran, such as h100")
    parser.add_argument(
        "--scenario", metavar="ID", help="the scenario of a performance.log or a dump, which do not name it"
    )
    parser.add_argument(
        "--run-id", type=arguments.run_id, metavar="NUMBER", help="the Actions run, where no log names it"
    )
    parser.add_argument("--head", metavar="SHA", help="the commit that was to be measured")
    parser.add_argument(
        "--created-at",
        type=arguments.moment,
        metavar="TIME",
        help="when it ran, with a time zone (default: as logged)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("run-record.json"),
        metavar="FILE",
        help="the record (default: %(default)s)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")


def _ingest(options: argparse.Namespace) -> int:
    from ratchet_bot.flows import ingest

    return ingest.run(
        options.file,
        ingest.Given(
            hardware=options.hardware,
            scenario=options.scenario,
            run_id=options.run_id,
            head_sha=options.head,
            created_at=options.created_at,
        ),
        out=options.out,
        form=options.format,
    )


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("baselines", type=Path, nargs="?", metavar="BASELINES", help="a baseline file")
    what.add_argument(
        "--config", type=Path, metavar="FILE", help="instead: every hardware of a perf-ratchet.yml"
    )
    parser.add_argument(
        "--shards",
        type=arguments.shard_count,
        required=True,
        metavar="N",
        help="at most this many, of each hardware",
    )
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only these (default: all)")
    parser.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="github: a line for $GITHUB_OUTPUT (default: %(default)s)",
    )


def _plan(options: argparse.Namespace) -> int:
    from ratchet_bot.adoption import plan

    if options.config:
        return plan.run_config(
            options.config, options.shards, scenarios=options.scenario, form=options.format
        )
    return plan.run(options.baselines, options.shards, scenarios=options.scenario, form=options.format)


COMMANDS: Final = (
    Command("ingest", "make a run record of sglang's logs and dumps", _ingest_arguments, _ingest),
    Command("plan", "distribute scenarios over runners", _plan_arguments, _plan),
)
