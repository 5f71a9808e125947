"""What the README promises, the code keeps."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ratchet_bot.__main__ import COMMANDS, main
from ratchet_bot.data.settings_file import settings_from_yaml
from ratchet_bot.data.terms import MIN_IMPROVEMENT
from ratchet_bot.judging import audit, limits, proposals
from ratchet_bot.judging.verdicts import Verdict
from ratchet_bot.telling import words
from ratchet_profiler.__main__ import main as profiler
from ratchet_profiler.scenarios import scenarios_from_toml

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def table(heading: str) -> list[str]:
    """Return the first column of the table under a heading."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [name.strip("` ") for name in re.findall(r"^\| ([^|]+) \|", section, flags=re.MULTILINE)[2:]]


def test_every_rule_is_explained():
    """The table of rules has the rules of the code, in their order."""
    assert table("What the audit finds") == [rule.name for rule in audit.RULES]


def test_every_verdict_is_explained():
    """The table of verdicts has the verdicts of the code, in their order."""
    assert table("How a verdict is reached") == [str(verdict) for verdict in Verdict]


def test_the_numbers_are_those_of_the_code():
    """Every limit that the README states is the constant of that name."""
    section = " ".join(README.split("## How a verdict is reached\n")[1].split())

    assert f"{limits.TOP_LEVEL_PAD_MS:.0f} ms for end to end, average, median and a sampled step" in section
    assert f"{limits.FIRST_STEP_PAD_MS:.0f} ms for step 0" in section
    assert f"{limits.VIDEO_STEP_PAD_MS:.0f} ms for a step of a video" in section
    assert f"{limits.STAGE_PAD_MS:.0f} ms for a stage" in section
    assert f"{limits.DECODING_PAD_MS:.0f} ms for decoding" in section
    assert f"end to end fell by at least {MIN_IMPROVEMENT:.0%}".replace("%", " %") in section
    assert f"{proposals.SLACK_RATIO * 100:.0f} % and {proposals.SLACK_MS:.0f} ms" in section


def test_every_command_is_in_the_table():
    """The table has the commands of `perf-ratchet`, in the order of its --help, and then the profiler."""
    named = re.findall(r"^\| `((?:perf-)?ratchet[a-z -]*)` \|", README, flags=re.MULTILINE)

    assert named == [*(f"perf-ratchet {command.name}" for command in COMMANDS), "ratchet-profiler"]


def test_the_commands_come_in_an_order_that_works():
    """What needs a configuration comes after `perf-ratchet init`, which writes one."""
    shown = README.split("## Use it\n")[1]

    assert 0 < shown.index("\nperf-ratchet init ") < shown.index("\nperf-ratchet report ")


def test_the_formats_are_those_of_the_commands(capsys: pytest.CaptureFixture[str]):
    """What `--format` takes, by command, as the --help of each has it; no other command has it."""
    stated = re.search(r"`--format` takes (.+?)\.\n", README, flags=re.DOTALL)
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


def test_the_configuration_is_valid():
    """The example of a configuration file is one."""
    example = re.search(r"```yaml\n(.+?)```", README, flags=re.DOTALL)

    assert example
    assert settings_from_yaml(example[1]).hardware["h100"].baselines == ".github/perf-baselines/h100.json"


def test_the_scenarios_are_valid():
    """The example of a scenario file is one."""
    example = re.search(r"```toml\n(.+?)```", README, flags=re.DOTALL)

    assert example
    assert [one.source for one in scenarios_from_toml(example[1], "README.md")] == ["diffusers", "served"]


def test_the_comment_is_one_of_ours():
    """The comment in the README has the parts that a comment of today has."""
    comment = README.split("<!-- comment -->")[1].split("<!-- /comment -->")[0]
    template = (words.TEMPLATES / "tables.md.j2").read_text("utf-8")
    heads = re.findall(r"^\| (?:scenario|faster) \|.+$", comment, flags=re.MULTILINE)

    assert heads
    assert all(head in template for head in heads)
    assert "Slower than the baseline allows: 1 of 3 scenarios on cpu." in comment
