"""`perf-ratchet ingest`: make a run record of what an engine's own files measured."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ratchet_bot.cli.command import Command, add_format
from ratchet_bot.data import arguments
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.files import bounded_bytes, replace_file

if TYPE_CHECKING:
    from ratchet_bot.engines.readings import Reading


def _add_arguments(parser: argparse.ArgumentParser) -> None:
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
    add_format(parser, "text", "json")


def _run(options: argparse.Namespace) -> int:
    """Write the record of these files, and print what was found in each. Returns 0.

    Raises:
        BadInput: a file cannot be read or holds no measurement, or --out names a file that is not a record;
            nothing is written then.
    """
    from ratchet_profiler.record import record_to_json

    from ratchet_bot.engines.ingest import GivenSource, ingested
    from ratchet_bot.engines.log_files import engine_reading
    from ratchet_bot.telling import words

    _require_replaceable(options.out)
    readings = [engine_reading(file) for file in options.file]
    given = GivenSource(
        hardware=options.hardware,
        scenario=options.scenario,
        run_id=options.run_id,
        head_sha=options.head,
        created_at=options.created_at,
    )
    result = ingested(readings, given)
    _write(options.out, record_to_json(result.record))
    values: dict[str, Any] = {
        "path": str(options.out),
        "hardware": result.record.environment.hardware,
        "source": result.record.source,
        "files": [_summary(reading) for reading in readings],
        "scenarios": {scenario.id: len(scenario.requests) for scenario in result.record.scenarios},
        "notes": result.notes,
    }
    is_json = options.format == "json"
    print(words.to_json(**values) + "\n" if is_json else words.printed("ingest", **values), end="")
    return 0


def _summary(reading: "Reading") -> dict[str, Any]:
    return {
        "file": reading.file,
        "kind": reading.kind,
        "requests": len(reading.requests),
        "refused": reading.refusals,
        "more_refused": reading.more_refusals,
        "other_lines": reading.other_lines,
        "long_lines": reading.long_lines,
    }


def _require_replaceable(out: Path) -> None:
    from ratchet_profiler.record import MAX_RECORD_BYTES, may_give_way

    if out.is_file() and not may_give_way(bounded_bytes(out, MAX_RECORD_BYTES)):
        raise BadInput(f"{out} is not a run record; name another --out")


def _write(path: Path, content: bytes) -> None:
    from ratchet_profiler.record import MAX_RECORD_BYTES

    if len(content) > MAX_RECORD_BYTES:
        raise BadInput(
            f"{path}: the record is larger than {MAX_RECORD_BYTES} bytes; ingest fewer files at once"
        )
    try:
        replace_file(path, content)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; choose another --out") from error


COMMAND: Final = Command(
    "ingest",
    "make a run record of sglang's logs and dumps",
    _add_arguments,
    _run,
    (
        "perf-ratchet ingest ci-log.txt --hardware h100",
        "perf-ratchet ingest performance.log --hardware h100 --scenario flux_image_t2i --out flux.json",
    ),
)
