"""Every command that reads a file, on files that are none of ours: exit code 2, and one line."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hostile_corpus import (
    HUGE_BASELINES,
    HUGE_RECORDS,
    NO_BASELINES,
    NO_JSON,
    NO_RECORD,
    STRANGE,
    baselines,
    filled,
    record,
)
from ratchet_bot.__main__ import main

CPU_S = 2
"""Seconds of CPU for one file. Chosen: on a busy machine 30 MiB take up to half a second, and took 15."""
MEMORY_BYTES = 1536 * 2**20
"""Bytes of the whole process. Chosen: half of what a hostile record of 30 MiB used to take."""
MOST_OUTPUT = 500_000
"""Characters. Chosen: a thousand scenarios with two findings each, as JSON."""

READERS_OF_BASELINES = {
    "audit": ("audit", "hostile"),
    "audit against": ("audit", "good.json", "--against", "hostile"),
    "compare": ("compare", "record.json", "--baselines", "hostile"),
    "tighten": ("tighten", "record.json", "--baselines", "hostile"),
    "tighten --add": ("tighten", "record.json", "--baselines", "hostile", "--add", "--write"),
    "plan": ("plan", "hostile", "--shards", "2"),
}
READERS_OF_RECORDS = {
    "audit --records": ("audit", "good.json", "--records", "hostile"),
    "compare": ("compare", "hostile", "--baselines", "good.json"),
    "tighten": ("tighten", "hostile", "--baselines", "good.json", "--write"),
}
READERS_OF_LOGS = {"ingest": ("ingest", "hostile", "--hardware", "h100", "--scenario", "a")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, with a record and a baseline file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "record.json").write_bytes(record())
    (tmp_path / "good.json").write_bytes(baselines())
    return tmp_path


@pytest.fixture
def refuse(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[tuple[str, ...], bytes], None]:
    """Return a check that a command refuses a file in one line, and writes nothing."""

    def check(arguments: tuple[str, ...], content: bytes) -> None:
        (folder / "hostile").write_bytes(content)
        code = main(arguments)
        told = capsys.readouterr()
        assert (code, told.out) == (2, "")
        [line] = told.err.splitlines()
        assert line.startswith("perf-ratchet: hostile: ")
        assert line.isprintable()
        assert len(line) < 700
        assert sorted(file.name for file in folder.iterdir()) == ["good.json", "hostile", "record.json"]
        assert (folder / "hostile").read_bytes() == content
        assert (folder / "good.json").read_bytes() == baselines()

    return check


@pytest.mark.parametrize("content", [*NO_JSON, *NO_BASELINES])
def test_what_is_no_baseline_file_is_refused(content: str, refuse: Callable[[tuple[str, ...], bytes], None]):
    """Whatever is wrong with it, and whichever command reads it."""
    for arguments in READERS_OF_BASELINES.values():
        refuse(arguments, {**NO_JSON, **NO_BASELINES}[content])


@pytest.mark.parametrize("content", [*NO_JSON, *NO_RECORD])
def test_what_is_no_record_is_refused(content: str, refuse: Callable[[tuple[str, ...], bytes], None]):
    """The same for a record."""
    for arguments in READERS_OF_RECORDS.values():
        refuse(arguments, {**NO_JSON, **NO_RECORD}[content])


@pytest.mark.parametrize("content", [*NO_JSON, *NO_BASELINES])
def test_what_is_no_log_is_refused(content: str, refuse: Callable[[tuple[str, ...], bytes], None]):
    """A log may hold anything; where nothing in it is a request, that is said."""
    for arguments in READERS_OF_LOGS.values():
        refuse(arguments, {**NO_JSON, **NO_BASELINES}[content])


@pytest.mark.parametrize("content", STRANGE)
def test_strange_values_get_a_verdict(content: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    """No value crashes a command or floods a reader, and nothing of a file reaches the terminal raw."""
    for arguments in READERS_OF_BASELINES.values():
        for form in ("text", "json", "github" if "plan" in arguments else "markdown"):
            (folder / "hostile").write_bytes(STRANGE[content])
            code = main((*arguments, "--format", form))
            told = capsys.readouterr()
            assert told.err.count("\n") == int(code == 2), told.err
            assert len(told.out) < MOST_OUTPUT
            assert "\x1b" not in told.out + told.err


def bounded(*arguments: str, files: Mapping[str, tuple[str, str, str, int]], folder: Path) -> dict[str, str]:
    """Return what a command says of each of these huge files, all in one process within `LIMITS` each."""
    for number, parts in enumerate(files.values()):
        (folder / f"hostile{number}").write_bytes(filled(*parts))
    names = [f"hostile{number}" for number in range(len(files))]
    done = subprocess.run(
        [sys.executable, "-c", EACH_BOUNDED, str(CPU_S), str(MEMORY_BYTES), ",".join(names), *arguments],
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
    )
    return dict(zip(files, done.stderr.splitlines(), strict=False))


EACH_BOUNDED = """
import resource, sys, time
from ratchet_bot.__main__ import main
seconds, memory, names, *arguments = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
for name in names.split(","):
    spent = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (spent + int(seconds), resource.RLIM_INFINITY))
    assert main([name if word == "hostile" else word for word in arguments]) == 2
"""


def test_a_huge_baseline_file_costs_little(folder: Path):
    """Millions of anything are refused before they are all built, or listed."""
    told = bounded(*READERS_OF_BASELINES["tighten"], files=HUGE_BASELINES, folder=folder)
    assert [*told] == [*HUGE_BASELINES]
    assert all(line.startswith("perf-ratchet: hostile") for line in told.values()), told


def test_a_huge_record_costs_little(folder: Path):
    """The same for a record: 30 MiB of unknown keys took 15 s and 3.5 GB."""
    told = bounded(*READERS_OF_RECORDS["compare"], files=HUGE_RECORDS, folder=folder)
    assert [*told] == [*HUGE_RECORDS]
    assert all(line.startswith("perf-ratchet: hostile") for line in told.values()), told


@pytest.mark.parametrize("greedy", ["'x' * 2**31", "[0 for _ in iter(int, 1)]"])
def test_the_limits_are_real(greedy: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """A process that wants more does not get it, and then what it was about is not told."""
    monkeypatch.setattr(
        sys.modules[__name__], "EACH_BOUNDED", EACH_BOUNDED.replace("assert", f"{greedy}; assert")
    )
    told = bounded(*READERS_OF_RECORDS["compare"], files={"a": (" ", " ", "{}", 0)}, folder=folder)
    assert not told.get("a", "").startswith("perf-ratchet: hostile")
