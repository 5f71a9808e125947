"""`ratchet`: the command line. Reads arguments, calls one handler, turns errors into exit codes."""

import argparse
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bot import arguments
from bot.errors import BadInput
from bot.examples import EXAMPLES, EXIT_CODES
from bot.hub import HubRefused

CANNOT: Final = 2
INTERRUPTED: Final = 130
"""What a shell gives for Ctrl-C."""
FORMATS: Final = ("text", "json", "markdown")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    Args:
        arguments: The words after the program's name; those of the process when None.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        code = command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (BadInput, HubRefused) as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"{error.filename or 'a file'}: {error.strerror or error}; check the path")
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - a mistake of ours must not read as a verdict, which exit code 1 is
        traceback.print_exc()
        return CANNOT
    return code


def _refused(reason: str) -> int:
    """Say in one line why a command could not do its work; return the exit code."""
    print("ratchet:", "".join(letter if letter.isprintable() else " " for letter in reason), file=sys.stderr)
    return CANNOT


def _audit(options: argparse.Namespace) -> int:
    from bot.handlers import audit

    return audit.run(options.baselines, options.format)


def _compare(options: argparse.Namespace) -> int:
    from bot.handlers import compare

    return compare.run(
        options.record,
        options.baselines,
        profile=options.profile,
        scenarios=options.scenario,
        form=options.format,
    )


def _tighten(options: argparse.Namespace) -> int:
    from bot.handlers import tighten

    return tighten.run(
        options.record,
        options.baselines,
        min_improvement=options.min_improvement,
        scenarios=options.scenario,
        add=options.add,
        write=options.write,
        form=options.format,
    )


def _report(options: argparse.Namespace) -> int:
    from bot.handlers import report

    token = os.environ.get("GITHUB_TOKEN", "")
    hub = report.hub(options.repository, token, os.environ.get("GITHUB_API_URL"), options.local)
    return report.run(options.record, options.config, hub, pull=options.pull, head_sha=options.head)


def _ingest(options: argparse.Namespace) -> int:
    from bot.handlers import ingest

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


def _plan(options: argparse.Namespace) -> int:
    from bot.handlers import plan

    return plan.run(options.baselines, options.shards, scenarios=options.scenario, form=options.format)


def _demo(options: argparse.Namespace) -> int:
    from bot.handlers import demo

    return demo.run(options.folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ratchet",
        description="Keep the performance baselines of a diffusion-inference engine honest and tight.",
        epilog=_epilog(""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], what: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            allow_abbrev=False,  # an option half typed is a mistake, not another option
            help=what,
            description=what,
            epilog=_epilog(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(command=run)
        return added

    _audit_arguments(command("audit", _audit, "say what is wrong with a baseline file"))
    _compare_arguments(command("compare", _compare, "judge a run against its baselines"))
    _tighten_arguments(command("tighten", _tighten, "propose tighter baselines, and write them"))
    _report_arguments(command("report", _report, "post the comment and the check of a pull request"))
    _ingest_arguments(command("ingest", _ingest, "make a run record of sglang's logs and dumps"))
    _plan_arguments(command("plan", _plan, "distribute scenarios over runners"))
    _demo_arguments(command("demo", _demo, "watch it work: a regression caught, a baseline tightened"))
    return parser


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("baselines", type=Path, metavar="BASELINES", help="a baseline file")
    _format_argument(parser)


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    _run_arguments(parser)
    parser.add_argument("--profile", default="pr_test", help="tolerances to use (default: %(default)s)")
    _format_argument(parser)


def _tighten_arguments(parser: argparse.ArgumentParser) -> None:
    _run_arguments(parser)
    parser.add_argument(
        "--min-improvement",
        type=arguments.fraction,
        default=0.05,
        metavar="FRACTION",
        help="by how much end to end must fall (default: %(default)s)",
    )
    parser.add_argument(
        "--add",
        action="store_true",
        help="also propose baselines for scenarios that have none; makes the file if it is missing",
    )
    parser.add_argument("--write", action="store_true", help="put the proposals into the baseline file")
    _format_argument(parser)


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", type=Path, nargs="+", metavar="RECORD", help="a run record per hardware")
    parser.add_argument(
        "--pull", type=arguments.pull_number, required=True, metavar="NUMBER", help="the pull request"
    )
    parser.add_argument(
        "--head", type=arguments.full_sha, required=True, metavar="SHA", help="the commit that was profiled"
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(".github/perf-ratchet.yml"),
        help="which hardware has which baseline file (default: %(default)s)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--repository", metavar="OWNER/NAME", help="post on GitHub, with the token in GITHUB_TOKEN"
    )
    where.add_argument(
        "--local",
        type=Path,
        default=Path(".perf-ratchet"),
        metavar="FOLDER",
        help="write into a folder instead (default: %(default)s)",
    )


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


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("baselines", type=Path, metavar="BASELINES", help="a baseline file")
    parser.add_argument(
        "--shards", type=arguments.shard_count, required=True, metavar="N", help="at most this many"
    )
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only these (default: all)")
    parser.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="github: a line for $GITHUB_OUTPUT (default: %(default)s)",
    )


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, default=Path(".demo"), help="everything happens in here (default: %(default)s)"
    )


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", type=Path, metavar="RECORD", help="a run record, from ratchet-profiler run")
    parser.add_argument("--baselines", type=Path, required=True, metavar="FILE", help="the baseline file")
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only these (default: all)")


def _format_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")


def _epilog(command: str) -> str:
    examples = "\n".join(f"  {example}" for example in EXAMPLES[command])
    return f"{EXIT_CODES}\n\nexamples:\n{examples}"


if __name__ == "__main__":
    sys.exit(main())
