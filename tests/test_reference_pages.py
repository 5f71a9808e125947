"""The reference pages are made of the code, and what stands beside that is true."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from from_code import MARK, PARTS, page, values_taken
from ratchet_bot.__main__ import COMMANDS, main
from ratchet_bot.data.baselines import ScenarioBaseline, baselines_from_text
from ratchet_bot.data.settings import Settings
from ratchet_bot.data.settings_file import settings_from_yaml
from ratchet_profiler.__main__ import main as profiler
from ratchet_profiler.record import RunRecord

DOCS = Path(__file__).parent.parent / "docs"
ACTIONS = {
    "perf-ratchet history": ("show", "exclude", "plot"),
    "ratchet-profiler": ("run", "list", "show", "bench", "schema"),
}


def text_of(name: str) -> str:
    """Return a page as it is written."""
    return (DOCS / name).read_text("utf-8")


def test_every_part_has_a_place():
    """What is made of the code is on a page, and a page asks for nothing else."""
    marks = [mark for path in DOCS.glob("*.md") for mark in MARK.findall(path.read_text("utf-8"))]

    assert sorted(marks) == sorted(PARTS)


def test_a_mark_of_nothing_is_an_error():
    """A mistyped mark does not leave a hole in a page."""
    with pytest.raises(KeyError, match="runrecord"):
        page("<!-- from code: runrecord -->")


def test_every_command_has_its_help():
    """The page has a section for each command and each of its actions, with its usage."""
    made = page(text_of("commands.md"))
    named = [f"perf-ratchet {command.name}" for command in COMMANDS]
    named += [f"{name} {action}" for name, actions in ACTIONS.items() for action in actions]

    assert [
        name for name in named if not re.search(rf"^#+ {name}\n\n```text\nusage: {name} ", made, re.MULTILINE)
    ] == []


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("configuration.md", Settings.model_fields),
        ("record.md", RunRecord.model_fields),
        ("baselines.md", ScenarioBaseline.model_fields),
    ],
)
def test_every_key_is_in_a_table(name: str, fields: dict[str, object]):
    """The fields of the whole are rows of its page."""
    rows = re.findall(r"^\| `(\w+)` \|", page(text_of(name)), flags=re.MULTILINE)

    assert set(fields) <= set(rows)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 1000}, "whole number, at least 1, at most 1,000"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or null"),
        ({"enum": ["always", "never"]}, "`always`, `never`"),
        ({"type": "array", "items": {"$ref": "#/$defs/Waiver"}}, "list of [Waiver](#waiver)"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object; each value: number"),
        ({}, "any value"),
    ],
)
def test_a_schema_is_said_in_words(schema: dict[str, object], words: str):
    """What a value may be reads as English."""
    assert values_taken(schema) == words


def test_the_configuration_is_valid():
    """The example of a configuration file is one."""
    example = re.search(r"```yaml\n(.+?)```", text_of("configuration.md"), flags=re.DOTALL)

    assert example
    settings = settings_from_yaml(example[1])
    assert settings.hardware["h100"].baselines == ".github/perf-baselines/h100.json"
    assert [waiver.rule for waiver in settings.waivers] == ["unguarded"]


def test_the_baseline_file_is_one():
    """The example is read, and guards its scenario."""
    example = re.search(r"```json\n(.+?)```", text_of("baselines.md"), flags=re.DOTALL)

    assert example
    json.loads(example[1])
    flux = baselines_from_text(example[1]).scenarios["flux_image_t2i"]
    assert (flux.guards, flux.provenance is not None) == (True, True)


def test_the_commands_come_in_an_order_that_works():
    """What needs a configuration comes after `perf-ratchet init`, which writes one."""
    shown = text_of("getting-started.md")

    assert 0 < shown.index("\nperf-ratchet init ") < shown.index("\nperf-ratchet report ")


def test_the_formats_are_those_of_the_commands(capsys: pytest.CaptureFixture[str]):
    """What `--format` takes, by command, as the --help of each has it; no other command has it."""
    stated = re.search(r"`--format` takes (.+?)\.\n", text_of("commands.md"), flags=re.DOTALL)
    assert stated
    formats: dict[str, str] = {}
    for clause in " ".join(stated[1].split()).split("; "):
        choices, commands = clause.split(" with ")
        words = ",".join(re.findall("`(.+?)`", choices))
        formats |= {name.removeprefix("perf-ratchet "): words for name in re.findall("`(.+?)`", commands)}
    bot = [command.name for command in COMMANDS if command.name != "history"]
    bot += [f"history {action}" for action in ("show", "exclude", "plot")]
    offered = {name: offered_formats(main, name, capsys) for name in bot}
    for name in ("run", "list", "show", "bench", "schema"):
        offered[f"ratchet-profiler {name}"] = offered_formats(profiler, name, capsys)

    assert formats == {name: words for name, words in offered.items() if words}


def offered_formats(
    program: Callable[[list[str]], int], command: str, capsys: pytest.CaptureFixture[str]
) -> str:
    """Return what --format takes by the help of a command, "" where there is no such option."""
    with pytest.raises(SystemExit, match="0"):
        program([*command.split(), "--help"])
    offered = re.search(r"--format \{(.+?)\}", capsys.readouterr().out)
    return offered[1] if offered else ""
