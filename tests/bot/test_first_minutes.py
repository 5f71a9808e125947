"""What somebody meets who has not read the manual: mistakes of the first minutes, each answered in a line."""

from importlib.metadata import version
from pathlib import Path

import pytest
from builders import HEAD_SHA, make_baselines, make_record, make_scenario, make_values
from ratchet_bot import __main__ as ratchet
from ratchet_profiler import __main__ as profiler
from ratchet_profiler.record import record_to_json


def test_without_a_configuration_the_line_says_who_writes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Whoever reports before `perf-ratchet init` is sent there."""
    (tmp_path / "record.json").write_bytes(record_to_json(make_record(make_scenario())))
    monkeypatch.chdir(tmp_path)

    assert ratchet.main(["report", "record.json", "--pull", "7", "--head", HEAD_SHA]) == 2
    assert capsys.readouterr().err == (
        "perf-ratchet: .github/perf-ratchet.yml: No such file or directory; "
        "check the path, or perf-ratchet init writes one\n"
    )


@pytest.mark.parametrize(
    ("word", "hint"), [("adit", "did you mean audit?"), ("frobnicate", "see perf-ratchet --help")]
)
def test_a_mistyped_command_is_one_line(word: str, hint: str, capsys: pytest.CaptureFixture[str]):
    """The nearest command, or where they are listed; no list of all."""
    with pytest.raises(SystemExit, match="2"):
        ratchet.main([word, "--format", "json"])

    assert capsys.readouterr().err == f"perf-ratchet: there is no command {word!r}; {hint}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["history", "shw"], "perf-ratchet history: there is no action 'shw'; did you mean show?"),
        (
            ["history", "look"],
            "perf-ratchet history: there is no action 'look'; see perf-ratchet history --help",
        ),
        (["audit", "--format", "jsn"], "perf-ratchet audit: there is no format 'jsn'; did you mean json?"),
        (
            ["audit", "--format", "pdf"],
            "perf-ratchet audit: there is no format 'pdf'; it is one of text, json, markdown",
        ),
    ],
)
def test_a_mistyped_choice_is_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    """As a mistyped command is: the nearest one, or what there is."""
    with pytest.raises(SystemExit, match="2"):
        ratchet.main(words)

    assert capsys.readouterr().err == f"{said}\n"


@pytest.mark.parametrize(
    ("words", "usage", "hint"),
    [
        (
            ["doctor", "--fromat", "json"],
            "usage: perf-ratchet doctor [-h] ",
            "--fromat; did you mean --format?",
        ),
        (["doctor", "--fromat=json"], "usage: perf-ratchet doctor [-h] ", "--fromat; did you mean --format?"),
        (
            ["history", "show", "*", "--fodler", "x"],
            "usage: perf-ratchet history show [-h] ",
            "--fodler; did you mean --folder?",
        ),
        (
            ["compare", "record.json", "--baselnes", "h100.json"],
            "usage: perf-ratchet compare [-h] ",
            "--baselnes; did you mean --baselines?",
        ),
        (["audit", "h100.json", "--quiet"], "usage: perf-ratchet audit [-h] ", "--quiet"),
        (["audit", "h100.json", "-x"], "usage: perf-ratchet audit [-h] ", "-x"),
        (["audit", "h100.json", "--\x1b[2J\n"], "usage: perf-ratchet audit [-h] ", r"--\x1b[2J\n"),
        (["audit", "h100.json", "-\x1b[2J\u202e"], "usage: perf-ratchet audit [-h] ", r"-\x1b[2J\u202e"),
        (["--verison"], "usage: perf-ratchet [-h] ", "--verison; did you mean --version?"),
    ],
)
def test_an_unknown_option_is_told_before_what_is_missing(
    words: list[str], usage: str, hint: str, capsys: pytest.CaptureFixture[str]
):
    """With the option that is like it and the usage of its command, not that of the program."""
    with pytest.raises(SystemExit, match="2"):
        ratchet.main(words)
    err = capsys.readouterr().err

    assert err.startswith(usage)
    assert err.endswith(f"error: unrecognized arguments: {hint}\n")


@pytest.mark.parametrize(("program", "name"), [(ratchet, "perf-ratchet"), (profiler, "ratchet-profiler")])
def test_each_program_tells_its_version(program: object, name: str, capsys: pytest.CaptureFixture[str]):
    """That of the package that is installed."""
    with pytest.raises(SystemExit) as stopped:
        program.main(["--version"])  # type: ignore[attr-defined]

    assert (stopped.value.code, capsys.readouterr().out) == (0, f"{name} {version('perf-ratchet')}\n")


def test_a_baseline_file_is_told_from_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """`ratchet-profiler show` of baselines names what reads them."""
    file = tmp_path / "h100.json"
    file.write_text(make_baselines({"flux": make_values()}).text)

    assert profiler.main(["show", str(file)]) == 2
    assert capsys.readouterr().err == (
        f"ratchet-profiler: {file}: a baseline file, not a run record; perf-ratchet audit {file}\n"
    )
