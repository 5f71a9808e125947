"""`ratchet tighten`: propose tighter baselines, and write them."""

from difflib import unified_diff
from pathlib import Path

from bot import render
from bot.baselines import BaselineFile
from bot.files import replace_file
from bot.handlers.selection import require_match
from bot.intake import baselines_from_file, record_from_file
from bot.rewriting import new_baselines
from bot.tighten import Proposals, propose, tightened
from profiler.record import Clock, RunRecord


def run(
    record: Path,
    baselines: Path,
    *,
    min_improvement: float,
    scenarios: str,
    add: bool,
    write: bool,
    form: str,
) -> int:
    """Print what a run allows to tighten; with `write`, change the baseline file. Returns 0.

    Raises:
        BadInput: a file cannot be used; nothing is changed then.
    """
    run_record = record_from_file(record)
    require_match(scenarios, (scenario.id for scenario in run_record.scenarios), record)
    file = _baselines(baselines, run_record, add=add)
    proposals = propose(file, [run_record], min_improvement=min_improvement, scenarios=scenarios, add=add)
    changed = tightened(file, proposals)
    written = write and bool(proposals.proposals)
    if written:
        replace_file(baselines, changed.text.encode())
    print(
        _told(str(baselines), proposals, _diff(baselines, file, changed), written=written, form=form), end=""
    )
    return 0


def _baselines(path: Path, record: RunRecord, *, add: bool) -> BaselineFile:
    """Return the baseline file, or a new one where there is none and one is to be made."""
    if add and not path.exists():
        clocks = {request.clock for scenario in record.scenarios for request in scenario.requests}
        clock: Clock = "device-events" if clocks == {"device-events"} else "host"
        return new_baselines(record.environment.hardware, clock)
    return baselines_from_file(path)


def _diff(path: Path, before: BaselineFile, after: BaselineFile) -> list[str]:
    """Return the change of a file as the lines of a unified diff."""
    old, new = before.text.splitlines(), after.text.splitlines()
    return list(unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm=""))


def _told(path: str, proposals: Proposals, diff: list[str], *, written: bool, form: str) -> str:
    if form == "json":
        return render.to_json(path=path, written=written, proposals=proposals, diff="\n".join(diff)) + "\n"
    if form == "markdown":
        return render.markdown("tighten", path=path, proposals=proposals)
    return render.text("tighten", path=path, proposals=proposals, diff=diff, written=written)
