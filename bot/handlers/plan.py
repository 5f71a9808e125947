"""`ratchet plan`: distribute the scenarios of a baseline file over runners."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from bot import render
from bot.baselines import BaselineFile, ScenarioBaseline, is_measurement
from bot.errors import BadInput
from bot.filters import plain
from bot.handlers.selection import require_match
from bot.intake import baselines_from_file
from bot.sharding import Plan, plan
from profiler.record import ScenarioId

ESTIMATE: Final = "estimated_full_test_time_s"
_SCENARIO: Final[TypeAdapter[str]] = TypeAdapter(ScenarioId)


def run(baselines: Path, shards: int, *, scenarios: str, form: str) -> int:
    """Print which scenarios share a runner. Returns 0.

    Raises:
        BadInput: the file cannot be used, or the glob takes none of its scenarios.
    """
    made = plan(_estimates(baselines, baselines_from_file(baselines), scenarios), shards)
    if form == "github":
        print(_matrix(made))
    elif form == "json":
        told = {"longest_s": made.longest_s, "excess_ratio": made.excess_ratio, "plan": made}
        print(render.to_json(path=str(baselines), **told))
    else:
        print(render.text("plan", path=baselines, plan=made), end="")
    return 0


def _estimates(path: Path, file: BaselineFile, glob: str) -> dict[str, float | None]:
    """Return the seconds of the selected scenarios.

    Raises:
        BadInput: there are none, or one has an id that no command line and no file name can hold.
    """
    require_match(glob, file.scenarios, path)
    chosen = {name: _estimate(one) for name, one in file.scenarios.items() if fnmatchcase(name, glob)}
    if not chosen:
        raise BadInput(f"{path}: has no scenarios; capture some with ratchet tighten --add --write")
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


def _matrix(made: Plan) -> str:
    """Return a line for `$GITHUB_OUTPUT`: ids have neither space nor line end, and this JSON has none."""
    include: list[dict[str, Any]] = [
        {
            "shard": number,
            "of": len(made.shards),
            "scenarios": " ".join(shard.scenarios),
            "estimated_s": None if made.is_blind else round(shard.estimated_s, 1),
        }
        for number, shard in enumerate(made.shards, start=1)
    ]
    return f"matrix={json.dumps({'include': include}, separators=(',', ':'))}"
