"""`perf-ratchet history`: look at a checkout of the history branch, exclude bad samples, draw the trends."""

import argparse
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ratchet_bot.cli.command import Command, add_format, add_scenario, repository_named, server_url
from ratchet_bot.data import arguments
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import replace_file

if TYPE_CHECKING:
    from ratchet_bot.data.history import HistoryLine
    from ratchet_bot.judging.trends import Trend

PAGE: Final = "index.html"
_REPOSITORY: Final = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
"""What commits are linked to: nothing in it can leave an attribute of HTML."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="show the nights of scenarios")
    show.add_argument("scenario", metavar="SCENARIO", help="its id, or a glob")
    _add_checkout(show)
    add_format(show)
    show.set_defaults(action=_show, parser=show)
    exclude = actions.add_parser("exclude", help="stop counting a bad sample")
    exclude.add_argument("--run-id", type=arguments.run_id, required=True, metavar="ID", help="whose sample")
    add_scenario(exclude)
    exclude.add_argument("--reason", required=True, metavar="TEXT", help="why, for whoever wonders later")
    _add_folder(exclude)
    exclude.set_defaults(action=_exclude, parser=exclude)
    plot = actions.add_parser("plot", help="write a page with a chart per scenario")
    plot.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where index.html is written")
    plot.add_argument(
        "--repository", metavar="OWNER/NAME", help="what commits are linked to (default: GITHUB_REPOSITORY)"
    )
    _add_checkout(plot)
    plot.set_defaults(action=_plot, parser=plot)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(),
        metavar="CHECKOUT",
        help="a checkout of the history branch (default: here)",
    )


def _add_checkout(parser: argparse.ArgumentParser) -> None:
    _add_folder(parser)
    parser.add_argument("--hardware", metavar="NAME", help="only this one (default: all)")
    parser.add_argument("--baselines", type=Path, metavar="FILE", help="the baseline file of that hardware")


def _run(options: argparse.Namespace) -> int:
    code: int = options.action(options)
    return code


def _show(options: argparse.Namespace) -> int:
    """Print show the nights of scenarios; return 0.

    Raises:
        BadInput: a file cannot be used, or no scenario matches the glob.
    """
    from ratchet_bot.data.arguments import require_match
    from ratchet_bot.judging.nights import STALE_RATIO
    from ratchet_bot.telling import words

    trends = _trends(options.folder, options.hardware, options.baselines)
    require_match(options.scenario, [trend.scenario for trend in trends], options.folder)
    shown = [trend for trend in trends if fnmatchcase(trend.scenario, options.scenario)]
    broken = _broken_lines(options.folder, options.hardware)
    if options.format == "json":
        print(words.to_json(trends=[_json_fields(trend) for trend in shown], broken=broken))
    elif options.format == "markdown":
        print(words.markdown("history", trends=shown, broken=broken, stale_ratio=STALE_RATIO), end="")
    else:
        print(words.printed("history", trends=shown, broken=broken), end="")
    return 0


def _exclude(options: argparse.Namespace) -> int:
    """Flag a run's samples of some scenarios so that they do not count; return 0. Nothing is deleted.

    Raises:
        BadInput: there is no such line, or a file cannot be read or written.
    """
    from ratchet_bot.data.history import MAX_REASON, flagged
    from ratchet_bot.data.reading import history_from_folder
    from ratchet_bot.telling import words

    folder, run_id, reason = options.folder, options.run_id, options.reason.strip()
    if not reason or len(options.reason) > MAX_REASON:
        raise BadInput(f"--reason: say why in 1 to {MAX_REASON} characters")

    def is_meant(line: "HistoryLine") -> bool:
        return line.run_id == run_id and fnmatchcase(line.scenario, options.scenario)

    changed: dict[Path, str] = {}
    count = 0
    for name in _hardware_in(folder):
        history_from_folder(folder, name)  # refuses what is too large to be read
        for path in sorted((folder / name).glob("*.jsonl")):
            # A broken line is written back as it is, its bytes too.
            text, flags = flagged(path.read_text("utf-8", "surrogateescape"), is_meant, reason)
            count += flags
            changed |= {path: text} if flags else {}
    if not count:
        raise BadInput(
            f"{folder}: no line of run {run_id} matches {options.scenario!r}, or all are excluded already"
        )
    for path, text in changed.items():
        replace_file(path, text.encode("utf-8", "surrogateescape"))
    print(
        words.printed("excluded", count=count, run_id=run_id, paths=[str(path) for path in changed]), end=""
    )
    return 0


def _plot(options: argparse.Namespace) -> int:
    """Write a page with a trend chart for each scenario; return 0.

    Raises:
        BadInput: a file cannot be used.
    """
    from ratchet_bot.telling import chart, words

    repository = repository_named(options.repository)
    url = f"{server_url()}/{repository}" if repository else ""
    if url and not _REPOSITORY.fullmatch(url):
        raise BadInput(f"--repository: {url!r} is not a repository; write owner/name")
    trends = _trends(options.folder, options.hardware, options.baselines)
    parts = [
        {"hardware": name, "charts": [chart.chart(trend) for trend in trends if trend.hardware == name]}
        for name in dict.fromkeys(trend.hardware for trend in trends)
    ]
    size = {
        "width": chart.WIDTH,
        "height": chart.HEIGHT,
        "left": chart.LEFT,
        "right": chart.RIGHT,
        "top": chart.TOP,
        "bottom": chart.BOTTOM,
    }
    page = options.out / PAGE
    try:
        replace_file(page, words.html("history_page", parts=parts, size=size, repository=url).encode())
    except OSError as error:
        raise BadInput(f"{page}: {error.strerror}; choose another --out") from error
    broken = _broken_lines(options.folder, options.hardware)
    print(words.printed("plotted", path=page, charts=len(trends), broken=broken), end="")
    return 0


def _broken_lines(folder: Path, hardware: str | None) -> list[str]:
    """Return where the lines that were looked at cannot be read."""
    from ratchet_bot.data.reading import broken_in, hardware_in

    names = [hardware] if hardware else hardware_in(folder)
    return [place for name in names for place in broken_in(folder, name)]


def _trends(folder: Path, hardware: str | None, baselines: Path | None) -> "list[Trend]":
    """Return the trends of one hardware, or of all when None; with the limits of its baselines, where given.

    Raises:
        BadInput: a file cannot be used, or does not fit to the other options.
    """
    from ratchet_bot.data.baselines import BaselinesRejected
    from ratchet_bot.data.formatting import plain
    from ratchet_bot.data.reading import baselines_from_file, history_from_folder
    from ratchet_bot.judging.trends import trends

    available = _hardware_in(folder)
    if hardware and hardware not in available:
        raise BadInput(f"{folder}: no nights of {plain(hardware)}; there are {plain(', '.join(available))}")
    names = [hardware] if hardware else available
    if baselines and len(names) > 1:
        raise BadInput(f"{baselines}: whose baselines are these? give --hardware, one of {', '.join(names)}")
    file = baselines_from_file(baselines) if baselines else None
    try:
        return [trend for name in names for trend in trends(history_from_folder(folder, name), name, file)]
    except BaselinesRejected as error:
        raise BadInput(f"{baselines}: {error}") from error


def _hardware_in(folder: Path) -> Sequence[str]:
    """Return the kinds of hardware that a checkout has lines of.

    Raises:
        BadInput: there are none.
    """
    from ratchet_bot.data.reading import hardware_in

    names = hardware_in(folder)
    if not names:
        raise BadInput(f"{folder}: there is no history; check out the history branch there")
    return names


def _json_fields(trend: "Trend") -> dict[str, Any]:
    """Return a trend for JSON: numbers with their unit, nights one by one."""
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
                "captured_at": change.line.captured_at,
                "good_sha": change.good_sha,
                "bad_sha": change.line.head_sha,
                "change_ratio": change.change_ratio,
            }
            for change in trend.changes
        ],
        "nights": trend.series,
        "aside": trend.aside,
    }


COMMAND: Final = Command(
    "history",
    "look at the nights: show, exclude, plot",
    _add_arguments,
    _run,
    (
        "git worktree add nights perf-history; perf-ratchet history show 'flux_*' --folder nights",
        "perf-ratchet history plot --folder nights --hardware h100 --baselines h100.json --out page",
        'perf-ratchet history exclude --folder nights --run-id 25963872007 --reason "node 7 was throttled"',
    ),
)
