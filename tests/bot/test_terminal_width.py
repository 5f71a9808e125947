"""What is printed fits a terminal of eighty columns, and is whole lines in a file."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from builders import make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.data import formatting
from ratchet_bot.telling import render, words
from ratchet_profiler.record import ScenarioRecord
from reports import make_report

COLUMNS = 80
LONG = "wan2_1_t2v_1.3b_text_encoder_cpu_offload"
SLOW_STAGE = "QwenImageLayeredBeforeDenoisingStage"


def test_a_row_of_compare_has_eighty_columns_at_most():
    """An id or a stage that is longer than its column has a line of its own above its numbers."""
    stages = {"DenoisingStage": 460.0, SLOW_STAGE: 30.0}
    file = make_baselines({LONG: make_values(stages=stages), "short": make_values()})
    slow = make_request(stages=stages, scale=9.0)
    broken = ScenarioRecord(id="broken", requests=(), error="RuntimeError: out of memory")
    report = make_report((file, make_record(make_scenario(LONG, slow), make_scenario("short"), broken)))
    lines = words.text("compare", report=report, headline=render.headline(report)).splitlines()

    assert [line for line in lines[1:-1] if len(line) > COLUMNS] == []  # the first and the last are sentences
    assert lines[lines.index(LONG) + 1].startswith(" " * 28)
    assert lines[lines.index(f"  {SLOW_STAGE}") + 1].startswith(" " * 29)


def printed(folder: Path, columns: int | None) -> str:
    """Return what `perf-ratchet audit` prints of a file with a mistake: in a terminal, or without one."""
    (folder / "h100.json").write_text(
        make_baselines({"flux": make_values(expected_avg_denoise_ms=132.32)}).text
    )
    command = [sys.executable, "-m", "ratchet_bot", "audit", "h100.json"]
    here = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": here, "COLUMNS": str(columns or COLUMNS)}
    if columns is None:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb") as terminal, os.fdopen(theirs, "wb") as output:
        subprocess.run(command, cwd=folder, env=environment, stdout=output, check=False)
        return os.read(terminal.fileno(), 1 << 16).decode().replace("\r\n", "\n")


def test_long_lines_are_broken_at_words_in_a_terminal_only(tmp_path: Path):
    """The words are the same; what a file or a pipe gets does not hang on anybody's window."""
    shown, whole = printed(tmp_path, COLUMNS), printed(tmp_path, None)

    assert max(map(len, shown.splitlines())) <= COLUMNS < max(map(len, whole.splitlines()))
    assert shown.split() == whole.split()


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("fits as  it is", ["fits as  it is"]),
        (
            "  note: " + "word " * 9 + "end",
            ["  note: word word word word word word", "    word word word end"],
        ),
        ("x" * 50, ["x" * 50]),
        ("", [""]),
    ],
)
def test_a_line_is_broken_at_words(line: str, parts: list[str]):
    """The rest stands further in; a word stays whole, and so does a line that fits."""
    assert formatting.wrapped(f"{line}\n", 40) == "".join(f"{part}\n" for part in parts)
