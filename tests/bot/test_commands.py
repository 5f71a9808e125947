import re
from pathlib import Path

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_bot.data.commands import (
    MAX_GLOBS,
    TIGHTEN,
    USAGE,
    Command,
    NotUnderstood,
    PerfHelp,
    PerfStatus,
    TightenBaselines,
    command_in,
)

TOP = Path(__file__).parents[2]


def refused(body: str) -> str:
    command = command_in(body)
    assert isinstance(command, NotUnderstood)
    return command.reason


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/tighten-baselines", TightenBaselines()),
        ("/tighten-baselines flux_* wan2_1", TightenBaselines(globs=("flux_*", "wan2_1"))),
        ("/tighten-baselines `flux_*`", TightenBaselines(globs=("flux_*",))),
        ("/tighten-baselines [fw]an*", TightenBaselines(globs=("[fw]an*",))),
        ("/tighten-baselines --hardware h100", TightenBaselines(hardware="h100")),
        ("/tighten-baselines --hardware=h100", TightenBaselines(hardware="h100")),
        ("/tighten-baselines --from-run 25963872007", TightenBaselines(from_run=25_963_872_007)),
        ("/tighten-baselines --dry-run", TightenBaselines(dry_run=True)),
        (
            "/tighten-baselines a --dry-run b --from-run 7 --hardware ascend",
            TightenBaselines(globs=("a", "b"), hardware="ascend", from_run=7, dry_run=True),
        ),
        ("/perf-status", PerfStatus()),
        ("/perf-help", PerfHelp()),
    ],
)
def test_each_command_is_understood(body: str, expected: Command):
    """The grammar of the three commands, with its options in any order."""
    assert command_in(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "/perf-status",
        "  /perf-status  ",
        "/PERF-Status",
        "Thanks!\n\n/perf-status\n\nCheers",
        "Thanks!\r\n/perf-status\r\nCheers",
        "```\ncode\n```\n/perf-status",
        "> a quote\n\n/perf-status",
        "- ```\n  code\n  ```\n\n/perf-status",
        "<!-- template -->\n/perf-status",
        "<!-- a\nb -->\n/perf-status",
        "<pre>x</pre>\n/perf-status",
        "`<!--` is how a comment begins, `-->` how it ends\n/perf-status",
    ],
)
def test_a_command_is_a_line_of_its_own_anywhere(body: str):
    """What stands before and after it, and how it is spelled, does not matter."""
    assert command_in(body) == PerfStatus()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "Try /perf-status",
        "`/perf-status`",
        "> /perf-status",
        "> > /perf-status",
        "> quoted\n/perf-status",
        "```\n/perf-status\n```",
        "````\n```\n/perf-status\n````",
        "~~~ text\n/perf-status",
        "   ```\n/perf-status\n    ```",
        "    /perf-status",
        "\t/perf-status",
        "<!-- /perf-status -->",
        "<!--\n/perf-status\n-->",
        "text <!-- \n/perf-status\n-->",
        "<pre>\n/perf-status\n</pre>",
        "<script>\n/perf-status",
        "- /perf-status",
        "``\n/perf-status\n``",
        "```\ntext```\n/perf-status",
        "- ```\n  /perf-status\n  ```",
        " \t/perf-status",
        "- > text\n/perf-status",
        "`a\n/perf-status` b",
        "x\x0b/perf-status",
        "x\u2028/perf-status",
    ],
)
def test_what_is_quoted_or_code_asks_for_nothing(body: str):
    """Quotes, code, HTML comments and mere mentions are not commands."""
    assert command_in(body) is None


