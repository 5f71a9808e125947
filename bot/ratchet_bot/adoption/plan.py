"""`perf-ratchet plan`: distribute the scenarios of a file, or of a configuration, over runners."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from ratchet_profiler.record import ScenarioId

from ratchet_bot.adoption.matrix import ALONE, jobs, joined_ids, rounded_s, unmeasured
from ratchet_bot.adoption.sharding import Plan, plan
from ratchet_bot.data.arguments import MAX_SHARDS
from ratchet_bot.data.baselines import BaselineFile, ScenarioBaseline, is_measurement
from ratchet_bot.data.config_file import settings_from_file
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.filters import plain
from ratchet_bot.data.record_files import baselines_from_file
from ratchet_bot.data.scenario_file import scenarios_from_file
from ratchet_bot.data.selection import require_match
from ratchet_bot.data.settings import Settings
from ratchet_bot.telling import words

ESTIMATE: Final = "estimated_full_test_time_s"
_SCENARIO: Final[TypeAdapter[str]] = TypeAdapter(ScenarioId)


def run(baselines: Path, shards: int, *, scenarios: str, form: str) -> int:
    """Print which scenarios of a baseline file share a runner. Returns 0.

    Raises:
        BadInput: the file cannot be used, or the glob takes none of its scenarios.
    """
    made = plan(_estimates(baselines, baselines_from_file(baselines), scenarios), shards)
    if form == "github":
        print(_matrix(_shards(made)))
    elif form == "json":
        told = {"longest_s": made.longest_s, "excess_ratio": made.excess_ratio, "plan": made}
        print(words.to_json(path=str(baselines), **told))
    else:
        print(words.printed("plan", path=baselines, plan=made), end="")
    return 0


def run_config(config: Path, shards: int, *, scenarios: str, form: str) -> int:
    """Print the jobs of every hardware of a configuration. Returns 0.

    Args:
        config: The configuration file. The paths in it begin at the working directory.
        shards: Runners of each hardware, at most.
        scenarios: Only these, a glob.
        form: "text", "json" or "github".

    Raises:
        BadInput: a file cannot be used, the glob takes no scenario, or there are more jobs than GitHub runs.
    """
    settings = settings_from_file(config)
    known, files = _known_scenarios(config, settings, scenarios), _files(settings)
    plans = _plans(settings, known, files, shards, scenarios)
    made = jobs(settings, plans)
    if len(made) > MAX_SHARDS:
        raise BadInput(f"{config}: {len(made)} jobs and GitHub runs {MAX_SHARDS}; give fewer --shards")
    for name, file in files.items():
        if unmeasured(known, file):
            path = settings.hardware[name].baselines
            print(f"perf-ratchet: {path}: {ALONE} on {name}; see perf-ratchet doctor", file=sys.stderr)
    if form == "github":
        print(_matrix([asdict(job) for job in made]))
    elif form == "json":
        print(words.to_json(path=str(config), jobs=made))
    else:
        paths = {name: hardware.baselines for name, hardware in settings.hardware.items()}
        print(words.printed("plan_jobs", plans=plans, files=paths), end="")
    return 0


def _plans(
    settings: Settings, known: Sequence[str], files: Mapping[str, BaselineFile], shards: int, glob: str
) -> dict[str, Plan]:
    """Return a plan by hardware: the scenarios that can be run, with the seconds that baselines know."""
    chosen = [name for name in known if fnmatchcase(name, glob)]
    return {
        name: plan(dict.fromkeys(chosen) | _known_s(files.get(name), chosen), shards)
        for name in settings.hardware
    }


def _known_scenarios(config: Path, settings: Settings, glob: str) -> list[str]:
    """Return the ids of the scenarios that can be run; the glob takes one of them."""
    path = Path(settings.scenarios) if settings.scenarios else None
    known = [one.id for one in scenarios_from_file(path)]
    require_match(glob, known, path or config)
    return known


def _files(settings: Settings) -> dict[str, BaselineFile]:
    """Return the baselines of each hardware that has a file: a new one has none yet."""
    paths = {name: Path(hardware.baselines) for name, hardware in settings.hardware.items()}
    return {name: baselines_from_file(path) for name, path in paths.items() if path.exists()}


def _known_s(file: BaselineFile | None, names: Sequence[str]) -> dict[str, float | None]:
    """Return the seconds that a baseline file knows of these scenarios."""
    if file is None:
        return {}
    return {name: _estimate(file.scenarios[name]) for name in names if name in file.scenarios}


def _estimates(path: Path, file: BaselineFile, glob: str) -> dict[str, float | None]:
    """Return the seconds of the selected scenarios.

    Raises:
        BadInput: there are none, or one has an id that no command line and no file name can hold.
    """
    require_match(glob, file.scenarios, path)
    chosen = {name: _estimate(one) for name, one in file.scenarios.items() if fnmatchcase(name, glob)}
    if not chosen:
        raise BadInput(f"{path}: has no scenarios; capture some with perf-ratchet tighten --add --write")
    for name in chosen:
        try:
            _SCENARIO.validate_python(name)
        except ValidationError as error:
            raise BadInput(f"{path}: scenarios: {plain(name)!r} is no scenario's id; rename it") from error
    return chosen


def _estimate(scenario: ScenarioBaseline) -> float | None:
    """Return the seconds that a scenario's test takes, None when it has no good value above 0."""
    seconds = (scenario.model_extra or {}).get(ESTIMATE)
    return float(seconds) if seconds and is_measurement(seconds) else None


def _shards(made: Plan) -> list[dict[str, Any]]:
    return [
        {
            "shard": number,
            "of": len(made.shards),
            "scenarios": joined_ids(shard),
            "estimated_s": rounded_s(made, shard),
        }
        for number, shard in enumerate(made.shards, start=1)
    ]


def _matrix(include: Sequence[Mapping[str, Any]]) -> str:
    """Return a line for `$GITHUB_OUTPUT`: JSON without spaces, on one line whatever it holds."""
    return f"matrix={json.dumps({'include': include}, separators=(',', ':'))}"
