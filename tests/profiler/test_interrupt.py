"""Ctrl-C during `ratchet-profiler run`: what was finished is kept, a record is not replaced by nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ratchet_profiler.__main__ import main
from ratchet_profiler.appending import NOT_RUN
from ratchet_profiler.record import record_from_json

ENGINE = """
import signal

calls = []

def request(profiler):
    calls.append(1)
    with profiler.stage("DenoisingStage"):
        if len(calls) == interrupted_call:
            signal.raise_signal(signal.SIGINT)
"""
LOADING = "import signal\nsignal.raise_signal(signal.SIGINT)\n"
SCENARIOS = "".join(
    f'[scenario.{name}]\nsource = "callable"\ncall = "interrupted_engine:request"\n'
    for name in ("one", "two")
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current directory: two scenarios, each of a warm-up and two requests."""
    (tmp_path / "my.toml").write_text(SCENARIOS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, code: str, *options: str) -> int:
    """Measure with an engine of this code, imported anew."""
    monkeypatch.delitem(sys.modules, "interrupted_engine", raising=False)
    Path("interrupted_engine.py").write_text(code)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    return main(["run", "--scenarios", "my.toml", "--repeats", "2", "--out", "r.json", *options])


def interrupted_at(call: int) -> str:
    return f"interrupted_call = {call}\n{ENGINE}"


def found() -> list[tuple[str, int, str | None]]:
    record = record_from_json(Path("r.json").read_bytes())
    return [(one.id, len(one.requests), one.error) for one in record.scenarios]


@pytest.mark.usefixtures("folder")
def test_what_was_finished_is_written_and_valid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Ctrl-C in the second measured request: the first one is there, and no error."""
    assert run(monkeypatch, interrupted_at(3)) == 130
    assert capsys.readouterr().out == "interrupted: wrote r.json with what was finished\n"
    assert found() == [("one", 2, None), ("two", 0, NOT_RUN)]


def test_what_was_not_run_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """However many scenarios come after the one that Ctrl-C ended."""
    others = SCENARIOS + SCENARIOS.replace(".one]", ".three]").replace(".two]", ".four]")
    (folder / "my.toml").write_text(others)

    assert run(monkeypatch, interrupted_at(3)) == 130

    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("one: ")
    assert rest == ["interrupted: 3 of 4 scenarios were not run"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("code", [LOADING, interrupted_at(1), interrupted_at(2)])
def test_a_record_is_not_replaced_by_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str
):
    """While the engine is imported, in the warm-up, in the first request: the file stays byte for byte."""
    assert run(monkeypatch, interrupted_at(0)) == 0
    before = Path("r.json").read_bytes()
    capsys.readouterr()

    assert run(monkeypatch, code) == 130

    assert capsys.readouterr().out == "interrupted; r.json keeps what it had\n"
    assert Path("r.json").read_bytes() == before


@pytest.mark.usefixtures("folder")
def test_without_a_record_none_is_made(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """An empty record would be a file that says nothing."""
    assert run(monkeypatch, LOADING) == 130
    assert capsys.readouterr().out == "interrupted; nothing was finished, r.json is not written\n"
    assert not Path("r.json").exists()


@pytest.mark.usefixtures("folder")
def test_requests_appended_before_the_interrupt_are_kept(monkeypatch: pytest.MonkeyPatch):
    """The scenarios that were good stay good: what did not run again takes nothing from them."""
    assert run(monkeypatch, interrupted_at(0)) == 0
    assert run(monkeypatch, interrupted_at(3), "--append") == 130
    assert found() == [("one", 5, None), ("two", 3, None)]


def test_an_interrupt_before_anything_is_measured_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """While the command looks at what it is given: no traceback."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ratchet_profiler.cli.inputs.chosen_scenarios", interrupt)
    assert main(["run"]) == 130
    assert capsys.readouterr() == ("", "ratchet-profiler: interrupted\n")


def test_an_interrupt_while_the_command_is_imported_ends_at_once():
    """The compiled half of pydantic answers a KeyboardInterrupt with a panic: the system ends the program."""
    code = (
        "import signal, sys\nfrom ratchet_profiler.__main__ import main\n"
        "class Interrupting:\n    def find_spec(self, name, *_):\n"
        "        signal.raise_signal(signal.SIGINT) if name == 'pydantic' else None\n"
        "sys.meta_path.insert(0, Interrupting())\nmain(['list'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")
