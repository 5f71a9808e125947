"""`perf-ratchet plan`: distribute the scenarios of a file, or of a configuration, over runners."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from ratchet_bot.cli.command import Command, add_scenario
from ratchet_bot.data import arguments
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.names import CONFIG


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("baselines", type=Path, nargs="?", metavar="BASELINES", help="a baseline file")
    what.add_argument(
        "--config",
        type=Path,
        default=Path(CONFIG),
        metavar="FILE",
        help="instead: every hardware of a configuration (default: %(default)s)",
    )
    parser.add_argument(
        "--shards",
        type=arguments.shard_count,
        default=1,
        metavar="N",
        help="at most this many, of each hardware (default: %(default)s)",
    )
    add_scenario(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="github: a line for $GITHUB_OUTPUT (default: %(default)s)",
    )


def _run(options: argparse.Namespace) -> int:
    return _plan_file(options) if options.baselines else _plan_config(options)


def _plan_file(options: argparse.Namespace) -> int:
    """Print which scenarios of a baseline file share a runner. Returns 0.

    Raises:
        BadInput: the file cannot be used, or the glob takes none of its scenarios.
    """
    from ratchet_bot.adoption.plan import joined_ids, rounded_s, sharded
    from ratchet_bot.telling import words

    path: Path = options.baselines
    plan = sharded(_estimates_s(path, options.scenario), options.shards)
    if options.format == "github":
        shards = [
            {
                "shard": number,
                "of": len(plan.shards),
                "scenarios": joined_ids(shard),
                "estimated_s": rounded_s(plan, shard),
            }
            for number, shard in enumerate(plan.shards, start=1)
        ]
        print(_matrix(shards))
    elif options.format == "json":
        values = {"longest_s": plan.longest_s, "excess_ratio": plan.excess_ratio, "plan": plan}
        print(words.to_json(path=str(path), **values))
    else:
        print(words.printed("plan", path=path, plan=plan), end="")
    return 0


def _estimates_s(path: Path, glob: str) -> dict[str, float | None]:
    """Return the seconds of the selected scenarios of a baseline file.

    Raises:
        BadInput: there are none, or one has an id that no command line and no file name can hold.
    """
    from pydantic import TypeAdapter, ValidationError
    from ratchet_profiler.record import ScenarioId

    from ratchet_bot.adoption.plan import estimate_s
    from ratchet_bot.data.arguments import require_match
    from ratchet_bot.data.formatting import plain
    from ratchet_bot.data.reading import baselines_from_file

    scenarios = baselines_from_file(path).scenarios
    require_match(glob, scenarios, path)
    chosen = {name: estimate_s(scenario) for name, scenario in scenarios.items() if fnmatchcase(name, glob)}
    if not chosen:
        raise BadInput(f"{path}: has no scenarios; capture some with perf-ratchet tighten --add --write")
    for name in chosen:
        try:
            TypeAdapter(ScenarioId).validate_python(name)
        except ValidationError as error:
            raise BadInput(f"{path}: scenarios: {plain(name)!r} is not a scenario id; rename it") from error
    return chosen


def _plan_config(options: argparse.Namespace) -> int:
    """Print the jobs of every hardware of a configuration, whose paths begin at the working directory.

    Raises:
        BadInput: a file cannot be used, the glob takes no scenario, or there are more jobs than GitHub runs.
    """
    from ratchet_bot.adoption.plan import ALONE, jobs, plans, unmeasured
    from ratchet_bot.data.arguments import require_match
    from ratchet_bot.data.reading import baselines_from_file, scenarios_from_file
    from ratchet_bot.data.settings_file import settings_from_file
    from ratchet_bot.telling import words

    config: Path = options.config
    settings = settings_from_file(config)
    scenario_file = Path(settings.scenarios) if settings.scenarios else None
    measured = [scenario.id for scenario in scenarios_from_file(scenario_file)]
    require_match(options.scenario, measured, scenario_file or config)
    paths = {name: hardware.baselines for name, hardware in settings.hardware.items()}
    files = {name: baselines_from_file(Path(path)) for name, path in paths.items() if Path(path).exists()}
    chosen = [name for name in measured if fnmatchcase(name, options.scenario)]
    by_hardware = plans(settings, chosen, files, options.shards)
    all_jobs = jobs(settings, by_hardware)
    if len(all_jobs) > arguments.MAX_SHARDS:
        raise BadInput(
            f"{config}: {len(all_jobs)} jobs and GitHub runs {arguments.MAX_SHARDS}; give fewer --shards"
        )
    for name, file in files.items():
        if unmeasured(measured, file):
            print(f"perf-ratchet: {paths[name]}: {ALONE} on {name}; see perf-ratchet doctor", file=sys.stderr)
    if options.format == "github":
        print(_matrix([asdict(job) for job in all_jobs]))
    elif options.format == "json":
        print(words.to_json(path=str(config), jobs=all_jobs))
    else:
        print(words.printed("plan_jobs", plans=by_hardware, files=paths), end="")
    return 0


def _matrix(include: Sequence[Mapping[str, Any]]) -> str:
    """Return a line for `$GITHUB_OUTPUT`: JSON without spaces, on one line whatever it holds."""
    return f"matrix={json.dumps({'include': include}, separators=(',', ':'))}"


COMMAND: Final = Command(
    "plan",
    "distribute scenarios over runners",
    _add_arguments,
    _run,
    (
        "perf-ratchet plan --shards 3",
        "perf-ratchet plan perf_baselines.json --shards 3",
        "perf-ratchet plan h100.json --shards 3 --scenario 'wan*' --format json",
        'perf-ratchet plan --config .github/perf-ratchet.yml --shards 2 --format github >> "$GITHUB_OUTPUT"',
    ),
)
