"""The command line as a person uses it: real processes, exit codes, one line for every mistake."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from audit_cases import measured
from builders import HEAD_SHA, make_baselines, make_record, make_scenario, make_values
from ratchet_bot.__main__ import COMMANDS, EXAMPLES, EXIT_CODES, main
from ratchet_profiler.record import RunRecord, record_to_json

BY_NAME = {"": EXAMPLES, **{command.name: command.examples for command in COMMANDS}}
"""The examples of each command, and of the program itself."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a baseline file and a record that agrees with it."""
    (tmp_path / "h100.json").write_text(make_baselines({"flux": make_values()}).text)
    write(tmp_path / "record.json", make_record(make_scenario()))
    return tmp_path


def write(path: Path, record: RunRecord) -> None:
    """Write a record."""
    path.write_bytes(record_to_json(record))


def ratchet(*arguments: str, folder: Path) -> tuple[int, str, str]:
    """Run the program; return its exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-m", "ratchet_bot", *arguments],
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_audit_of_good_baselines_is_0(files: Path):
    """Nothing wrong is exit code 0, and says how much was looked at."""
    (files / "h100.json").write_text(make_baselines({"flux": measured()}).text)
    assert ratchet("audit", "h100.json", folder=files) == (0, "h100.json: 1 scenario, no finding\n", "")


def test_audit_of_bad_baselines_is_1(files: Path):
    """A finding is exit code 1, and says what would be consistent."""
    (files / "h100.json").write_text(make_baselines({"flux": make_values(expected_avg_denoise_ms=95.0)}).text)
    code, out, _ = ratchet("audit", "h100.json", folder=files)

    assert code == 1
    assert out.splitlines()[0] == (
        "error   flux: mean-mismatch: expected_avg_denoise_ms is 95.00 ms but the mean of its 5 steps is "
        "90.00 ms: set it to 90.00, or replace the whole scenario with the values of one request "
        "(perf-ratchet tighten --replace)"
    )


def test_a_note_is_no_finding_to_fail_for(files: Path):
    """Sampled steps are legitimate: told, and exit code 0."""
    sampled = {**measured(), "denoise_step_ms": {"0": 50.25, "4": 90.13}}
    (files / "h100.json").write_text(make_baselines({"flux": sampled}).text)
    code, out, _ = ratchet("audit", "h100.json", folder=files)

    assert (code, "sampled-steps" in out) == (0, True)


@pytest.mark.parametrize(("scale", "code"), [(1.0, 0), (0.5, 0), (2.0, 1)])
def test_compare_exits_with_the_verdict(files: Path, scale: float, code: int):
    """Faster and unchanged are 0, slower is 1."""
    write(files / "record.json", make_record(make_scenario(scale=scale)))

    assert ratchet("compare", "record.json", "--baselines", "h100.json", folder=files)[0] == code


def test_nothing_measured_is_not_0(files: Path):
    """A record without the scenarios of the baselines is no success."""
    write(files / "record.json", make_record())
    code, out, _ = ratchet("compare", "record.json", "--baselines", "h100.json", folder=files)

    assert (code, out.splitlines()[0]) == (1, "Nothing was compared on h100, so there is no verdict")


def test_compare_as_json(files: Path):
    """JSON carries a version, the verdict and every row with its limit."""
    _, out, _ = ratchet(
        "compare", "record.json", "--baselines", "h100.json", "--format", "json", folder=files
    )
    shown = json.loads(out)

    assert (shown["version"], shown["outcome"]) == (1, "unchanged")
    assert shown["scenarios"][0]["rows"][0] == {
        "field": "expected_e2e_ms",
        "baseline_ms": 560.0,
        "measured_ms": 560.0,
        "limit_ms": 700.0,
        "binds": "tolerance",
        "gates": True,
        "crossed": False,
        "suspicious": False,
        "change_ratio": 0.0,
    }


def test_tighten_changes_nothing_unless_told(files: Path):
    """Without --write a proposal is only shown."""
    write(files / "record.json", make_record(make_scenario(scale=0.5)))
    before = (files / "h100.json").read_bytes()
    code, out, _ = ratchet("tighten", "record.json", "--baselines", "h100.json", folder=files)

    assert code == 0
    assert "1 new baseline proposed; --write saves them to h100.json" in out
    assert '+            "expected_e2e_ms": 280.0,' in out.splitlines()
    assert (files / "h100.json").read_bytes() == before


def test_tighten_writes_what_compare_then_holds_to(files: Path):
    """After --write the faster run is the baseline: it compares as unchanged, and the file audits clean."""
    write(files / "record.json", make_record(make_scenario(scale=0.51)))
    options = ("record.json", "--baselines", "h100.json")

    assert ratchet("tighten", *options, "--write", folder=files)[0] == 0
    assert ratchet("compare", *options, folder=files)[1].startswith("No regression: 1 scenario on h100")
    assert ratchet("audit", "h100.json", folder=files)[0] == 0


def test_tighten_add_makes_a_file(files: Path):
    """Where there is no baseline file, --add --write makes one of the run."""
    options = ("record.json", "--baselines", "new.json")

    assert (
        "written to new.json, a new file" in ratchet("tighten", *options, "--add", "--write", folder=files)[1]
    )
    assert ratchet("compare", *options, folder=files)[0] == 0


def test_tighten_keeps_the_files_mode(files: Path):
    """Writing does not change who may read the file."""
    (files / "h100.json").chmod(0o640)
    write(files / "record.json", make_record(make_scenario(scale=0.5)))
    ratchet("tighten", "record.json", "--baselines", "h100.json", "--write", folder=files)

    assert (files / "h100.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"scenarios": 3}', b"[" * 100_000, b"1e999"]
)
@pytest.mark.parametrize(
    "command",
    [
        ("audit", "bad.json"),
        ("compare", "record.json", "--baselines", "bad.json"),
        ("compare", "bad.json", "--baselines", "h100.json"),
        ("tighten", "record.json", "--baselines", "bad.json", "--add", "--write"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(
    files: Path, content: bytes, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
):
    """Whatever a file holds, a mistake is exit code 2 and one line that names the file."""
    bad = files / "bad.json"
    bad.write_bytes(content)
    before = {path: path.read_bytes() for path in files.iterdir()}
    code = main([str(files / word) if word.endswith(".json") else word for word in command])
    out, err = capsys.readouterr()

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"perf-ratchet: {bad}: ")
    assert {path: path.read_bytes() for path in files.iterdir()} == before


def test_a_missing_file_is_one_line(files: Path):
    """A mistyped name is said with the name."""
    expected = (2, "", "perf-ratchet: h1OO.json: No such file or directory; check the path\n")

    assert ratchet("audit", "h1OO.json", folder=files) == expected


def test_an_unknown_profile_names_the_known_ones(files: Path):
    """A wrong --profile answers with those that the file has."""
    options = ("record.json", "--baselines", "h100.json", "--profile", "nightly")
    code, _, err = ratchet("compare", *options, folder=files)

    assert code == 2
    assert (
        err
        == "perf-ratchet: h100.json: tolerances: there is no profile 'nightly'; it has long_term, pr_test\n"
    )


@pytest.mark.parametrize("word", ["5", "-0.1", "five", "nan"])
def test_a_fraction_is_a_fraction(files: Path, word: str):
    """--min-improvement takes 0.05 for 5 %, and says so."""
    options = ("record.json", "--baselines", "h100.json", "--min-improvement", word)
    code, _, err = ratchet("tighten", *options, folder=files)

    assert code == 2
    assert "is not a fraction from 0 to 1 (write 0.05 for 5 %)" in err


@pytest.mark.parametrize("command", BY_NAME)
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]):
    """--help of every command says what it is for and shows it in use."""
    with pytest.raises(SystemExit) as stopped:
        main([*filter(None, [command]), "--help"])
    out = capsys.readouterr().out

    assert stopped.value.code == 0
    assert all(example in out for example in BY_NAME[command])
    assert EXIT_CODES in out


def test_every_example_is_of_its_command():
    """An example under a command shows that command."""
    for command in COMMANDS:
        shown = {example.split("ratchet ")[1].split()[0] for example in command.examples}

        assert shown == {command.name}


@pytest.mark.parametrize(
    ("option", "word"),
    [("--pull", "-3"), ("--pull", "0"), ("--pull", "seven"), ("--head", "0123abc"), ("--head", "main")],
)
def test_a_pull_request_and_a_commit_are_named_exactly(files: Path, option: str, word: str):
    """A wrong number or a short SHA is refused before anything is posted."""
    options = {"--pull": "7", "--head": HEAD_SHA, option: word}
    code, _, err = ratchet("report", "record.json", *sum(options.items(), ()), folder=files)

    assert (code, repr(word) in err) == (2, True)
    assert not (files / ".perf-ratchet").exists()


def test_a_glob_that_takes_nothing_is_a_mistake(files: Path):
    """A mistyped --scenario is answered with what there is, by every command that has it."""
    options = ("record.json", "--baselines", "h100.json", "--scenario", "fulx*")
    expected = "no scenario matches 'fulx*'; known: flux\n"

    assert ratchet("compare", *options, folder=files) == (2, "", f"perf-ratchet: h100.json: {expected}")
    assert ratchet("tighten", *options, folder=files) == (2, "", f"perf-ratchet: record.json: {expected}")


def test_what_cannot_be_written_is_one_line(files: Path):
    """A place that is no folder is said in one line, and nothing is half written."""
    write(files / "record.json", make_record(make_scenario(scale=0.5)))
    options = ("record.json", "--baselines", "h100.json/new.json", "--add", "--write")
    code, out, err = ratchet("tighten", *options, folder=files)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "h100.json" in err


def test_a_reader_may_stop_reading(files: Path):
    """`perf-ratchet audit ... | head` ends quietly."""
    scenarios = {f"s{index}": make_values(expected_avg_denoise_ms=1.0) for index in range(2000)}
    (files / "h100.json").write_text(make_baselines(scenarios).text)
    command = f"{sys.executable} -m ratchet_bot audit h100.json | head -n 1"
    done = subprocess.run(command, cwd=files, shell=True, text=True, capture_output=True, check=False)  # noqa: S602 - a pipe

    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_report_writes_into_a_folder(files: Path):
    """Without --repository the comment and the check of a pull request are files."""
    (files / ".github").mkdir()
    (files / ".github/perf-ratchet.yml").write_text("hardware: {h100: {baselines: h100.json}}\n")
    code, out, _ = ratchet("report", "record.json", "--pull", "7", "--head", HEAD_SHA, folder=files)

    assert code == 0
    assert out.splitlines()[0] == "No regression: 1 scenario on h100 within its limits"
    assert (files / ".perf-ratchet/pulls/7/comment.md").read_text().startswith("<!-- perf-ratchet:report -->")


def test_report_needs_a_token_for_github(files: Path, monkeypatch: pytest.MonkeyPatch):
    """Without a token nothing is tried, and the line says what to pass."""
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    options = ("record.json", "--pull", "7", "--head", HEAD_SHA, "--repository", "octo/demo")
    code, _, err = ratchet("report", *options, folder=files)

    assert (code, err) == (
        2,
        "perf-ratchet: GITHUB_TOKEN is not set: pass it to the step\n",
    )


def test_report_knows_its_hardware(files: Path):
    """A record of hardware that the configuration does not have is refused with the nearest name."""
    (files / "perf.yml").write_text("hardware: {h200: {baselines: h100.json}}\n")
    options = ("record.json", "--pull", "7", "--head", HEAD_SHA, "--config", "perf.yml")
    code, _, err = ratchet("report", *options, folder=files)

    assert (code, err) == (2, "perf-ratchet: perf.yml: hardware: there is no 'h100'; did you mean 'h200'?\n")


def test_a_mistake_of_ours_is_no_verdict(files: Path, monkeypatch: pytest.MonkeyPatch):
    """An error that nobody foresaw is shown whole, and is not exit code 1, which says regression."""
    monkeypatch.setattr("ratchet_bot.judging.audit.audit", None)

    assert main(["audit", str(files / "h100.json")]) == 2


def test_an_option_is_written_whole(files: Path):
    """A half-typed option is a mistake: it could be meant for another one."""
    code, _, err = ratchet("compare", "record.json", "--baseline", "h100.json", folder=files)

    assert (code, "unrecognized arguments: --baseline; did you mean --baselines?" in err) == (2, True)
