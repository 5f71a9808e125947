"""`perf-ratchet history`: look at a checkout of the history branch, exclude bad samples, draw the trends."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import replace_file
from ratchet_bot.data.filters import plain
from ratchet_bot.data.history import MAX_REASON, History, HistoryLine, flagged
from ratchet_bot.data.history_files import broken_in, hardware_in, history_from_folder
from ratchet_bot.data.record_files import baselines_from_file
from ratchet_bot.data.selection import require_match
from ratchet_bot.judging.nights import STALE_RATIO
from ratchet_bot.judging.trends import Trend, trends
from ratchet_bot.telling import chart, words

PAGE: Final = "index.html"
_REPOSITORY: Final = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
"""What commits are linked to: nothing in it can leave an attribute of HTML."""


def show(folder: Path, scenarios: str, hardware: str | None, baselines: Path | None, form: str) -> int:
    """Print how scenarios have done over the nights; return 0.

    Args:
        folder: A checkout of the history branch.
        scenarios: Glob.
        hardware: Only this one; None: all that the folder has.
        baselines: The baseline file of that hardware, where limits are wanted.
        form: text, json or markdown.

    Raises:
        BadInput: a file cannot be used, or nothing is like the glob.
    """
    found = _trends(folder, hardware, baselines)
    require_match(scenarios, [one.scenario for one in found], folder)
    shown = [one for one in found if fnmatchcase(one.scenario, scenarios)]
    broken = _broken(folder, hardware)
    if form == "json":
        print(words.to_json(trends=[_told(one) for one in shown], broken=broken))
    elif form == "markdown":
        print(words.markdown("history", trends=shown, broken=broken, stale_ratio=STALE_RATIO), end="")
    else:
        print(words.printed("history", trends=shown, broken=broken), end="")
    return 0


def exclude(folder: Path, run_id: int, scenarios: str, reason: str) -> int:
    """Flag what a run said of some scenarios as not to be counted; return 0. Nothing is deleted.

    Args:
        folder: A checkout of the history branch.
        run_id: The run.
        scenarios: Glob.
        reason: Why, one line.

    Raises:
        BadInput: there is no such line, or a file cannot be read or written.
    """
    if not reason.strip() or len(reason) > MAX_REASON:
        raise BadInput(f"--reason: say why in 1 to {MAX_REASON} characters")

    def is_meant(line: HistoryLine) -> bool:
        return line.run_id == run_id and fnmatchcase(line.scenario, scenarios)

    changed: dict[Path, str] = {}
    matches = 0
    for name in _hardware_in(folder):
        history_from_folder(folder, name)  # refuses what is too large to be read
        for path in sorted((folder / name).glob("*.jsonl")):
            # A line that is broken, also in its bytes, is written back as it is.
            text, flags = flagged(path.read_text("utf-8", "surrogateescape"), is_meant, reason.strip())
            matches += flags
            changed |= {path: text} if flags else {}
    if not matches:
        raise BadInput(
            f"{folder}: no line of run {run_id} is like {scenarios!r}, or all are excluded already"
        )
    for path, text in changed.items():
        replace_file(path, text.encode("utf-8", "surrogateescape"))
    print(
        words.printed("excluded", count=matches, run_id=run_id, paths=[str(path) for path in changed]), end=""
    )
    return 0


def plot(folder: Path, out: Path, hardware: str | None, baselines: Path | None, repository_url: str) -> int:
    """Write a page with a trend chart for each scenario; return 0.

    Args:
        folder: A checkout of the history branch.
        out: The folder that the page is written into.
        hardware: Only this one; None: all that the folder has.
        baselines: The baseline file of that hardware, where its lines are wanted.
        repository_url: Where people see the repository, for links to commits; "" for none.

    Raises:
        BadInput: a file cannot be used.
    """
    if repository_url and not _REPOSITORY.fullmatch(repository_url):
        raise BadInput(f"--repository: {repository_url!r} is no repository; write owner/name")
    found = _trends(folder, hardware, baselines)
    names = dict.fromkeys(one.hardware for one in found)
    parts = [
        {"hardware": name, "charts": [chart.chart(one) for one in found if one.hardware == name]}
        for name in names
    ]
    size = {
        "width": chart.WIDTH,
        "height": chart.HEIGHT,
        "left": chart.LEFT,
        "right": chart.RIGHT,
        "top": chart.TOP,
        "bottom": chart.BOTTOM,
    }
    html = words.html("history_page", parts=parts, size=size, repository=repository_url)
    try:
        replace_file(out / PAGE, html.encode())
    except OSError as error:
        raise BadInput(f"{out / PAGE}: {error.strerror}; choose another --out") from error
    told = {"path": out / PAGE, "charts": len(found), "broken": _broken(folder, hardware)}
    print(words.printed("plotted", **told), end="")
    return 0


def _broken(folder: Path, hardware: str | None) -> list[str]:
    """Return where the lines that were looked at cannot be read."""
    names = [hardware] if hardware else hardware_in(folder)
    return [place for name in names for place in broken_in(folder, name)]


def _trends(folder: Path, hardware: str | None, baselines: Path | None) -> list[Trend]:
    known = _hardware_in(folder)
    if hardware and hardware not in known:
        raise BadInput(f"{folder}: no nights of {plain(hardware)}; there are {plain(', '.join(known))}")
    names = [hardware] if hardware else known
    if baselines and len(names) > 1:
        raise BadInput(f"{baselines}: whose baselines are these? give --hardware, one of {', '.join(names)}")
    file = baselines_from_file(baselines) if baselines else None
    return [
        one for name in names for one in _trends_of(history_from_folder(folder, name), name, file, baselines)
    ]


def _trends_of(history: History, name: str, file: BaselineFile | None, path: Path | None) -> list[Trend]:
    try:
        return trends(history, name, file)
    except BaselinesRejected as error:
        raise BadInput(f"{path}: {error}") from error


def _hardware_in(folder: Path) -> Sequence[str]:
    """Return the kinds of hardware that a checkout has lines of.

    Raises:
        BadInput: there are none.
    """
    names = hardware_in(folder)
    if not names:
        raise BadInput(f"{folder}: there is no history; check out the history branch there")
    return names


def _told(trend: Trend) -> dict[str, Any]:
    """Return a trend as JSON is to have it: numbers with their unit, nights one by one."""
    return {
        "hardware": trend.hardware,
        "scenario": trend.scenario,
        "comparability": trend.comparability,
        "level_ms": trend.level_ms,
        "limit_of_noise_ms": trend.floor.limit,
        "baseline_ms": trend.guard.baseline_ms if trend.guard else None,
        "limit_ms": trend.guard.limit_ms if trend.guard else None,
        "slack_ratio": trend.slack_ratio,
        "changes": [
            {
                "captured_at": one.line.captured_at,
                "good_sha": one.good_sha,
                "bad_sha": one.line.head_sha,
                "change_ratio": one.change_ratio,
            }
            for one in trend.changes
        ],
        "nights": trend.series,
        "aside": trend.aside,
    }