@pytest.mark.parametrize(
    "body",
    [
        "/retest",
        "/lgtm",
        "/rerun",
        "/tighten",
        "/perf",
        "/perf-test",
        "//perf-status",
        "/help",
        "/",
    ],
)
def test_other_bots_commands_are_met_with_silence(body: str):
    """What is not ours, or only a little like ours, is not answered."""
    assert command_in(body) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("/tighten-baseline", "there is no command /tighten-baseline; did you mean /tighten-baselines?"),
        ("/perf-stats", "there is no command /perf-stats; did you mean /perf-status?"),
        ("/perf_status", "there is no command /perf_status; did you mean /perf-status?"),
        ("/perf-status now", "/perf-status takes no arguments"),
        ("/tighten-baselines --dryrun", "--dryrun is not an option or a scenario; did you mean --dry-run?"),
        (
            "/tighten-baselines --hardwar=h100",
            "--hardwar=h100 is not an option or a scenario; did you mean --hardware?",
        ),
        (
            "/tighten-baselines \u2014dry-run",
            "\u2014dry-run is not an option or a scenario; did you mean --dry-run?",
        ),
        ("/tighten-baselines $(id)", "$(id) is not an option or a scenario"),
        ("/tighten-baselines ${{github.token}}", "${{github.token}} is not an option or a scenario"),
        ("/tighten-baselines ../../etc", "../../etc is not an option or a scenario"),
        ("/tighten-baselines --hardware", "--hardware needs the name of a configured hardware, such as h100"),
        (
            "/tighten-baselines --hardware ;id",
            "--hardware needs the name of a configured hardware, such as h100",
        ),
        (
            "/tighten-baselines --from-run latest",
            "--from-run needs the number of a run, which ends its address: 25963872007",
        ),
        (
            "/tighten-baselines --from-run " + "9" * 300,
            "--from-run needs the number of a run, which ends its address: 25963872007",
        ),
        ("/tighten-baselines --hardware a --hardware b", "--hardware is given twice"),
        ("/tighten-baselines --dry-run --dry-run", "--dry-run is given twice"),
        ("/tighten-baselines " + "a " * (MAX_GLOBS + 1), "at most 32 globs are allowed; use one with a star"),
        ("/tighten-baselines " + "a" * 1000, "a command has at most 1,000 characters"),
        ("/perf-status\n/tighten-baselines", "a comment gives one command, and this one gives 2"),
    ],
)
def test_what_is_wrong_is_said(body: str, reason: str):
    """An argument that is not taken is named, with what may have been meant; nothing is guessed."""
    assert refused(body) == reason


@given(st.text(alphabet=st.sampled_from("/perf-status`~>< !\n\t\r-") | st.characters(), max_size=200))
def test_any_comment_is_a_command_or_none(body: str):
    """No text raises, and what is understood begins a line of the comment."""
    command = command_in(body)
    assert command is None or any(word in body.lower() for word in ("/tighten-b", "/perf-s", "/perf-h"))


@given(
    st.lists(st.from_regex(r"[A-Za-z0-9*][A-Za-z0-9._*-]{0,20}", fullmatch=True), max_size=5),
    st.none() | st.from_regex(r"[a-z0-9]{1,10}", fullmatch=True),
    st.none() | st.integers(1, 10**11),
    st.booleans(),
)
def test_a_command_that_is_written_is_read_back(
    globs: list[str],
    hardware: str | None,
    run: int | None,
    dry: bool,  # noqa: FBT001 - drawn
):
    """Whatever is asked in the documented form is what is understood."""
    words = [TIGHTEN, *globs]
    words += ["--hardware", hardware] if hardware else []
    words += ["--from-run", str(run)] if run else []
    words += ["--dry-run"] if dry else []

    assert command_in(" ".join(words)) == TightenBaselines(tuple(globs), hardware, run, dry)


PIECES = (
    "/perf-status",
    "```",
    "~~~",
    "````",
    "> ",
    "    ",
    "\t",
    "<!--",
    "-->",
    "text",
    "- ",
    "1. ",
    "`",
    "``",
    " ",
)


@settings(derandomize=True)  # fences that end an item of a list by less indentation are not followed
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join), max_size=6))
def test_what_is_understood_is_what_a_reader_sees(lines: list[str]):
    """By GitHub's own parser: a command stands at the beginning of a line of plain text."""
    body = "\n".join(lines)
    html = str(cmarkgfm.github_flavored_markdown_to_html(body, options=Options.CMARK_OPT_UNSAFE))
    plain = re.sub(r"<(pre|code|blockquote)\b[^>]*>.*?</\1>", " ", html, flags=re.DOTALL)
    seen = [re.sub(r"<[^>]+>", "", line).strip() for line in plain.split("\n")]

    assert command_in(body) is None or any(line.startswith("/perf-status") for line in seen)


def test_usage_names_each_command():
    """What is told to a person is what is understood."""
    assert [command_in(word) for word in USAGE] == [TightenBaselines(), PerfStatus(), PerfHelp()]


@pytest.mark.parametrize("command", USAGE)
def test_a_command_is_known_wherever_it_is_named(command: str):
    """The workflow starts its job for it; the help, each report and the reference show it."""
    workflow = (TOP / ".github/workflows/slash.yml").read_text()
    starts = re.findall(r"contains\(github\.event\.comment\.body, '([^']+)'\)", workflow)
    assert any(start in command for start in starts)
    assert f'usage["{command}"]' in (TOP / "templates/answer_help.md.j2").read_text()
    for place in ("templates/footer.md.j2", "docs/slash-commands.md"):
        assert command in (TOP / place).read_text(), place
